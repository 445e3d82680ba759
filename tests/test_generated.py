"""What is generated and committed is what the declarations render."""

from __future__ import annotations

from alerts import artifacts as of_alerts
from dashboards import artifacts as of_dashboards


def test_the_committed_rules_and_configuration_are_what_is_declared() -> None:
    assert of_alerts.differences() == []


def test_the_committed_dashboards_are_what_is_declared() -> None:
    assert of_dashboards.differences() == []
