"""Checks of rules among each other, and of their groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.checks import duplicate, group_interval, label_conflict, rule_name, yaml_parse
from alerts.checks.loaded import load
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


@pytest.mark.parametrize(
    "text",
    [
        "groups: [",
        "",
        "groups:\n",
        "- groups\n",
        "groups: [{name: x}]\n",
        "groups: [{name: x, rules: [{record: a}]}]\n",
        "groups: [{name: x, rules: [{expr: a}]}]\n",
        "groups: [{name: x, rules: [words]}]\n",
        "groups: [{name: x, interval: soon, rules: []}]\n",
    ],
)
def test_a_file_that_holds_no_rules_is_a_problem_and_not_a_crash(text: str, tmp_path: Path) -> None:
    written(tmp_path, good())
    path = tmp_path / "other.rules.yml"
    path.write_text(text)
    loaded = load(tmp_path)
    (problem,) = yaml_parse.check(loaded)
    assert problem.where == str(path)
    assert problem.message.startswith("not readable: ")
    assert "\n" not in problem.message
    assert loaded.alerts, "the other files are checked all the same"


@pytest.mark.parametrize("text", ["groups: [", "words", "global: {evaluation_interval: soon}\n"])
def test_a_configuration_that_cannot_be_read_is_found(text: str, tmp_path: Path) -> None:
    written(tmp_path, good())
    (tmp_path / "prometheus.yml").write_text(text)
    problems = list(yaml_parse.check(load(tmp_path)))
    assert problems
    assert problems[0].message.startswith("not readable: ")


def test_files_that_can_be_read_are_accepted(tmp_path: Path) -> None:
    assert said(yaml_parse, written(tmp_path, good(), recorded("up"))) == []
