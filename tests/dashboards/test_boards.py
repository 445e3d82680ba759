from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts import load_generator
from alerts.burn_rate import alert_rules
from alerts.components.registry import SIGNALS, WATCHES
from alerts.reading.divisors import unguarded
from alerts.reading.known import names
from alerts.reading.loaded import load
from alerts.registry import slo_panel
from alerts.signal import Dashboard, panel_id
from alerts.slo_rules import alert_windows
from app.telemetry.catalog import DB_DURATION, HTTP_DURATION, METRICS
from app.telemetry.model import Use
from dashboards.model import WORDS, Board, Kind, Source
from dashboards.registry import BOARDS, MissingPanelError, prove_links
from slo.conventions import error_ratio
from slo.objectives import OBJECTIVES
from slo.promql_tree import Node, parse, selectors

ROOT = Path(__file__).parents[2]
KNOWN = load(ROOT / "alerts" / "generated").known
PANELS = [panel for board in BOARDS.values() for panel in board.panels]


def test_there_are_nine_dashboards() -> None:
    assert list(BOARDS) == list(Dashboard)


def test_the_application_dashboard_has_these_twelve_panels_in_this_order() -> None:
    board = BOARDS[Dashboard.APPLICATION]
    assert [(panel.title, panel.kind) for panel in board.panels] == [
        ("Request rate", Kind.TIME_SERIES),
        ("Response time p50, p95, p99", Kind.TIME_SERIES),
        ("Error rate", Kind.TIME_SERIES),
        ("Active database connections", Kind.GAUGE),
        ("Cache hit rate", Kind.GAUGE),
        ("Process memory", Kind.TIME_SERIES),
        ("Instance status", Kind.STAT),
        ("Request durations", Kind.HEATMAP),
        ("Top 10 endpoints", Kind.BAR_GAUGE),
        ("Database query performance", Kind.TABLE),
        ("Node resources", Kind.TIME_SERIES),
        ("Deployment events", Kind.TIME_SERIES),
    ]
    assert [row.title for row in board.rows] == [""]
    assert [panel.title for panel in board.panels if panel.stacked] == ["Process memory"]


def test_panel_ids_are_those_that_links_in_old_messages_have() -> None:
    assert panel_id("application:errors") == 545371
    assert panel_id("instance:cpu_used:ratio_rate5m") == 979424
    assert panel_id("slo:swipe-availability:error_ratio") == 418283


def test_every_panel_of_values_has_a_description_and_a_unit() -> None:
    assert all(panel.description for panel in PANELS)
    assert all(panel.unit for panel in PANELS if panel.kind not in WORDS)


def trees(board: Board) -> list[Node]:
    return [
        parse(query.expr)
        for panel in board.panels
        for query in panel.queries
        if query.source is Source.PROMETHEUS
    ]


@pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: str(board.uid))
def test_queries_name_only_series_and_labels_that_exist_and_divide_by_no_zero(
    board: Board,
) -> None:
    for tree in trees(board):
        for place in selectors(tree):
            labels = KNOWN.labels(place.node.name)
            assert labels is not None, place.node.name
            assert {matcher.name for matcher in place.node.matchers.matchers} <= set(labels)
        assert list(unguarded(tree, KNOWN)) == []


def test_every_rate_of_what_is_not_recorded_has_the_window_of_the_panel() -> None:
    for panel in PANELS:
        for query in panel.queries:
            windows = set(re.findall(r"\[([^\]]+)\]", query.expr))
            assert windows <= {"$__rate_interval", "$__range", "1h"}, panel.key
            hourly = "1h" in windows
            assert hourly == ("per hour" in panel.title), panel.key


def test_a_connection_that_nobody_got_is_drawn_as_no_statement() -> None:
    asked = [
        (panel.title, query.expr)
        for panel in PANELS
        for query in panel.queries
        if DB_DURATION.name in query.expr and "redis" not in query.expr
    ]
    assert {title for title, _ in asked} == {
        "Database query performance",
        "Query performance",
        "Statements",
        "Slow queries",
    }
    for title, expr in asked:
        selected = expr.count(f"{DB_DURATION.name}_")
        assert expr.count('db_operation_name!="CONNECT"') == selected > 0, title


def test_pet_uploads_are_pictures_of_pets_by_what_became_of_them() -> None:
    (panel,) = [panel for panel in PANELS if panel.title == "Pet uploads per hour"]
    (query,) = panel.queries
    assert 'purpose="pet"' in query.expr
    assert query.legend == "{{outcome}}"


