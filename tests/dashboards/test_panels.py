from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from alerts.components import api, cache, database, nodes, processes, queue
from alerts.components.registry import WATCHES
from alerts.model import AlertSeverity
from alerts.signal import Unit
from alerts.watch import Past
from dashboards.model import Kind, Query, Threshold
from dashboards.panels import gauge, stat, table, thresholds, timeseries, watches_of
from dashboards.registry import BOARDS


def test_a_panel_says_what_its_signal_says() -> None:
    panel = timeseries(nodes.CPU)
    assert (panel.title, panel.unit) == (nodes.CPU.title, Unit.SHARE)
    assert panel.description.startswith(nodes.CPU.description)
    assert panel.id == nodes.CPU.panel
    (query,) = panel.queries
    assert query.expr == 'instance:cpu_used:ratio_rate5m{job=~"$job",instance=~"$instance"}'
    assert (panel.low, panel.high) == (0.0, 1.0)


def test_a_signal_without_instances_is_chosen_by_job_alone() -> None:
    (query,) = timeseries(queue.OLDEST).queries
    assert query.expr == 'job:outbox_oldest_seconds:max{job=~"$job"}'


def test_a_line_is_named_by_its_job_too_unless_its_instance_tells() -> None:
    assert timeseries(nodes.CPU).queries[0].legend == "{{instance}}"
    assert timeseries(database.IN_USE).queries[0].legend == (
        "{{job}} {{db_client_connection_pool_name}}"
    )


def test_a_panel_names_its_alerts_and_leads_to_their_runbooks() -> None:
    panel = timeseries(nodes.CPU)
    assert panel.description.endswith(
        " Alerts: CpuHigh (warning, above 80 % for 5m);"
        " CpuSaturated (critical, above 80 % for 15m)."
    )
    assert [link.url for link in panel.links][:2] == [
        "http://localhost:9464/runbooks/CpuHigh",
        "http://localhost:9464/runbooks/CpuSaturated",
    ]


def test_a_signal_without_alerts_has_one_colour_and_no_runbook() -> None:
    panel = timeseries(api.REQUEST_RATE)
    assert panel.thresholds.steps == ()
    assert panel.description == api.REQUEST_RATE.description
    assert not any("runbooks" in link.url for link in panel.links)


def test_above_its_limit_a_value_has_the_colour_of_the_graver_alert() -> None:
    assert gauge(nodes.CPU).thresholds.steps == (Threshold(0.8, "red"),)
    assert gauge(nodes.CPU).thresholds.base == "green"


def test_below_its_limits_a_value_has_their_colours_and_is_fine_above() -> None:
    found = gauge(cache.HITS).thresholds
    assert found.base == "orange"
    assert found.steps == (Threshold(0.7, "blue"), Threshold(0.8, "green"))


def test_what_must_not_be_above_nothing_has_a_line_and_no_shade_over_all() -> None:
    found = timeseries(queue.DEAD).thresholds
    assert found.steps == (Threshold(0.0, "orange"),)
    assert not found.area
    assert timeseries(queue.WAITING).thresholds.area


def test_lines_of_one_unit_share_a_scale_and_those_of_another_have_their_own() -> None:
    same = timeseries(api.P95, api.P99)
    assert same.thresholds.steps == (Threshold(0.5, "orange"), Threshold(1.0, "red"))
    assert [query.thresholds for query in same.queries] == [None, None]
    mixed = timeseries(api.ERROR_RATE, api.ERRORS_5M)
    assert mixed.thresholds.steps == (Threshold(0.05, "red"),)
    own = mixed.queries[1]
    assert own.unit is Unit.COUNT
    assert own.thresholds is not None
    assert own.thresholds.steps == (Threshold(10.0, "orange"),)


def test_limits_of_signals_share_a_scale_only_while_the_graver_one_is_further_out() -> None:
    panel = timeseries(nodes.CPU, nodes.MEMORY, nodes.DISK)
    gravest = {float(w.threshold): w.severity for w in watches_of(nodes.CPU)}
    assert gravest == {0.8: AlertSeverity.CRITICAL}
    assert [float(w.threshold) for w in watches_of(nodes.DISK)] == [0.85], "and only a warning"
    assert panel.thresholds.steps == ()
    assert "CpuSaturated" in panel.description
    assert timeseries(nodes.MEMORY, nodes.DISK).thresholds.steps == (
        Threshold(0.8, "orange"),
        Threshold(0.85, "orange"),
    )


def test_values_of_different_limits_each_have_their_own_colours() -> None:
    panel = stat(processes.API_TARGETS, processes.SCRAPES)
    assert panel.thresholds == thresholds(watches_of(processes.API_TARGETS))
    own = panel.queries[1].thresholds
    assert own == thresholds(watches_of(processes.SCRAPES))
    assert own != panel.thresholds


def test_a_lower_and_an_upper_limit_on_one_scale_are_refused() -> None:
    (high, *_) = watches_of(nodes.CPU)
    low = replace(high, past=Past.BELOW, threshold=Fraction("0.1"))
    with pytest.raises(ValueError, match="cannot share one scale of colours"):
        thresholds([high, low])


def test_of_two_alerts_at_one_value_the_order_does_not_matter() -> None:
    first, second = watches_of(nodes.CPU)
    assert {first.severity, second.severity} == {AlertSeverity.WARNING, AlertSeverity.CRITICAL}
    assert thresholds([first, second]) == thresholds([second, first])


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: watch.alert)
def test_the_panel_of_an_alert_draws_its_series_with_its_limit(watch: object) -> None:
    (found,) = [each for each in WATCHES if each is watch]
    signal = found.signal
    (panel,) = [p for p in BOARDS[signal.dashboard].panels if p.id == signal.panel]
    (query,) = [q for q in panel.queries if q.expr.partition("{")[0] == signal.record]
    limits = query.thresholds or panel.thresholds
    assert float(found.threshold) in [step.value for step in limits.steps]
    assert any(link.url.endswith(f"/runbooks/{found.alert}") for link in panel.links)
    assert found.alert in panel.description
    assert (query.unit or panel.unit) is signal.unit


def test_more_queries_stand_beside_the_recorded_one() -> None:
    panel = timeseries(api.REQUEST_RATE, more=(Query("up", "x"),))
    assert [query.expr for query in panel.queries][1:] == ["up"]
    assert panel.queries[0].legend == "Request rate {{job}}"
    assert panel.kind is Kind.TIME_SERIES


def test_a_column_of_a_table_shows_the_worst_of_a_signal_in_the_colours_of_its_alerts() -> None:
    look = {"key": "a:nodes", "title": "Nodes", "description": "What each node uses."}
    panel = table("instance", nodes.CPU, cache.HITS, api.REQUEST_RATE, **look)  # type: ignore[arg-type]
    assert [query.expr.partition(" (")[0] for query in panel.queries] == [
        "max by",
        "min by",
        "max by",
    ]
    cpu, hits, rate = panel.queries
    assert nodes.CPU.record in cpu.expr
    assert (cpu.legend, cpu.unit, cpu.thresholds) == (
        nodes.CPU.title,
        Unit.SHARE,
        gauge(nodes.CPU).thresholds,
    )
    assert hits.thresholds == gauge(cache.HITS).thresholds
    assert rate.thresholds is None
    assert "CpuHigh" in panel.description
