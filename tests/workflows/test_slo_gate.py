"""The production gate as a step of a workflow, against a real Prometheus and against none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.slo.conftest import Counters
from tests.workflows.playing import Played, Runner, inputs_of
from tests.workflows.reading import GITHUB, read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.slo.conftest import Serve

ACTION = read(GITHUB / "actions" / "slo-gate" / "action.yml")
STEPS = [step for step in ACTION["runs"]["steps"] if not step["name"].startswith("Install")]
NOBODY = "http://127.0.0.1:1"
MINUTES = 180
POLICY = """
version: 1
bands:
  - {name: enough, left: {above: 20 %}, allows: [feature, reliability, security, rollback]}
  - {name: little, left: {to: 20 %}, allows: [security, rollback]}
fast_burn: {allows: [reliability, security, rollback]}
data: {newest_at_most: 1h, history_at_least: 1h, younger: undecided, minimum_events: 100}
"""


def play(kit: Path, tmp_path: Path, **given: str) -> Played:
    (tmp_path / "policy.yaml").write_text(POLICY)
    runner = Runner(kit, tmp_path, tmp_path)
    asked = {"policy": "policy.yaml", "slos": "swipe-availability", "change": "feature"} | given
    return runner.play(STEPS, inputs_of(ACTION, **asked), "slo-gate")


def served(serve: Serve, bad: int) -> str:
    """Serve the three hours until now, whose first ones had so many failures a minute."""
    counters, begin = Counters(), datetime.now(UTC) - timedelta(minutes=MINUTES)
    counters.grow(begin, [1000] * MINUTES)
    counters.grow(begin, [0, *[bad] * 30, *[0] * (MINUTES - 31)], status="500")
    return serve(counters.history)


@pytest.mark.parametrize(
    ("bad", "change", "code", "decision"),
    [(0, "feature", 0, "allow"), (50, "feature", 1, "block"), (50, "rollback", 0, "allow")],
)
def test_what_ships_is_what_the_policy_lets(
    bad: int, change: str, code: int, decision: str, serve: Serve, kit: Path, tmp_path: Path
) -> None:
    played = play(kit, tmp_path, prometheus_url=served(serve, bad), change=change)
    assert (played.code, played.outputs["decision"]) == (code, decision), played.said


def test_a_prometheus_that_is_away_ships_nothing(kit: Path, tmp_path: Path) -> None:
    token = "of-prometheus"
    played = play(kit, tmp_path, prometheus_url=NOBODY, prometheus_token=token, change="rollback")
    assert played.code == 3
    assert played.outputs["decision"] == "undecided"
    assert token not in played.said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"change": ""}, "'' is not one of 'feature'"),
        ({"prometheus_url": ""}, "address"),
        ({"policy": "gone.yaml"}, "gone.yaml"),
        ({"slos": "swipe-speed"}, "swipe-speed"),
        ({"prometheus_header": "mimir"}, "X-Scope-OrgID=petswipe"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_gate_that_is_set_up_wrongly_ships_nothing(
    given: dict[str, str], said: str, kit: Path, tmp_path: Path
) -> None:
    played = play(kit, tmp_path, **{"prometheus_url": NOBODY} | given)
    assert played.code == 2, played.said
    assert said in played.said
    assert played.outputs["decision"] == "undecided"


def test_the_kits_own_policy_is_taken_when_none_is_named(kit: Path, tmp_path: Path) -> None:
    played = play(kit, tmp_path, prometheus_url=NOBODY, policy="", change="rollback")
    assert played.code == 3
    assert "not reachable" in played.said
