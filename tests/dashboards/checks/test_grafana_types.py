"""The types themselves: closed, complete for what boards have, and strict on each committed key."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from dashboards.checks import schema
from dashboards.checks.grafana_types import SCHEMA, names, node, violations
from dashboards.checks.loaded import ROOT, Board, Loaded, load
from dashboards.checks.units import is_unit, units
from dashboards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.checks.loaded import Panel

Path_ = tuple[str | int, ...]
# What the types leave open: maps by names of our own, and what has a type of its own elsewhere.
VARIABLE = "dashboard.templating.list"
OPEN = {
    *(f"{VARIABLE}.{key}.properties" for key in ("current", "options", "staticOptions")),
    f"{VARIABLE}.query",
    "dashboard.panels",
    "fieldDefaults.custom",
    "fieldDefaults.mappings.options",
    "panel.fieldConfig.defaults",
    "panel.options",
    "panel.targets",
    "row.panels",
    *(f"transformers.organize.{verb}ByName" for verb in ("exclude", "include", "index", "rename")),
}


def test_the_schema_is_one_and_closed_but_where_it_must_be_open() -> None:
    document = json.loads(SCHEMA.read_text())
    Draft7Validator.check_schema(document)
    assert set(_open(document, "")) == OPEN


def _open(schema: dict[str, Any], at: str) -> Iterator[str]:
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        yield at
    for key, value in schema.get("properties", {}).items():
        yield from _open(value, f"{at}.{key}".strip("."))
    inner = [schema["items"]] if "items" in schema else []
    for each in (*inner, *schema.get("anyOf", ())):
        yield from _open(each, at)


def test_the_schema_knows_every_kind_of_panel_and_query_that_a_board_can_have() -> None:
    assert set(names("plugins")) == {kind.value for kind in Kind}
    assert set(names("queries")) == {"loki", "prometheus"}
    assert node("plugins", "graph") is None


# Names that are ours to give: fields, and values that a mapping is for.
FREE = {"options", "excludeByName", "indexByName", "renameByName"}


@pytest.mark.parametrize("kind", list(Kind))
def test_no_key_of_a_committed_panel_could_be_misspelt_or_have_another_type(kind: Kind) -> None:
    boards = load(ROOT / "dashboards" / "generated").boards
    panel = next(panel for board in boards for panel in board.panels if panel.kind == kind)
    for path in list(_paths(panel.document)):
        above, last = path[:-1], path[-1]
        free = above and above[-1] in FREE and (last.isdigit() or above[-1] != "options")
        value = _at(panel.document, path)
        wrong = {"wrong": 1} if isinstance(value, list) else [[]]
        assert free or _refused(panel, above, {f"{last}x": value}, last), path
        assert _refused(panel, above, {last: wrong}, last), path


def _refused(panel: Panel, above: Path_, put: dict[str, Any], instead_of: str) -> bool:
    document = deepcopy(panel.document)
    place = _at(document, above)
    del place[instead_of]
    place.update(put)
    board = Board(panel.board.path, {**panel.board.document, "panels": [document]})
    return any(schema.check(Loaded(ROOT, ROOT, (board,), ())))


def _at(document: Any, path: Path_) -> Any:
    for key in path:
        document = document[key]
    return document


def _paths(found: Any, at: Path_ = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(found, dict):
        for key, value in found.items():
            yield (*at, key)
            yield from _paths(value, (*at, key))
    elif isinstance(found, list):
        for index, value in enumerate(found):
            yield from _paths(value, (*at, index))


def test_asking_for_a_type_that_is_not_there_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(LookupError, match=r"plugins\.graph"):
        list(violations({}, "plugins", "graph"))
    with pytest.raises(LookupError, match="panels"):
        names("panels")


def test_units_are_those_of_grafana_and_the_forms_for_ones_own() -> None:
    assert {"s", "h", "d", "reqps", "percentunit", "currencyUSD"} <= units()
    assert is_unit("suffix:pets")
    assert not is_unit("suffix:")
    assert not is_unit("seconds")
