"""Checks of rules among each other, and of their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.checks.rules import conflict as label_conflict
from alerts.checks.rules import duplicate
from alerts.checks.rules import interval as group_interval
from alerts.checks.rules import name as rule_name
from tests.alerts.checks.written import Rule, good, recorded, said, written

if TYPE_CHECKING:
    from pathlib import Path

REDIS = 'sum(up{job="redis"})'
NODE = 'sum(up{job="node"})'


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([good(), good()], "CacheDown: is the same as "),
        ([recorded(REDIS), recorded(REDIS)], "service:mine:ratio: is the same as "),
        ([recorded(REDIS), recorded(NODE)], "service:mine:ratio: can write the same series as "),
        ([recorded("up"), recorded(REDIS), recorded("up")], "service:mine:ratio: is the same as "),
    ],
)
def test_a_rule_that_is_there_twice_is_found(
    rules: list[Rule], message: str, tmp_path: Path
) -> None:
    loaded = written(tmp_path, *rules)
    (found,) = said(duplicate, loaded)
    assert found.startswith(message)
    assert found.removeprefix(message).startswith(str(tmp_path / "mine.rules.yml:"))


@pytest.mark.parametrize(
    "rules",
    [
        [good(), good(expr="instance:redis:up < 0.5")],
        [good(), good(labels={"severity": "info"})],
        [recorded(REDIS, slo="a"), recorded(REDIS, slo="b")],
        [recorded('up{job="redis"}'), recorded('up{job="node"}')],
        [recorded(REDIS), recorded(REDIS, "service:mine:sum")],
    ],
)
def test_rules_that_are_told_apart_are_accepted(rules: list[Rule], tmp_path: Path) -> None:
    assert said(duplicate, written(tmp_path, *rules)) == []


@pytest.mark.parametrize(
    "name", ["up_sum", "job:up", "cluster:up:sum", "job:up:sum:rate", "job::x"]
)
def test_a_record_without_level_metric_and_operations_is_found(name: str, tmp_path: Path) -> None:
    (message,) = said(rule_name, written(tmp_path, recorded("up", name)))
    assert message.startswith(f"{name}: is not level:metric:operations")


def test_a_record_named_by_the_convention_is_accepted(tmp_path: Path) -> None:
    assert said(rule_name, written(tmp_path, recorded("up", "instance:up:last"))) == []


def test_a_group_slower_than_the_lookback_is_found(tmp_path: Path) -> None:
    loaded = written(tmp_path, recorded("up"), interval="6m")
    (problem,) = group_interval.check(loaded)
    assert problem.message == "mine: is evaluated each 6m: 5m at most, or its series have gaps"
    path, _, line = problem.where.rpartition(":")
    assert "name: mine" in (tmp_path / "mine.rules.yml").read_text().splitlines()[int(line) - 1]
    assert path == str(tmp_path / "mine.rules.yml")


@pytest.mark.parametrize(("interval", "kept"), [("5m", None), ("6m", "6m")])
def test_a_group_whose_alerts_are_kept_firing_may_be_slow(
    interval: str, kept: str | None, tmp_path: Path
) -> None:
    alert = good(**({"keep_firing_for": kept} if kept else {}))
    assert said(group_interval, written(tmp_path, alert, interval=interval)) == []


def test_a_label_that_prometheus_adds_itself_is_found(tmp_path: Path) -> None:
    settings = {"global": {"external_labels": {"team": "all"}}}
    (message,) = said(label_conflict, written(tmp_path, good(), settings=settings))
    assert message == "CacheDown: sets team, which Prometheus adds to everything as all"


def test_a_label_beside_external_ones_is_accepted(tmp_path: Path) -> None:
    settings = {"global": {"external_labels": {"site": "home"}}}
    assert said(label_conflict, written(tmp_path, good(), settings=settings)) == []


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (duplicate, test_a_rule_that_is_there_twice_is_found),
    (rule_name, test_a_record_without_level_metric_and_operations_is_found),
    (group_interval, test_a_group_slower_than_the_lookback_is_found),
    (label_conflict, test_a_label_that_prometheus_adds_itself_is_found),
]
ACCEPTED = [
    (duplicate, test_rules_that_are_told_apart_are_accepted),
    (rule_name, test_a_record_named_by_the_convention_is_accepted),
    (group_interval, test_a_group_whose_alerts_are_kept_firing_may_be_slow),
    (label_conflict, test_a_label_beside_external_ones_is_accepted),
]
