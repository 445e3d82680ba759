from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from slo.canary.plan import Plan
from slo.canary.population import read_population
from slo.canary.state import Phase, State, StateError, StateFile, new_state

if TYPE_CHECKING:
    from pathlib import Path

PLAN = Plan(read_population('version="2.0"'), read_population('version="1.9"'))
STATE = State("abc", 2, Phase.MEASURING, 1_700_000_000.5, 12.25, ("because", "of it"))


@pytest.fixture
def file(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path / "state.json", PLAN)


def test_a_state_is_read_as_it_was_written(file: StateFile) -> None:
    assert file.read() is None
    file.write(STATE)
    assert file.read() == STATE
    assert [path.name for path in file.path.parent.iterdir()] == ["state.json"]


def test_a_state_of_another_plan_is_refused_with_what_is_different(file: StateFile) -> None:
    file.write(STATE)
    other = replace(PLAN, canary=read_population('version="2.1"'), minimum=10)
    with pytest.raises(StateError, match=r'canary was version="2\.0", minimum was 2000'):
        StateFile(file.path, other).read()
    assert file.read() == STATE


@pytest.mark.parametrize(
    "change",
    [
        {"step": 5},
        {"step": -1},
        {"step": "2"},
        {"phase": "lost"},
        {"spent": -1},
        {"spent": None},
        {"reasons": None},
        {"more": 1},
    ],
)
def test_a_damaged_state_is_refused(file: StateFile, change: dict[str, Any]) -> None:
    file.write(STATE)
    document = json.loads(file.path.read_text())
    document["state"] |= change
    file.path.write_text(json.dumps(document))
    with pytest.raises(StateError, match="damaged"):
        file.read()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": 2}', "\xff"])
def test_what_is_no_state_is_refused_and_kept(file: StateFile, text: str) -> None:
    file.path.write_bytes(text.encode("latin-1"))
    with pytest.raises(StateError, match="state"):
        file.read()
    assert file.path.read_bytes() == text.encode("latin-1")


def test_two_walks_never_use_one_state(file: StateFile) -> None:
    other = StateFile(file.path, PLAN)
    with file.alone(), pytest.raises(StateError, match="another walk"), other.alone():
        pass
    with other.alone():
        pass


def test_a_state_in_a_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(StateError, match="cannot be written"),
        StateFile(tmp_path / "none" / "state.json", PLAN).alone(),
    ):
        pass


def test_every_walk_has_an_id_of_its_own() -> None:
    assert new_state().walk != new_state().walk
