"""Rules and groups as values, and how Prometheus' files write them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from slo.promql import duration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

ALERT_NAME = re.compile(r"[A-Z][A-Za-z0-9]{2,79}")
RECORD_NAME = re.compile(r"[a-z_]+(:[a-z_0-9]+)*")
# A group is evaluated one rule after the other: a long one makes its last rule late.
MOST_RULES = 20


class AlertSeverity(StrEnum):
    """Who is told: `critical` pages now, `warning` is a ticket, `info` is context.

    The gravest comes first.
    """

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """A series that Prometheus computes and stores at every evaluation."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a name outside the convention."""
        if not RECORD_NAME.fullmatch(self.record):
            raise ValueError(f"recording rule {self.record!r}: lower case, parts joined by colons")

    def document(self) -> dict[str, object]:
        """Return the rule as its file writes it."""
        return {"record": self.record, "expr": self.expr, "labels": dict(self.labels)}


@dataclass(frozen=True, slots=True)
class AlertingRule:
    """A condition that somebody is told about."""

    alert: str
    expr: str
    severity: AlertSeverity
    wait: timedelta
    keep_firing: timedelta
    summary: str
    description: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what on-call could not use: a bad name, or no words."""
        if not ALERT_NAME.fullmatch(self.alert):
            raise ValueError(f"alert {self.alert!r}: PascalCase of at most 80 letters")
        if not self.summary or not self.description:
            raise ValueError(f"alert {self.alert}: give it a summary and a description")
        if "{{" in self.summary:
            raise ValueError(f"alert {self.alert}: the summary is a fixed sentence, without {{{{")

    def document(self) -> dict[str, object]:
        """Return the rule as its file writes it."""
        waits = {"for": self.wait, "keep_firing_for": self.keep_firing}
        return {
            "alert": self.alert,
            "expr": self.expr,
            **{name: duration(wait) for name, wait in waits.items() if wait},
            "labels": {"severity": self.severity.value, **self.labels},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                **self.annotations,
            },
        }


Rule = RecordingRule | AlertingRule


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are evaluated together, in order, at one interval."""

    name: str
    interval: timedelta
    rules: tuple[Rule, ...]

    def document(self) -> dict[str, object]:
        """Return the group as its file writes it."""
        return {
            "name": self.name,
            "interval": duration(self.interval),
            "rules": [rule.document() for rule in self.rules],
        }
