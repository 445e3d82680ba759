"""The load gate as a step of somebody's workflow: what it says, leaves and exits with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.workflows.playing import Played, Runner, inputs_of
from tests.workflows.reading import GITHUB, read

ACTION = read(GITHUB / "actions" / "load-gate" / "action.yml")
# That the environment is there is what `make` is for; it is not made anew here.
STEPS = [step for step in ACTION["runs"]["steps"] if not step["name"].startswith("Install")]
NOBODY = "http://127.0.0.1:1"
# So little that one short load decides it.
RULES = """
version: 1
rules:
  - id: answered
    reason: Somebody is there.
    over: run
    measure: {kind: fraction, operation: POST /api/swipes, under: 10 s}
    limit: {at_least: {fail: 20 %}}
"""


def play(kit: Path, tmp_path: Path, **given: str) -> Played:
    workspace, temporary = tmp_path / "workspace", tmp_path / "temp"
    workspace.mkdir(exist_ok=True)
    temporary.mkdir(exist_ok=True)
    runner = Runner(kit, workspace, temporary)
    return runner.play(STEPS, inputs_of(ACTION, **given), "load-gate")


def test_a_host_that_nobody_answers_at_fails_the_gate(kit: Path, tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "accounts.txt").write_text("a@example.org\n")
    played = play(
        kit,
        tmp_path,
        host=NOBODY,
        prometheus_url=NOBODY,
        accounts="accounts.txt",
        sessions="1",
        password="of-the-accounts",
        prometheus_token="of-prometheus",
    )
    assert played.code == 2
    assert NOBODY in played.said
    assert "of-the-accounts" not in played.said
    assert "of-prometheus" not in played.said
    assert played.outputs["decision"] == "undecided"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"prometheus_url": NOBODY}, "Missing option '--host'"),
        ({"host": NOBODY}, "Missing option '--prometheus-url'"),
        ({"scenario": "swipe-hot-pth"}, "'swipe-hot-pth' is not one of"),
        ({"rules": "gone.yml"}, "workspace/gone.yml' does not exist"),
        ({"waivers": "gone.yml"}, "workspace/gone.yml' does not exist"),
        ({"slos": "swipe-availability swipe-speed"}, "swipe-speed"),
        ({"seconds": "$(touch broken)"}, "'$(touch broken)' is not a valid integer"),
        ({"slos": "--once"}, "--once"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_a_gate_that_is_set_up_wrongly_fails(
    given: dict[str, str], said: str, kit: Path, tmp_path: Path
) -> None:
    played = play(kit, tmp_path, **given)
    assert played.code == 2
    assert said in " ".join(played.said.split())
    assert played.outputs["decision"] == "undecided"


def test_rules_are_those_of_the_workspace_and_every_problem_is_told(
    kit: Path, tmp_path: Path
) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "rules.yml").write_text("version: 1\nruls: []\n")
    played = play(kit, tmp_path, rules="rules.yml")
    assert played.code == 2
    assert f"{tmp_path}/workspace/rules.yml:2" in played.said


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_rehearsal_is_told_as_its_report_decides(kit: Path, tmp_path: Path) -> None:
    # A module of the workspace that is called like one of the kit's is not taken for it.
    (tmp_path / "workspace" / "app").mkdir(parents=True)
    (tmp_path / "workspace" / "app" / "__init__.py").write_text("raise SystemExit(0)\n")
    (tmp_path / "workspace" / "rules.yml").write_text(RULES)
    small = {"shape": "smoke", "rate": "20", "seconds": "5", "sessions": "5"}
    played = play(kit, tmp_path, **small, rules="rules.yml", slos="swipe-availability")
    report = json.loads(Path(played.outputs["out"], "report.json").read_text())
    assert {ruling["rule"] for ruling in report["rulings"]} == {"answered", "swipe-availability"}
    assert played.outputs["decision"] == report["decision"], played.said
    assert played.code == report["exit_code"]
    assert report["decision"] in played.summary.lower()
