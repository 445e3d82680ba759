from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.signal import Dashboard, Unit
from dashboards.model import Board, Kind, Panel, Query, Row, Source, Threshold, Thresholds

UP = Query("up", "{{job}}")
WHOLE = Panel(
    key="a:b",
    title="Targets",
    description="Whether each target answers.",
    kind=Kind.TIME_SERIES,
    unit=Unit.NUMBER,
    queries=(UP,),
    width=24,
)
NOTE = Panel(
    key="a:note",
    title="Note",
    description="What stands here.",
    kind=Kind.TEXT,
    width=24,
    content="Words.",
)


def board(*rows: Row) -> Board:
    return Board(Dashboard.CACHE, "Cache", "What is cached.", ("redis",), rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"description": ""}, "a description in sentences"),
        ({"description": "No full stop"}, "a description in sentences"),
        ({"title": ""}, "a title"),
        ({"key": ""}, "a key"),
        ({"unit": None}, "a panel of values has a unit"),
        ({"queries": ()}, "a timeseries needs a query"),
        ({"width": 25}, "between 1 and 24 columns wide"),
        ({"width": 0}, "between 1 and 24 columns wide"),
        ({"height": 0}, "not flat"),
    ],
)
def test_a_panel_that_a_reader_could_not_use_is_refused(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(WHOLE, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": Unit.NUMBER}, "one of words has none"),
        ({"queries": (UP,)}, "a text or alert list has none"),
        ({"content": ""}, "say what it shows"),
    ],
)
def test_a_text_that_says_nothing_or_has_values_is_refused(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        replace(NOTE, **change)  # type: ignore[arg-type]


def test_a_query_without_expression_or_legend_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an expression"):
        Query(" ", "x")
    with pytest.raises(ValueError, match="name its series"):
        Query("up", "")
    assert Query('{job="x"}', "", source=Source.LOKI).legend == ""


def test_thresholds_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="must lie above the one before"):
        Thresholds(steps=(Threshold(2.0, "red"), Threshold(1.0, "orange")))


def test_panels_side_by_side_fill_the_grid_and_are_equally_high() -> None:
    half = replace(WHOLE, width=12)
    with pytest.raises(ValueError, match="a:b: 12 columns side by side, and there are 24"):
        Row("", (half,))
    with pytest.raises(ValueError, match="a:b, a:c: side by side, but of different heights"):
        Row("", (half, replace(half, key="a:c", height=5)))
    row = Row("", (half, replace(half, key="a:c"), WHOLE))
    assert [len(line) for line in row.lines()] == [2, 1]


def test_two_panels_of_one_id_are_refused_and_the_id_moves_with_its_panel() -> None:
    other = replace(WHOLE, key="a:other")
    with pytest.raises(ValueError, match="cache: a:b and a:b have one id"):
        board(Row("", (WHOLE,)), Row("More", (WHOLE,)))
    first, last = board(Row("", (WHOLE, other))), board(Row("", (other, WHOLE)))
    assert {p.key: p.id for p in first.panels} == {p.key: p.id for p in last.panels}


def test_a_board_without_a_description_is_refused() -> None:
    with pytest.raises(ValueError, match="and a description"):
        Board(Dashboard.CACHE, "Cache", "", ("redis",), (Row("", (WHOLE,)),))
