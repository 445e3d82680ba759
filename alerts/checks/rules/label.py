"""rule/label: labels that route an alert are of the sets that routes know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.model import AlertSeverity
from alerts.watch import AlertType, Channel, Team

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "rule/label"
ALLOWED: dict[str, type[StrEnum]] = {
    "severity": AlertSeverity,
    "alert_type": AlertType,
    "team": Team,
    "channel": Channel,
}
# Alerts of other teams' specs are routed by severity alone.
OF_A_SPEC = "sloth_id"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a label that is missing, has an unknown value, or contradicts another."""
    for rule in loaded.alerts:
        for name, values in ALLOWED.items():
            value = rule.labels.get(name)
            if value is None and (name == "severity" or OF_A_SPEC not in rule.labels):
                yield rule.problem(ID, f"has no {name}: one of {', '.join(values)}")
            elif value is not None and value not in list(values):
                yield rule.problem(ID, f"{name} is {value}: one of {', '.join(values)}")
        channel, severity = rule.labels.get("channel"), rule.labels.get("severity")
        if channel is not None and (channel == Channel.PAGER) != (
            severity == AlertSeverity.CRITICAL
        ):
            yield rule.problem(
                ID, f"goes to {channel} as {severity}: what is critical pages, and nothing else"
            )