def test_everything_that_is_recorded_or_emitted_for_a_panel_is_drawn() -> None:
    asked = [tree for board in BOARDS.values() for tree in trees(board)]
    drawn = {name for tree in asked for name in names(tree)}
    assert [signal.record for signal in SIGNALS if signal.record not in drawn] == []
    seen: set[str] = set()
    made_of = {name for tree in asked for below in KNOWN.below(tree, seen) for name in names(below)}
    wanted = [metric for metric in METRICS if Use.PANEL in metric.uses]
    assert [metric.name for metric in wanted if not made_of & set(metric.series)] == []


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: watch.alert)
def test_the_job_of_an_alert_can_be_chosen_where_its_link_leads(watch: object) -> None:
    (found,) = [each for each in WATCHES if each is watch]
    shape = KNOWN.labels(found.signal.record) or {}
    jobs = shape.get("job") or frozenset()
    assert jobs <= set(BOARDS[found.signal.dashboard].jobs)


def test_latency_panels_show_single_requests_with_their_traces() -> None:
    buckets = f"{HTTP_DURATION.name}_bucket"
    latency = [p for p in PANELS if any(buckets in query.expr for query in p.queries)]
    assert len(latency) == 4
    for panel in latency:
        assert any(query.exemplars for query in panel.queries), panel.key
        assert any("jaeger" in link.url for link in panel.links), panel.key


@pytest.mark.parametrize("slo", OBJECTIVES, ids=lambda slo: slo.id)
def test_an_objective_has_all_that_is_wanted_of_it(slo: object) -> None:
    (found,) = [each for each in OBJECTIVES if each is slo]
    mine = [p for p in BOARDS[Dashboard.SLO].panels if p.key.startswith(f"slo:{found.id}:")]
    assert [panel.title.removeprefix(f"{found.title}: ") for panel in mine] == [
        "objective",
        "compliance",
        "budget left",
        "time to exhaustion",
        "error ratio",
        "burn rate",
        "firing alerts",
    ]


@pytest.mark.parametrize("slo", OBJECTIVES, ids=lambda slo: slo.id)
def test_the_panel_of_an_objective_draws_every_window_and_limit_of_its_alerts(slo: object) -> None:
    (found,) = [each for each in OBJECTIVES if each is slo]
    board = BOARDS[Dashboard.SLO]
    (panel,) = [panel for panel in board.panels if panel.id == slo_panel(found)]
    drawn = {query.expr.partition("{")[0] for query in panel.queries}
    assert drawn == {error_ratio(window) for window in alert_windows(found)}
    limits = {float(p.factor(found.length) * found.budget) for p in found.burn_windows}
    assert {step.value for step in panel.thresholds.steps} == limits
    for rule in alert_rules(found):
        assert any(link.url.endswith(f"/runbooks/{rule.alert}") for link in panel.links)


def _without(uid: Dashboard, key: str) -> dict[Dashboard, Board]:
    board = BOARDS[uid]
    rows = tuple(row for row in board.rows if key not in [panel.key for panel in row.panels])
    less = Board(board.uid, board.title, board.description, board.jobs, rows)
    return {**BOARDS, uid: less}


def test_an_alert_whose_panel_is_gone_is_told() -> None:
    prove_links(BOARDS)
    boards = _without(Dashboard.INFRASTRUCTURE, "instance:cpu_used:ratio_rate5m")
    with pytest.raises(MissingPanelError, match="CpuHigh: no panel 979424 of infrastructure"):
        prove_links(boards)
    boards = _without(Dashboard.SLO, "slo:deck-latency:error_ratio")
    with pytest.raises(MissingPanelError, match="deck-latency: no panel"):
        prove_links(boards)


def test_everything_that_a_load_generator_tells_is_drawn() -> None:
    board = BOARDS[Dashboard.LOAD_TEST]
    drawn = {name for tree in trees(board) for name in names(tree)}
    assert [m.name for m in load_generator.METRICS if not drawn & set(m.series)] == []
    assert load_generator.LOAD in board.jobs


def test_each_board_says_which_file_declares_it() -> None:
    for board in BOARDS.values():
        (path,) = re.findall(r"Generated from (\S+\.py)\.", board.description)
        assert (ROOT / path).is_file()
