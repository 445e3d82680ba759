"""Alerts of one SLO: its budget burns too fast in two windows at once, or nobody knows."""

from __future__ import annotations

from datetime import timedelta
from math import exp
from typing import TYPE_CHECKING

from alerts.model import AlertingRule, AlertSeverity, RuleGroup
from alerts.slo_rules import (
    CURRENT,
    MINUTE,
    events_over,
    key,
    recorded_ratio,
    recording_groups,
    tile,
)
from slo import conventions
from slo.indicators import RawSli, SliceSli, decimal
from slo.model import CompositeSli, Severity
from slo.promql import duration, labels
from slo.report import percent

if TYPE_CHECKING:
    from fractions import Fraction

    from slo.model import BurnWindow, Slo

# Long enough to outlast one late evaluation, short enough to cost the 5-minute window nothing.
WAIT = timedelta(minutes=1)
# A burn that flickers around its threshold stays one page.
KEEP_FIRING = timedelta(minutes=5)
SEVERITIES = {
    Severity.PAGE: AlertSeverity.CRITICAL,
    Severity.TICKET: AlertSeverity.WARNING,
}
# How likely chance alone may reach a threshold in one window of a service that just keeps its word.
CHANCE = 1e-4
MOST_EVENTS = 20
# What nobody sees for so long is told in any case, and nothing sooner than one restart takes.
SOONEST_NO_DATA, LATEST_NO_DATA = timedelta(minutes=10), timedelta(hours=1)


def slo_groups(slo: Slo) -> tuple[RuleGroup, ...]:
    """Render everything that Prometheus computes and watches for one SLO."""
    return (*recording_groups(slo), RuleGroup(f"{slo.id}:alerts", MINUTE, alert_rules(slo)))


def alert_rules(slo: Slo) -> tuple[AlertingRule, ...]:
    """Alert on each wanted pair of windows, and on silence.

    The pairs of a severity share a name and differ by label.
    """
    wanted = {Severity.PAGE: slo.alerting.page, Severity.TICKET: slo.alerting.ticket}
    burns = tuple(_burn_alert(slo, pair) for pair in slo.burn_windows if wanted[pair.severity])
    return (*burns, no_data_alert(slo)) if burns else ()


def alert_name(slo: Slo, what: str) -> str:
    """Name an alert, like `SwipeAvailabilityBudgetBurnPage`."""
    given = slo.alerting.name or "".join(part.capitalize() for part in slo.id.split("-"))
    return f"{given}{what}"


def fewest_bad(factor: Fraction) -> int:
    """Return how many bad events a window must have before somebody is told.

    A service that only just keeps its objective, whose bad events are independent, has on average
    N / factor of them in a window where N of them reach the threshold. This is the smallest N that
    chance reaches less often than once in ten thousand windows (the Poisson distribution): 5 for a
    burn rate of 14.4, so one failure an hour never pages, and a full outage at 12 events an hour
    does after 25 minutes. Rates near 1 are no matter of chance; they need 20.
    """
    for number in range(1, MOST_EVENTS):
        if _reached(number, number / float(factor)) <= CHANCE:
            return number
    return MOST_EVENTS


def _reached(number: int, mean: float) -> float:
    """Return the probability of `number` or more events where `mean` are expected."""
    term, below = exp(-mean), 0.0
    for k in range(number):
        below += term
        term *= mean / (k + 1)
    return 1 - below


def _burn_alert(slo: Slo, pair: BurnWindow) -> AlertingRule:
    factor = pair.factor(slo.length)
    limit = decimal(factor * slo.budget)
    long, short = duration(pair.long), duration(pair.short)
    page = pair.severity is Severity.PAGE
    return AlertingRule(
        alert=alert_name(slo, f"BudgetBurn{pair.severity.value.capitalize()}"),
        expr=(
            f"{recorded_ratio(slo, pair.long)} > {limit}"
            f" and {_matching(slo)} {recorded_ratio(slo, pair.short)} > {limit}"
            f"{_guard(slo, pair)}"
        ),
        severity=SEVERITIES[pair.severity],
        wait=WAIT,
        keep_firing=KEEP_FIRING,
        summary=f"{slo.title} burns its error budget at a rate of {float(factor):g}.",
        description=_describe(slo, pair),
        labels={
            "slo_severity": pair.severity.value,
            "long_window": long,
            "short_window": short,
            **slo.alerting.labels,
            **(slo.alerting.page_labels if page else slo.alerting.ticket_labels),
        },
        annotations=slo.alerting.annotations,
    )


def _guard(slo: Slo, pair: BurnWindow) -> str:
    if isinstance(slo.sli, RawSli | CompositeSli | SliceSli):
        # Nobody knows how many events there were, or they are minutes and never few.
        return ""
    number = fewest_bad(pair.factor(slo.length))
    return f" and {_matching(slo)} {events_over(slo, 'bad', pair.long)} >= {number}"


def _describe(slo: Slo, pair: BurnWindow) -> str:
    factor = pair.factor(slo.length)
    identity = labels(conventions.identity(slo)).replace('"', "'")
    left = f"{conventions.BUDGET_REMAINING}{identity}"
    hours = slo.length / timedelta(hours=1)
    gone = f"{left} * {hours:g} / {conventions.CURRENT_BURN_RATE}{identity} > 0"
    return (
        f"{{{{ $value | humanizePercentage }}}} of the events of the last {duration(pair.long)} "
        f"were bad, and more than {percent(factor * slo.budget)} also of the last "
        f"{duration(pair.short)}. The objective is {percent(slo.objective)} in {slo.length.days} "
        f'days. {{{{ with query "{left}" }}}}{{{{ . | first | value | humanizePercentage }}}} of '
        f'the budget are left{{{{ end }}}}{{{{ with query "{gone}" }}}}, for '
        f'{{{{ . | first | value | printf "%.1f" }}}} hours at the rate of now{{{{ end }}}}.'
    )


def no_data_alert(slo: Slo) -> AlertingRule:
    """Tell that an indicator has vanished, before its absence could hide what a page is for."""
    series = (
        recorded_ratio(slo, CURRENT)
        if isinstance(slo.sli, RawSli)
        else f"{conventions.total_events(tile(slo))}{labels(conventions.identity(slo))}"
    )
    return AlertingRule(
        alert=alert_name(slo, "NoData"),
        expr=f"absent({series})",
        severity=AlertSeverity.WARNING,
        wait=no_data_delay(slo),
        keep_firing=KEEP_FIRING,
        summary=f"Nobody can tell whether {slo.title.lower()} keeps its objective.",
        description=(
            f"The events of {slo.id} are not counted any more: its targets are gone, their metrics "
            "have changed, or Prometheus does not reach them. No alert about this objective can "
            "fire meanwhile."
        ),
        labels={"slo_severity": "no_data", **slo.alerting.labels, **slo.alerting.ticket_labels},
        annotations=slo.alerting.annotations,
    )


def no_data_delay(slo: Slo) -> timedelta:
    """Return how long data may be missing before somebody is told.

    As long as a full outage would need to spend what the fastest alert allows, and between ten
    minutes and an hour: 0.02 of a 30-day budget of 5 % are 43 minutes.
    """
    fastest = min(slo.burn_windows, key=lambda pair: pair.long, default=None)
    if fastest is None:
        return LATEST_NO_DATA
    minutes = int(fastest.budget_spent * slo.budget * int(slo.length / MINUTE))
    return min(max(timedelta(minutes=minutes), SOONEST_NO_DATA), LATEST_NO_DATA)


def _matching(slo: Slo) -> str:
    return f"on ({', '.join((key(), *slo.group_by))})"
