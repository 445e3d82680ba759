"""All checks together: over the boards of this repository, and over a folder that is not right."""

from __future__ import annotations

import importlib
import json
import pkgutil
import time
from typing import TYPE_CHECKING, Any

import pytest

import dashboards.checks
from dashboards.checks.loaded import ROOT
from dashboards.checks.registry import CHECKS, listing, run
from tests.dashboards.checks.drawn import PANEL, changed, drawn

if TYPE_CHECKING:
    from pathlib import Path

GENERATED = ROOT / "dashboards" / "generated"
LINTER_RULES = 17
# What Grafana's linter does not have.
OURS = {f"dashboards/{name}" for name in ("schema", "series", "guarded", "described", "linked")}
MOST_SECONDS = 5.0


def test_the_committed_boards_pass_every_check_in_time() -> None:
    start = time.process_time()
    assert [str(problem) for problem in run(GENERATED)] == []
    assert time.process_time() - start < MOST_SECONDS


def test_every_check_is_registered_once_under_the_name_of_its_file() -> None:
    listed = list(listing())
    ids = {name for name, _ in listed}
    assert len(ids) == len(listed) == len(CHECKS) == LINTER_RULES + len(OURS)
    assert len(ids - OURS) == LINTER_RULES
    for name, holds in listed:
        assert holds.endswith(".")
        assert not holds.startswith(name), "the first line of the module is `id: what holds.`"
    files = {name.removeprefix("dashboards/").removesuffix("-rule") for name in ids}
    modules = [each.name for each in pkgutil.iter_modules(dashboards.checks.__path__)]
    loaded = [importlib.import_module(f"dashboards.checks.{name}") for name in modules]
    checks = [name for name, each in zip(modules, loaded, strict=True) if hasattr(each, "ID")]
    assert {name.replace("_", "-") for name in checks} == files


def test_problems_come_with_their_check_and_place(tmp_path: Path) -> None:
    folder = drawn(tmp_path, changed((("editable",), True))).folder
    (found,) = run(folder, tmp_path)
    assert str(found) == (
        f"{folder / 'board-0.json'} $.editable: can be edited: set editable to false "
        "[dashboards/uneditable-dashboard-rule]"
    )


def test_panels_inside_a_collapsed_row_are_checked_too(tmp_path: Path) -> None:
    board = changed()
    hidden = board["panels"].pop() | {"description": ""}
    row = {"id": 9, "type": "row", "title": "More", "collapsed": True, "panels": [hidden]}
    board["panels"].append(row)
    found = run(drawn(tmp_path, board).folder, tmp_path)
    assert any("$.panels[1].panels[0].description" in problem.where for problem in found)


@pytest.mark.parametrize(
    "path",
    [
        ("annotations",),
        ("panels",),
        ("templating",),
        ("templating", "list", 1, "current"),
        (*PANEL, "datasource"),
        (*PANEL, "fieldConfig"),
        (*PANEL, "fieldConfig", "defaults"),
        (*PANEL, "fieldConfig", "defaults", "thresholds"),
        (*PANEL, "fieldConfig", "overrides"),
        (*PANEL, "links"),
        (*PANEL, "targets"),
        (*PANEL, "targets", 0, "datasource"),
    ],
)
@pytest.mark.parametrize("value", [None, "text", 7, [[]], {"list": 1}])
def test_a_value_of_any_type_anywhere_is_a_problem_and_no_crash(
    path: tuple[str | int, ...], value: Any, tmp_path: Path
) -> None:
    found = run(drawn(tmp_path, changed((path, value))).folder, tmp_path)
    assert "dashboards/schema" in {problem.check for problem in found}


def test_what_is_no_board_and_a_folder_without_any_are_no_pass(tmp_path: Path) -> None:
    folder = drawn(tmp_path).folder
    (folder / "cut.json").write_text('{"uid": ')
    (folder / "list.json").write_text(json.dumps([]))
    cut, other = (problem for problem in run(folder, tmp_path) if "json" in problem.where)
    assert cut.message.startswith("not readable: ")
    assert other.message == "no dashboard: not a JSON object"
    empty = tmp_path / "empty"
    empty.mkdir()
    found = run(empty, tmp_path)
    assert found[0].message == "no dashboard here: run `python -m dashboards build`"
