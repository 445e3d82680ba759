"""The model of Alertmanager says what amtool and a running Alertmanager say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alerts.alertmanager_config import alertmanager_document
from alerts.dispatch import Dispatch, parse_matcher
from alerts.reading.told import CONFIG, WEEKEND, Alert
from alerts.rule_files import dump
from tests.alerts.generated import ALERTS, labels_of
from tests.alerts.sink import comes_true
from tests.alerts.told_by import alertmanager

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

DISPATCH = Dispatch(alertmanager_document())
FIXED = [alert.labels for alert in ALERTS]
STRANGERS = (
    {"alertname": "Guest", "severity": "critical"},
    {"alertname": "Guest", "severity": "warning"},
    {"alertname": "Guest", "severity": "info"},
    {"alertname": "Guest", "severity": "warning", "channel": "fax"},
    {"alertname": "Guest"},
)


def test_what_nobody_routes_is_told_all_the_same() -> None:
    for labels in STRANGERS[-2:]:
        assert DISPATCH.falls_through(labels)
        assert DISPATCH.receivers_of(labels, WEEKEND) == ["unrouted"]
    assert not any(DISPATCH.falls_through(labels) for labels in (*FIXED, *STRANGERS[:-2]))


def test_amtool_routes_every_alert_to_the_same_receivers(amtool: Run, tmp_path: Path) -> None:
    config = tmp_path / CONFIG
    # Its templates are not needed to route.
    config.write_text(dump({**alertmanager_document(), "templates": []}))
    for pairs in {key(labels) for labels in (*FIXED, *STRANGERS)}:
        given = [f"{name}={value}" for name, value in pairs]
        done = amtool("config", "routes", "test", f"--config.file={config}", *given)
        # It begins with a warning about the address of a server, which it does not ask.
        told = done.stdout.splitlines()[-1].split(",")
        assert told == DISPATCH.receivers_of(dict(pairs)), given


def test_a_matcher_reads_as_alertmanager_reads_it() -> None:
    assert parse_matcher('a="b"').holds({"a": "b"})
    assert parse_matcher('a=""').holds({})
    assert not parse_matcher('a!="b"').holds({"a": "b"})
    assert parse_matcher('a=~"b|c"').holds({"a": "c"})
    assert not parse_matcher('a=~"b|c"').holds({"a": "cc"})
    assert parse_matcher('a!~"b.*"').holds({"a": "cb"})
    with pytest.raises(ValueError, match="no matcher like"):
        parse_matcher("a=b")


def fired(alert: Alert) -> dict[str, str]:
    """Give an alert the labels of its series: of one job, one instance, one of everything."""
    return {**dict.fromkeys(alert.names, "one"), **alert.labels}


def test_alertmanager_mutes_what_the_model_says_and_groups_by_cause(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(dump(quiet(alertmanager_document())))
    alerts = [fired(alert) for alert in ALERTS]
    alerts.append({**labels_of("CpuHigh"), "job": "one", "instance": "two"})
    expected = {
        key(target): any(
            rule.mutes(source, target) for rule in DISPATCH.inhibitions for source in alerts
        )
        for target in alerts
    }
    # Both are there: it is no comparison of nothing.
    assert {expected[key(alert)] for alert in alerts} == {True, False}
    with alertmanager(tmp_path / CONFIG, tmp_path / "data") as running:
        running.tell(*alerts)

        def shown() -> dict[Any, bool]:
            return {
                key(alert["labels"]): bool(alert["status"]["inhibitedBy"])
                for alert in running.alerts()
            }

        comes_true(lambda: shown() == expected)
        groups = [group for group in running.groups() if group["labels"]["alertname"] == "CpuHigh"]
        assert [len(group["alerts"]) for group in groups] == [2]
        muted = {labels["alertname"] for labels in alerts if expected[key(labels)]}
    assert {"SlowQueries", "CpuHigh", "ErrorsPresent", "SwipeLatencyNoData"} <= muted
    assert not {"HighErrorRate", "DatabaseDown", "Watchdog", "BudgetSpent"} & muted


def key(labels: dict[str, str]) -> Any:
    return tuple(sorted(labels.items()))


def quiet(document: dict[str, Any]) -> dict[str, Any]:
    """Take away whom it would tell."""
    return {
        **document,
        "templates": [],
        "receivers": [{"name": receiver["name"]} for receiver in document["receivers"]],
    }
