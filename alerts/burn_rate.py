"""Recording rules and burn-rate alerts of one SLO."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.model import AlertingRule, AlertSeverity, RecordingRule, RuleGroup
from slo import conventions
from slo.indicators import decimal, error_ratio
from slo.model import Severity
from slo.promql import duration, labels
from slo.report import percent

if TYPE_CHECKING:
    from slo.model import BurnWindow, Slo

EVALUATION = timedelta(seconds=30)
CURRENT = timedelta(minutes=5)
# Long enough to outlast one late scrape, short enough to cost the 5-minute window nothing.
WAIT = timedelta(minutes=1)
# A burn that flickers around its threshold stays one page.
KEEP_FIRING = timedelta(minutes=5)
SEVERITIES = {
    Severity.PAGE: AlertSeverity.CRITICAL,
    Severity.TICKET: AlertSeverity.WARNING,
}


def slo_groups(slo: Slo) -> tuple[RuleGroup, ...]:
    """Render everything that Prometheus computes and watches for one SLO."""
    return (
        RuleGroup(f"{slo.id}:errors", EVALUATION, error_rules(slo)),
        RuleGroup(f"{slo.id}:budget", EVALUATION, budget_rules(slo)),
        RuleGroup(f"{slo.id}:alerts", EVALUATION, alert_rules(slo)),
    )


def error_rules(slo: Slo) -> tuple[RecordingRule, ...]:
    """Record the error ratio over every window that an alert or the budget reads."""
    pairs = {length for pair in slo.burn_windows for length in (pair.short, pair.long)}
    return tuple(
        RecordingRule(
            conventions.error_ratio(window),
            error_ratio(slo.sli, window),
            {**conventions.identity(slo), conventions.WINDOW: duration(window)},
        )
        for window in sorted({CURRENT, slo.period} | pairs)
    )


def budget_rules(slo: Slo) -> tuple[RecordingRule, ...]:
    """Record objective, budget, burn rates and what is left of the budget."""
    identity = conventions.identity(slo)
    budget = f"{conventions.ERROR_BUDGET}{labels(identity)}"
    current = _ratio(slo, CURRENT)
    period = _ratio(slo, slo.period)
    burned = f"{conventions.PERIOD_BURN_RATE}{labels(identity)}"
    expressions = {
        conventions.OBJECTIVE: f"vector({decimal(slo.objective)})",
        conventions.ERROR_BUDGET: f"vector({decimal(slo.budget)})",
        conventions.PERIOD_DAYS: f"vector({slo.period.days})",
        conventions.CURRENT_BURN_RATE: f"{current} / on ({_key()}) group_left () {budget}",
        conventions.PERIOD_BURN_RATE: f"{period} / on ({_key()}) group_left () {budget}",
        conventions.BUDGET_REMAINING: f"1 - {burned}",
    }
    return tuple(RecordingRule(name, expr, identity) for name, expr in expressions.items())


def alert_rules(slo: Slo) -> tuple[AlertingRule, ...]:
    """Alert on each pair of windows; the pairs of a severity share a name and differ by label."""
    return tuple(_alert(slo, pair) for pair in slo.burn_windows)


def alert_name(slo: Slo, severity: Severity) -> str:
    """Name the alert, like `SwipeAvailabilityBudgetBurnPage`."""
    return "".join(part.capitalize() for part in slo.id.split("-")) + (
        f"BudgetBurn{severity.value.capitalize()}"
    )


def _alert(slo: Slo, pair: BurnWindow) -> AlertingRule:
    factor = pair.factor(slo.period)
    limit = decimal(factor * slo.budget)
    long, short = duration(pair.long), duration(pair.short)
    days_left = float(slo.period.days / factor)
    return AlertingRule(
        alert=alert_name(slo, pair.severity),
        expr=(
            f"{_ratio(slo, pair.long)} > {limit} and on ({_key()}) "
            f"{_ratio(slo, pair.short)} > {limit}"
        ),
        severity=SEVERITIES[pair.severity],
        wait=WAIT,
        keep_firing=KEEP_FIRING,
        summary=f"{slo.title} burns its error budget at a rate of {float(factor):g}.",
        description=(
            f"{{{{ $value | humanizePercentage }}}} of the events of the last {long} were bad, and "
            f"more than {percent(factor * slo.budget)} also of the last {short}. "
            f"The objective is {percent(slo.objective)} in {slo.period.days} days; "
            f"at a rate of {float(factor):g} a full budget is gone in {days_left:.3g} days."
        ),
        labels={
            "slo_severity": pair.severity.value,
            "long_window": long,
            "short_window": short,
        },
    )


def _ratio(slo: Slo, window: timedelta) -> str:
    return f"{conventions.error_ratio(window)}{labels(conventions.identity(slo))}"


def _key() -> str:
    return f"{conventions.ID}, {conventions.SERVICE}, {conventions.SLO}"
