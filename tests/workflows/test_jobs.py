"""The scripts of jobs themselves: the one that asks for all, and the walk of the canary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.workflows.playing import Played, Runner
from tests.workflows.reading import GITHUB, read

if TYPE_CHECKING:
    from pathlib import Path

CI, RELEASE = (read(GITHUB / "workflows" / f"{name}.yml") for name in ("ci", "release"))
RESULTS = "join(needs.*.result, ' ')"
NOBODY = "http://127.0.0.1:1"
WALK = [step for step in RELEASE["jobs"]["canary"]["steps"] if "slo canary" in step.get("run", "")]
SETTINGS = {
    "inputs.version": "2.0",
    "inputs.stable": "1.9",
    "inputs.change == 'rollback' && '100' || '5,10,25,50,100'": "5,10,25,50,100",
    "vars.PROMETHEUS_URL": NOBODY,
    "secrets.CANARY_WEBHOOK_URL": NOBODY,
    "secrets.CANARY_WEBHOOK_SECRET": "of the webhook, long enough",
}


@pytest.mark.parametrize(
    ("results", "passes"),
    [
        ("success success", True),
        ("success failure success", False),
        ("success skipped", False),
        ("cancelled success", False),
        ("", False),
    ],
)
def test_all_have_passed_when_each_has(results: str, passes: bool, tmp_path: Path) -> None:
    played = Runner(tmp_path, tmp_path, tmp_path).play(
        CI["jobs"]["all"]["steps"], {RESULTS: results}
    )
    assert (played.code == 0) is passes


def walk(kit: Path, tmp_path: Path, **changed: str) -> Played:
    settings = SETTINGS | {name.replace("_", ".", 1): value for name, value in changed.items()}
    return Runner(kit, kit, tmp_path).play(WALK, settings)


@pytest.mark.parametrize("version", ['2.0",job="x', "", "2.0\nx", "$(touch broken)", "-2"])
def test_a_version_that_would_change_the_query_ends_the_release(
    version: str, kit: Path, tmp_path: Path
) -> None:
    for name in ("inputs_version", "inputs_stable"):
        played = walk(kit, tmp_path, **{name: version})
        assert played.code == 2
        assert "a version is letters" in played.said


def test_a_walk_without_its_secret_does_not_begin(kit: Path, tmp_path: Path) -> None:
    played = walk(kit, tmp_path, secrets_CANARY_WEBHOOK_SECRET="")
    assert played.code == 2
    assert "is empty" in played.said


def test_a_prometheus_that_is_away_promotes_nothing(kit: Path, tmp_path: Path) -> None:
    played = walk(kit, tmp_path)
    assert played.code == 3
    assert "not reachable" in played.said
    assert "of the webhook" not in played.said
