"""A watch: the threshold of a signal past which somebody is told, and whom.

Its alert compares the series that the signal records, so the rule is as short as a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from alerts.model import AlertingRule, AlertSeverity
from alerts.places import GRAFANA, RUNBOOKS
from alerts.signal import Unit
from slo.indicators import decimal
from slo.promql import duration

if TYPE_CHECKING:
    from fractions import Fraction

    from alerts.signal import Dashboard, Signal

# A page that ends for a scrape and comes back is two pages.
PAGE_KEEPS_FIRING = timedelta(minutes=5)
SINCE = "now-3h"


class AlertType(StrEnum):
    """Whether users feel it, or whether it may be why they do."""

    SYMPTOM = "symptom"
    CAUSE = "cause"


class Team(StrEnum):
    """Who answers."""

    ADOPTION = "adoption"
    PLATFORM = "platform"
    DBA = "dba"
    SECURITY = "security"
    FINANCE = "finance"


class Channel(StrEnum):
    """How they are told."""

    PAGER = "pager"
    CHAT = "chat"
    TICKET = "ticket"
    MAIL = "mail"
    HEARTBEAT = "heartbeat"


class Past(StrEnum):
    """On which side of its threshold a signal is bad."""

    ABOVE = ">"
    BELOW = "<"


@dataclass(frozen=True, slots=True)
class Floor:
    """What another signal must exceed for a watch to speak: of few events nothing can be said."""

    signal: Signal
    above: Fraction


@dataclass(frozen=True, slots=True)
class Watch:
    """One alert: a signal, its threshold, how long, how grave, who is told, and in which words.

    `says` is the description's first half; the value and the labels follow it.
    """

    alert: str
    signal: Signal
    past: Past
    threshold: Fraction
    wait: timedelta
    severity: AlertSeverity
    channel: Channel
    team: Team
    kind: AlertType
    summary: str
    says: str
    floor: Floor | None = None

    def __post_init__(self) -> None:
        """Refuse a page that pages nobody."""
        if (self.channel is Channel.PAGER) != (self.severity is AlertSeverity.CRITICAL):
            raise ValueError(f"alert {self.alert}: critical is paged, and nothing else is")

    @property
    def keep_firing(self) -> timedelta:
        """How long it goes on after its condition has ended."""
        return PAGE_KEEPS_FIRING if self.severity is AlertSeverity.CRITICAL else timedelta()

    def rule(self) -> AlertingRule:
        """Render the alert."""
        return AlertingRule(
            alert=self.alert,
            expr=self.expression(),
            severity=self.severity,
            wait=self.wait,
            keep_firing=self.keep_firing,
            summary=self.summary,
            description=f"{self.says} {self._now()}",
            labels=notify_labels(self.kind, self.channel, self.team),
            annotations=links(
                self.alert, self.signal.dashboard, self.signal.panel, self.signal.labels
            ),
        )

    def expression(self) -> str:
        """Write the condition as PromQL."""
        condition = f"{self.signal.record} {self.past} {decimal(self.threshold)}"
        if self.floor is None:
            return condition
        shared = [name for name in self.signal.labels if name in self.floor.signal.labels]
        floor = f"{self.floor.signal.record} > {decimal(self.floor.above)}"
        return f"{condition} and on ({', '.join(shared)}) {floor}"

    def _now(self) -> str:
        where = "".join(f", {name} {{{{ $labels.{name} }}}}" for name in self.signal.labels)
        told = VALUES.get(self.signal.unit.value, "{{ $value | humanize }}")
        side = "above" if self.past is Past.ABOVE else "below"
        since = f"for {duration(self.wait)} {side}" if self.wait else side
        shown = self.threshold * (100 if self.signal.unit is Unit.SHARE else 1)
        limit = LIMITS.get(self.signal.unit.value, "{:g}").format(float(shown))
        return f"Now {told}, {since} {limit}{where}."


# How Prometheus' templates write a value, and how we write the limit beside it, by unit.
VALUES = {
    "percentunit": "{{ $value | humanizePercentage }}",
    "s": "{{ $value | humanizeDuration }}",
    "h": '{{ $value | printf "%.1f" }} h',
    "d": '{{ $value | printf "%.1f" }} d',
}
LIMITS = {"percentunit": "{:g} %", "s": "{:g} s", "h": "{:g} h", "d": "{:g} d"}


def notify_labels(kind: AlertType, channel: Channel, team: Team) -> dict[str, str]:
    """Return the labels by which an alert finds its reader."""
    return {"alert_type": kind.value, "team": team.value, "channel": channel.value}


def links(alert: str, dashboard: Dashboard, panel: int, labels: tuple[str, ...]) -> dict[str, str]:
    """Return the annotations that lead to the runbook, and to the panel as the alert sees it."""
    own = "".join(f"&var-{name}={{{{ $labels.{name} }}}}" for name in labels if name in VARIABLES)
    address = f"{GRAFANA}/d/{dashboard}/{dashboard}"
    return {
        "runbook_url": f"{RUNBOOKS}/{alert}",
        "dashboard_url": f"{address}?viewPanel=panel-{panel}&from={SINCE}&to=now{own}",
    }


def panel_of(address: str) -> tuple[str, int] | None:
    """Return the dashboard and the panel that such a link leads to; None for any other address."""
    found = PANEL.fullmatch(address)
    return None if found is None else (found["board"], int(found["panel"]))


# What dashboards let a reader choose.
VARIABLES = ("job", "instance")
PANEL = re.compile(
    rf"{re.escape(GRAFANA)}/d/(?P<board>[\w-]+)/(?P=board)\?viewPanel=panel-(?P<panel>\d+)(&.*)?"
)
