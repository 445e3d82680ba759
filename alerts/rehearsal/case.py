"""A case: traffic, and what must be so at some of its minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.rehearsal import intent
from slo.model import Severity
from slo.promql import quoted

if TYPE_CHECKING:
    from fractions import Fraction

    from alerts.rehearsal.intent import Pair
    from slo.model import Slo

SEVERITY = {Severity.PAGE: "critical", Severity.TICKET: "warning"}
HOUR, DAY = 60, 24 * 60
CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Check:
    """At a minute, an expression has one value without labels."""

    minute: int
    expr: str
    value: int


@dataclass(frozen=True, slots=True)
class Case:
    """One rehearsal: samples each minute, evaluations every `step` minutes."""

    name: str
    step: int
    inputs: list[dict[str, str]]
    checks: tuple[Check, ...]

    def document(self) -> dict[str, object]:
        """Return the case as promtool reads it."""
        return {
            "name": self.name,
            "interval": "1m",
            "input_series": self.inputs,
            "promql_expr_test": [
                {
                    "expr": f"{check.expr} # {self.name}",
                    "eval_time": f"{check.minute}m",
                    "exp_samples": [{"labels": "{}", "value": check.value}],
                }
                for check in self.checks
            ],
        }


@dataclass(frozen=True, slots=True)
class Omitted:
    """A case that cannot be, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at the alerts of one SLO."""

    slo: Slo

    def fires(self, pair: Pair, minute: int) -> Check:
        """Expect that somebody is told."""
        return Check(minute, f"count({self._alerts(pair, 'firing')}) or vector(0)", 1)

    def silent(self, pair: Pair, minute: int) -> Check:
        """Expect that nobody is told."""
        return Check(minute, f"count({self._alerts(pair, 'firing')}) or vector(0)", 0)

    def waits(self, pair: Pair, minute: int, step: int) -> Check:
        """Expect that it was pending for as long as it shall, once, until the minute."""
        seen = f"sum(count_over_time({self._alerts(pair, 'pending')}[{minute}m])) or vector(0)"
        return Check(minute, seen, -(-pair.wait // step))

    def never(self, minute: int, pair: Pair | None = None) -> Check:
        """Expect that no burn, or not that of a pair, was even pending until the minute.

        And that nobody missed any data; that is pending until the first two samples are there.
        """
        over = f"[{minute}m]"
        if pair is not None:
            seen = f"count_over_time({self._alerts(pair)}{over})"
        else:
            silence = intent.alert_name(self.slo, "NoData")
            burns = f'ALERTS{{{_inner(self._identity())},alertname!="{silence}"}}'
            seen = f"count_over_time({burns}{over}) or count_over_time({self._unseen()}{over})"
        return Check(minute, f"count({seen}) or vector(0)", 0)

    def unseen(self, minute: int, *, told: bool) -> Check:
        """Expect that somebody is told of missing data, or not."""
        return Check(minute, f"clamp_max(count({self._unseen()}) or vector(0), 1)", int(told))

    def _unseen(self) -> str:
        labels = self._identity(intent.alert_name(self.slo, "NoData"))
        return f"ALERTS{{{_inner({**labels, 'alertstate': 'firing'})}}}"

    def alone(self, pair: Pair, minute: int, group: dict[str, str]) -> Check:
        """Expect that of all groups one is told of."""
        chosen = self._alerts(pair, "firing")
        others = f"{chosen} unless {chosen[:-1]},{_inner(group)}}}"
        return Check(minute, f"count({others}) or vector(0)", 0)

    def is_about(self, minute: int, expr: str, value: Fraction | int) -> Check:
        """Expect a number of every group, but for rounding."""
        off = f"abs(({expr}) - {float(value)!r}) <= {max(float(value), 1) * CLOSE!r}"
        return Check(minute, f"count({off}) or vector(0)", 1)

    def is_between(self, minute: int, expr: str, low: Fraction, high: Fraction) -> Check:
        """Expect a number of every group between two others."""
        both = f"({expr}) > {float(low)!r} < {float(high)!r}"
        return Check(minute, f"count({both}) or vector(0)", 1)

    def nothing(self, minute: int, expr: str) -> Check:
        """Expect that an expression has no value, not even NaN."""
        return Check(minute, f"count({expr}) or vector(0)", 0)

    def recorded(self, name: str, **labels: str) -> str:
        """Select a recorded series of the SLO."""
        return f"{name}{{{_inner({**self._identity(), **labels})}}}"

    def _alerts(self, pair: Pair, state: str = "") -> str:
        level = pair.severity.value
        labels = {
            **self._identity(intent.alert_name(self.slo, f"BudgetBurn{level.capitalize()}")),
            "slo_severity": level,
            "long_window": length(pair.long),
            "short_window": length(pair.short),
            "severity": SEVERITY[pair.severity],
            **self.slo.alerting.labels,
            **self._own(pair.severity),
        }
        if state:
            labels["alertstate"] = state
        return f"ALERTS{{{_inner(labels)}}}"

    def _own(self, severity: Severity) -> dict[str, str]:
        alerting = self.slo.alerting
        own = alerting.page_labels if severity is Severity.PAGE else alerting.ticket_labels
        return {name: value for name, value in own.items() if "{{" not in value}

    def _identity(self, alert: str = "") -> dict[str, str]:
        slo = self.slo
        return {
            **({"alertname": alert} if alert else {}),
            "sloth_id": f"{slo.service}-{slo.id}",
            "sloth_service": slo.service,
            "sloth_slo": slo.id,
        }


def length(minutes: int) -> str:
    """Write minutes in the largest unit."""
    for unit, size in (("d", DAY), ("h", HOUR)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


def _inner(labels: dict[str, str]) -> str:
    return ",".join(f"{name}={quoted(value)}" for name, value in labels.items())
