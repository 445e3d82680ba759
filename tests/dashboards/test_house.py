from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from alerts.signal import Dashboard
from dashboards.model import Kind
from dashboards.registry import BOARDS
from dashboards.shapes import SCHEMA_VERSION
from tests.dashboards.documents import DOCUMENTS, PANELS, panel_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
# What grafanalib writes for Grafana 6 and before, and Grafana has given up since.
GIVEN_UP = {
    *("__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style", "version"),
    *("cacheTimeout", "error", "height", "hideTimeOverride", "minSpan", "span", "timeFrom"),
    *("intervalFactor", "metric", "step", "fieldOptions", "override", "useTags", "tagsQuery"),
    *("cards", "dataFormat", "heatmap", "hideZeroBuckets", "highlightCards", "xAxis"),
    *("xBucketNumber", "yBucketBound", "reverseYBuckets", "dashboardTags", "nameFilter"),
    *("onlyAlertsOnDashboard", "show", "columns", "styles", "valueName", "seriesOverrides"),
    *("nullPointMode", "xaxis", "yaxes", "aliasColors", "lines", "limit"),
}


def walk(node: Any, path: str = "$") -> Iterator[tuple[str, str, Any]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        where = f"{path}.{key}"
        if isinstance(key, str):
            yield where, key, value
        if isinstance(value, dict | list):
            yield from walk(value, where)


@pytest.mark.parametrize("uid", DOCUMENTS)
def test_no_key_that_grafana_has_given_up_is_left(uid: Dashboard) -> None:
    # Words that have another meaning where they stand today.
    allowed = ("options.legend.show", "options.stateFilter.error")
    found = [
        where
        for where, key, _ in walk(DOCUMENTS[uid])
        if key in GIVEN_UP and not where.endswith(allowed)
    ]
    assert found == []


@pytest.mark.parametrize("uid", DOCUMENTS)
def test_a_dashboard_is_read_only_and_refreshes_itself(uid: Dashboard) -> None:
    found = DOCUMENTS[uid]
    assert found["schemaVersion"] == SCHEMA_VERSION == 42
    assert (found["uid"], found["id"], found["editable"]) == (uid.value, None, False)
    assert (found["refresh"], found["time"]["from"], found["timezone"]) == (
        "15s",
        "now-3h",
        "browser",
    )
    assert found["tags"] == ["petswipe"]


@pytest.mark.parametrize("uid", DOCUMENTS)
def test_from_one_dashboard_to_the_next_the_time_goes_along_and_no_choice(uid: Dashboard) -> None:
    link = DOCUMENTS[uid]["links"][0]
    assert (link["type"], link["tags"]) == ("dashboards", ["petswipe"])
    assert (link["keepTime"], link["includeVars"]) == (True, False)


def test_the_first_threshold_is_nothing_and_not_the_word_null() -> None:
    steps = [
        value for _, key, value in walk(DOCUMENTS) if key == "steps" and isinstance(value, list)
    ]
    drawn = [panel for board in BOARDS.values() for panel in board.panels if panel.unit]
    own = [query for panel in drawn for query in panel.queries if query.thresholds]
    assert len(steps) == len(drawn) + len(own)
    assert all(found[0]["value"] is None for found in steps)
    assert all(isinstance(step["value"], float) for found in steps for step in found[1:])


def test_every_panel_of_values_is_told_apart_from_one_without_data() -> None:
    words = {Kind.TEXT, Kind.ALERT_LIST, Kind.LOGS}
    for panel in PANELS:
        if panel["type"] not in words:
            said = panel["fieldConfig"]["defaults"]["noValue"]
            assert said == "No data" or said.endswith(", or no data"), panel["title"]


@pytest.mark.parametrize("uid", DOCUMENTS)
def test_variables_are_those_that_queries_use(uid: Dashboard) -> None:
    found = DOCUMENTS[uid]["templating"]["list"]
    names = [variable["name"] for variable in found if variable["type"] == "query"]
    text = json.dumps(DOCUMENTS[uid]["panels"])
    assert names[:2] == ["job", "instance"]
    assert all(f"${name}" in text for name in names)
    assert ("route" in names) == ("$route" in text)
    for variable in found:
        if variable["type"] == "query":
            assert (variable["multi"], variable["includeAll"]) == (True, True)
            assert variable["allValue"] == ".+"


def test_data_sources_are_chosen_by_variables() -> None:
    for found in DOCUMENTS.values():
        known = {f"${{{v['name']}}}" for v in found["templating"]["list"]}
        used = {
            value["uid"]
            for _, key, value in walk([found["panels"], found["annotations"]])
            if key == "datasource"
        }
        assert used <= known


def test_a_dashboard_of_two_kinds_of_data_source_names_both() -> None:
    names = [v["name"] for v in DOCUMENTS[Dashboard.TELEMETRY]["templating"]["list"]]
    assert names[:2] == ["prometheus_datasource", "loki_datasource"]
    assert [v["name"] for v in DOCUMENTS[Dashboard.CACHE]["templating"]["list"]][:1] == [
        "datasource"
    ]


def test_live_queries_are_ranges_and_single_values_are_not() -> None:
    rate = panel_of(Dashboard.APPLICATION, "Response time p50, p95, p99")["targets"]
    assert [(target["range"], target["instant"]) for target in rate] == [(True, False)] * 4
    assert [target["exemplar"] for target in rate] == [False, False, False, True]
    status = panel_of(Dashboard.APPLICATION, "Instance status")["targets"]
    assert {(target["range"], target["instant"]) for target in status} == {(False, True)}


def test_a_heatmap_takes_buckets_as_they_are() -> None:
    panel = panel_of(Dashboard.APPLICATION, "Request durations")
    (target,) = panel["targets"]
    assert (target["format"], target["legendFormat"]) == ("heatmap", "{{le}}")
    assert panel["options"]["calculate"] is False
    assert panel["options"]["yAxis"]["unit"] == "s"


def test_a_table_joins_its_queries_and_names_its_columns() -> None:
    panel = panel_of(Dashboard.APPLICATION, "Database query performance")
    assert {target["format"] for target in panel["targets"]} == {"table"}
    merge, organize = panel["transformations"]
    assert merge["id"] == "merge"
    assert list(organize["options"]["renameByName"].values()) == [
        "Statement",
        "Rate",
        "p50",
        "p95",
        "p99",
        "Failed",
    ]
    first = panel["fieldConfig"]["overrides"][0]
    assert first["matcher"] == {
        "id": "byName",
        "options": "Rate",
    }


def test_the_greatest_value_of_a_gauge_comes_from_its_last_query() -> None:
    panel = panel_of(Dashboard.APPLICATION, "Active database connections")
    (found,) = panel["transformations"]
    assert found["options"]["configRefId"] == panel["targets"][-1]["refId"] == "B"
    (read,) = found["options"]["mappings"]
    assert read["fieldName"] == panel["targets"][-1]["legendFormat"] == "Allowed"
    thresholds = panel["fieldConfig"]["defaults"]["thresholds"]
    assert thresholds["mode"] == "percentage"
    assert [step["value"] for step in thresholds["steps"]] == [None, 80.0]


def test_panels_lie_beside_and_below_each_other() -> None:
    for found in DOCUMENTS.values():
        taken: set[tuple[int, int]] = set()
        for panel in found["panels"]:
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & taken, panel["title"]
            assert max(x for x, _ in cells) < 24
            taken |= cells


@pytest.mark.parametrize(
    ("uid", "title"),
    [
        (Dashboard.APPLICATION, "Instance status"),
        (Dashboard.TELEMETRY, "Targets that answer Prometheus"),
    ],
)
def test_targets_are_told_apart_by_job_and_instance(uid: Dashboard, title: str) -> None:
    panel = panel_of(uid, title)
    (target,) = [each for each in panel["targets"] if "instance:scrape:up" in each["expr"]]
    assert target["legendFormat"] == "{{job}} {{instance}}"


def test_links_lead_to_logs_and_traces_of_the_time_that_is_shown() -> None:
    panel = panel_of(Dashboard.APPLICATION, "Response time p50, p95, p99")
    board = DOCUMENTS[Dashboard.APPLICATION]["links"]
    for links in (panel["links"], panel["fieldConfig"]["defaults"]["links"], board):
        urls = {link["title"]: link["url"] for link in links}
        for title, source in (("Logs of this time", "loki"), ("Traces of this time", "jaeger")):
            assert urls[title].startswith("/explore?")
            query = parse_qs(urlsplit(urls[title]).query)
            pane = json.loads(query["panes"][0])["a"]
            assert pane["datasource"] == source
            assert pane["range"] == {"from": "${__from}", "to": "${__to}"}


def test_only_the_house_knows_grafanalib() -> None:
    sources = (ROOT / "dashboards").rglob("*.py")
    assert [path.name for path in sources if "grafanalib import" in path.read_text()] == [
        "house.py"
    ]
