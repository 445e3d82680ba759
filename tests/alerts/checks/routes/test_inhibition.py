"""Each fault of a muting rule is found, and those that there are have none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alerts.checks.routes import inhibition
from alerts.reading.loaded import load
from tests.alerts.checks.routes.test_proof import with_config
from tests.alerts.generated import write_folder

if TYPE_CHECKING:
    from pathlib import Path


def messages(folder: Path) -> list[str]:
    return [str(problem) for problem in inhibition.check(load(folder))]


def rule(source: str, target: str, *equal: str) -> dict[str, Any]:
    return {"source_matchers": [source], "target_matchers": [target], "equal": list(equal)}


def named(source: str, target: str, *equal: str) -> dict[str, Any]:
    return rule(f'alertname="{source}"', f'alertname="{target}"', *equal)


def found_with(folder: Path, added: dict[str, Any]) -> list[str]:
    with_config(folder, lambda document: document["inhibit_rules"].append(added))
    return messages(folder)


def test_every_muting_rule_can_work_and_hides_nothing(tmp_path: Path) -> None:
    assert messages(write_folder(tmp_path)) == []


@pytest.mark.parametrize(
    ("added", "message"),
    [
        (named("DatabaseGone", "SlowQueries"), "no alert is its source: alertname=DatabaseGone"),
        (named("DatabaseDown", "SlowQuery"), "no alert is its target: alertname=SlowQuery"),
        (
            named("DatabaseDown", "SlowQueries", "instance"),
            "DatabaseDown and SlowQueries do not both have the label instance",
        ),
        (
            named("ApiAbsent", "SwipeLatencyNoData", "sloth_id"),
            "ApiAbsent and SwipeLatencyNoData do not both have the label sloth_id",
        ),
        (
            named("SwipeLatencyNoData", "DeckLatencyNoData", "sloth_id"),
            "no source and target can be equal in sloth_id",
        ),
        (
            named("CacheDown", "HighErrorRate"),
            "CacheDown is less grave than HighErrorRate, which it mutes",
        ),
        (
            named("DatabaseDown", "HighErrorRate"),
            "DatabaseDown is a cause and mutes HighErrorRate, a critical symptom",
        ),
        (
            named("SlowQueries", "QueueDepthHigh"),
            "mutes QueueDepthHigh, and nobody is told of either at 03:00 on a Sunday",
        ),
        (
            named("BudgetSpent", "BudgetNearlySpent", "service"),
            "BudgetSpent and BudgetNearlySpent do not both have the label service",
        ),
        (rule('severity="warning"', 'severity="critical"'), "is less grave than"),
    ],
)
def test_a_rule_that_cannot_work_or_hides_too_much_is_found(
    added: dict[str, Any], message: str, tmp_path: Path
) -> None:
    found = found_with(tmp_path, added)
    assert any(message in one for one in found), found


def test_a_good_rule_more_is_accepted(tmp_path: Path) -> None:
    assert found_with(tmp_path, named("CpuSaturated", "CpuHigh", "instance")) == []


def test_a_rule_is_found_when_its_alert_is_renamed(tmp_path: Path) -> None:
    write_folder(tmp_path, without=("CpuSaturated",))
    (found,) = messages(tmp_path)
    assert "no alert is its source: alertname=CpuSaturated" in found


def test_a_configuration_that_is_missing_is_found(tmp_path: Path) -> None:
    (found,) = messages(tmp_path)
    assert "not to be read" in found


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (inhibition, test_a_rule_that_cannot_work_or_hides_too_much_is_found),
]
ACCEPTED = [
    (inhibition, test_every_muting_rule_can_work_and_hides_nothing),
    (inhibition, test_a_good_rule_more_is_accepted),
]
