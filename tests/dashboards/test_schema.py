"""Grafana's own types: what they accept, and everything near it that they refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from grafanalib import core
from grafanalib._gen import DashboardEncoder

from dashboards.checks import schema
from tests.dashboards.checks.drawn import GONE, PANEL, changed, drawn, said, with_logs

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = (*PANEL, "fieldConfig")
OPTIONS = (*PANEL, "options")
TARGET = (*PANEL, "targets", 0)


def test_a_board_as_grafana_saves_it_is_accepted(tmp_path: Path) -> None:
    properties = [
        {"id": "unit", "value": "reqps"},
        {"id": "max", "value": None},
        {"id": "custom.thresholdsStyle", "value": {"mode": "line"}},
    ]
    override = {"matcher": {"id": "byFrameRefID", "options": "A"}, "properties": properties}
    row = {"id": 3, "type": "row", "title": "More", "collapsed": True, "panels": []}
    board = changed(((*FIELDS, "overrides"), [override]), (("panels", 2), row))
    assert said(schema, drawn(tmp_path, board, with_logs('{job="a"}'))) == []


@pytest.mark.parametrize(
    ("path", "value", "at", "message"),
    [
        (("schemaVersion",), 12, "$.schemaVersion", "12 is not right: one of 42"),
        (("uid",), GONE, "$", "uid is missing"),
        (("rows",), [], "$.rows", "no such key here"),
        (("refresh",), 15, "$.refresh", "15 is not right: a value of type string"),
        ((*PANEL, "type"), GONE, "$.panels[0]", "type is missing"),
        ((*PANEL, "type"), "graph", "$.panels[0]", "no panel of ours is a 'graph'"),
        ((*PANEL, "span"), 6, "$.panels[0].span", "no such key here"),
        ((*PANEL, "gridPos", "h"), "8", "$.panels[0].gridPos.h", "a value of type number"),
        ((*OPTIONS, "legned"), {}, "$.panels[0].options.legned", "legend is meant?"),
        ((*OPTIONS, "legend", "showLegend"), GONE, "$.panels[0].options.legend", "showLegend is m"),
        (
            (*OPTIONS, "tooltip", "mode"),
            "all",
            "$.panels[0].options.tooltip.mode",
            '"all" is not right: one of "multi", "none", "single"',
        ),
        (
            (*FIELDS, "defaults", "thresholds", "steps", 0, "value"),
            "null",
            "$.panels[0].fieldConfig.defaults.thresholds.steps[0].value",
            '"null" is not right: a value of type number or null',
        ),
        (
            (*FIELDS, "defaults", "custom", "drawStyle"),
            "lines",
            "$.panels[0].fieldConfig.defaults.custom.drawStyle",
            '"lines" is not right: one of "bars", "line", "points"',
        ),
        (
            (*FIELDS, "defaults", "custom", "lineWith"),
            1,
            "$.panels[0].fieldConfig.defaults.custom.lineWith",
            "lineWidth is meant?",
        ),
        (
            (*FIELDS, "defaults", "mappings"),
            [{"type": "value", "options": {"0": {"txt": "down"}}}],
            "$.panels[0].fieldConfig.defaults.mappings[0].options['0'].txt",
            "text is meant?",
        ),
        ((*TARGET, "expression"), "up", "$.panels[0].targets[0].expression", "no such key here"),
        ((*TARGET, "refId"), GONE, "$.panels[0].targets[0]", "refId is missing"),
        ((*TARGET, "format"), "table ", "$.panels[0].targets[0].format", 'one of "time_series"'),
        (
            (*TARGET, "datasource"),
            {"type": "graphite", "uid": "x"},
            "$.panels[0].targets[0]",
            "no query of ours is of type 'graphite': loki, prometheus",
        ),
        (
            ("annotations", "list", 0, "expr"),
            "up",
            "$.annotations.list[0].expr",
            "no such key here",
        ),
        (
            ("templating", "list", 1, "hide"),
            9,
            "$.templating.list[1].hide",
            "9 is not right: one of 0, 1, 2, 3",
        ),
    ],
)
def test_what_grafana_does_not_know_is_found_with_its_place(
    path: tuple[str | int, ...], value: Any, at: str, message: str, tmp_path: Path
) -> None:
    (found,) = schema.check(drawn(tmp_path, changed((path, value))))
    assert found.where.endswith(f".json {at}")
    assert message in found.message


@pytest.mark.parametrize(
    ("prop", "message"),
    [
        ({"id": "unti", "value": "s"}, "a timeseries has no property 'unti' to override"),
        ({"id": "custom", "value": {}}, "a timeseries has no property 'custom' to override"),
        ({"id": "custom.width", "value": 9}, "a timeseries has no property 'custom.width'"),
        ({"id": "custom.lineWidth", "value": "1"}, '"1" is not right: a value of type number'),
        ({"id": "color", "value": {"mode": "gray"}}, '"gray" is not right: one of "continuous'),
    ],
)
def test_what_an_override_puts_in_place_of_a_default_has_its_type(
    prop: dict[str, Any], message: str, tmp_path: Path
) -> None:
    override = {"matcher": {"id": "byName", "options": "all"}, "properties": [prop]}
    (found,) = said(schema, drawn(tmp_path, changed(((*FIELDS, "overrides"), [override]))))
    assert message in found


@pytest.mark.parametrize(
    ("transformation", "message"),
    [
        ({"id": "sort", "options": {}}, "'sort' is none of our transformers: configFromData"),
        ({"id": "merge", "options": {"by": "job"}}, "no such key here, nor any other"),
        ({"id": "organize", "options": {"excludeByName": {"Time": 1}}}, "1 is not right: a value"),
    ],
)
def test_a_transformation_has_the_options_of_its_kind(
    transformation: dict[str, Any], message: str, tmp_path: Path
) -> None:
    board = changed(((*PANEL, "transformations"), [transformation]))
    (found,) = said(schema, drawn(tmp_path, board))
    assert message in found


@pytest.mark.parametrize(
    ("matcher", "message"),
    [
        ({"id": "byFrameRefId", "options": "A"}, "byFrameRefID is meant?"),
        ({"id": "byName"}, "null is not right: a value of type string"),
    ],
)
def test_an_override_says_which_fields_it_is_for(
    matcher: dict[str, Any], message: str, tmp_path: Path
) -> None:
    override = {"matcher": matcher, "properties": []}
    (found,) = said(schema, drawn(tmp_path, changed(((*FIELDS, "overrides"), [override]))))
    assert message in found


def test_options_of_another_kind_of_panel_are_refused(tmp_path: Path) -> None:
    found = said(schema, drawn(tmp_path, changed(((*PANEL, "type"), "stat"))))
    assert any("colorMode is missing" in message for message in found)
    assert any("tooltip" not in message and "no such key here" in message for message in found)
    assert any("nor any other" in message for message in found), "a stat has no custom fields"


def test_the_raw_output_of_grafanalib_is_refused(tmp_path: Path) -> None:
    dashboard = core.Dashboard(
        title="Old",
        uid="old",
        panels=[
            core.TimeSeries(title="Rate", dataSource="prometheus", targets=[core.Target("up")]),
            core.GaugePanel(title="Share", dataSource="prometheus"),
        ],
    ).auto_panel_ids()
    document = json.loads(json.dumps(dashboard.to_json_data(), cls=DashboardEncoder))
    places = {
        problem.where.partition(" ")[2] for problem in schema.check(drawn(tmp_path, document))
    }
    assert {"$.rows", "$.schemaVersion", "$.panels[0].span", "$.panels[1].options"} <= places
    assert "$.panels[1].fieldConfig.defaults.thresholds.steps[0].value" in places, "'null'"


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (schema, test_what_grafana_does_not_know_is_found_with_its_place),
]
ACCEPTED = [
    (schema, test_a_board_as_grafana_saves_it_is_accepted),
]
