"""Alerts of one SLO: its budget burns too fast in two windows at once, or nobody knows.

A short window without events has no ratio, and says neither that a burn is over nor that one has
begun: the last short window that had events speaks for it, as long as the long window reaches. So
a full outage of a service of 12 events an hour, whose 5-minute windows are empty more than a third
of the time, is one page and not three; and its recovery does not page anew with each pause.
Without any event after a burst, the alert ends when the long window or the fewest bad events in it
no longer hold.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.model import (
    MOST_RULES,
    AlertingRule,
    AlertSeverity,
    RecordingRule,
    RuleGroup,
)
from alerts.slo_rules import CURRENT, MINUTE, events_over, key, recorded_ratio, recording_groups
from alerts.words import NO_LINKS, describe_burn
from slo import conventions
from slo.burn import TIMINGS, least_bad
from slo.indicators import RawSli, SliceSli, decimal, total_in
from slo.model import CompositeSli, Severity
from slo.promql import duration, expand, labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alerts.model import Rule
    from alerts.words import Links
    from slo.indicators import Counted
    from slo.model import BurnWindow, Slo

SEVERITIES = {
    Severity.PAGE: AlertSeverity.CRITICAL,
    Severity.TICKET: AlertSeverity.WARNING,
}
KIND, SPEED = "slo_severity", "slo_burn"
FAST, SLOW = "fast", "slow"
NO_DATA = "no_data"
# Its weight, and at most two pairs of counts.
RULES_OF_A_PART = 5
# What nobody sees for so long is told in any case, and nothing sooner than one restart takes.
SOONEST_NO_DATA, LATEST_NO_DATA = timedelta(minutes=10), timedelta(hours=1)


def slo_groups(slo: Slo, links: Links = NO_LINKS) -> tuple[RuleGroup, ...]:
    """Render everything that Prometheus computes and watches for one SLO."""
    alerts = RuleGroup(f"{slo.id}:alerts", MINUTE, alert_rules(slo, links))
    return tuple(part for group in (*recording_groups(slo), alerts) for part in _parts(group))


def _parts(group: RuleGroup) -> Iterator[RuleGroup]:
    """Split a group of too many rules, where the rules of another part of a composite begin."""
    parts: list[list[Rule]] = [[]]
    for rule in group.rules:
        begins = isinstance(rule, RecordingRule) and rule.record == conventions.WEIGHT
        if len(parts[-1]) + (RULES_OF_A_PART if begins else 1) > MOST_RULES:
            parts.append([])
        parts[-1].append(rule)
    for number, rules in enumerate(parts, 1):
        name = group.name if number == 1 else f"{group.name}-{number}"
        yield RuleGroup(name, group.interval, tuple(rules))


def alert_rules(slo: Slo, links: Links = NO_LINKS) -> tuple[AlertingRule, ...]:
    """Alert on each wanted pair of windows, and on silence.

    The pairs of a severity share a name and differ by label.
    """
    wanted = {Severity.PAGE: slo.alerting.page, Severity.TICKET: slo.alerting.ticket}
    pairs = [pair for pair in slo.burn_windows if wanted[pair.severity]]
    burns = tuple(_burn_alert(slo, pair, links) for pair in pairs)
    return (*burns, no_data_alert(slo, links)) if burns else ()


def alert_name(slo: Slo, what: str) -> str:
    """Name an alert, like `SwipeAvailabilityBudgetBurnPage`."""
    given = slo.alerting.name or "".join(part.capitalize() for part in slo.id.split("-"))
    return f"{given}{what}"


def _burn_alert(slo: Slo, pair: BurnWindow, links: Links) -> AlertingRule:
    factor = pair.factor(slo.length)
    limit = decimal(factor * slo.budget)
    name = alert_name(slo, f"BudgetBurn{pair.severity.value.capitalize()}")
    timing = TIMINGS[pair.severity]
    page = pair.severity is Severity.PAGE
    return AlertingRule(
        alert=name,
        expr=(
            f"{recorded_ratio(slo, pair.long)} > {limit}"
            f" and {_matching(slo)} {_last_known(slo, pair)} > {limit}"
            f"{_guard(slo, pair)}"
        ),
        severity=SEVERITIES[pair.severity],
        wait=timing.wait,
        keep_firing=timing.keep_firing,
        summary=f"{slo.title} burns its error budget at a rate of {float(factor):g}.",
        description=describe_burn(slo, pair),
        labels={
            **slo.alerting.labels,
            **(slo.alerting.page_labels if page else slo.alerting.ticket_labels),
            # The series have them already; two services' rules are told apart by them.
            **conventions.identity(slo),
            KIND: pair.severity.value,
            SPEED: _speed(slo, pair),
            "long_window": duration(pair.long),
            "short_window": duration(pair.short),
        },
        annotations={
            **links.of(name, slo),
            **slo.alerting.annotations,
            **(slo.alerting.page_annotations if page else slo.alerting.ticket_annotations),
        },
    )


def _last_known(slo: Slo, pair: BurnWindow) -> str:
    """Write the ratio of the short window, or of the last one in the long window with events."""
    return f"last_over_time({recorded_ratio(slo, pair.short)}[{duration(pair.long)}])"


def _speed(slo: Slo, pair: BurnWindow) -> str:
    """Tell the pair of a severity that sees a burn first from the others, for inhibition."""
    alike = [other.long for other in slo.burn_windows if other.severity is pair.severity]
    return FAST if pair.long == min(alike) else SLOW


def _guard(slo: Slo, pair: BurnWindow) -> str:
    """Ask for a least number of bad events, which may be a little less where it is extrapolated."""
    number = least_bad(slo, pair)
    if not number:
        return ""
    events = events_over(slo, "bad", pair.long)
    if isinstance(slo.sli, CompositeSli):
        events = f"sum without ({conventions.PART}) ({events})"
    return f" and {_matching(slo)} {events} > {number - 0.5}"


def no_data_alert(slo: Slo, links: Links = NO_LINKS) -> AlertingRule:
    """Tell that an indicator has vanished, before its absence could hide what a page is for.

    No traffic is no missing data: counters that do not move are there. Of an SLO with groups it is
    told when all are gone; one that goes may have been removed.
    """
    name = alert_name(slo, "NoData")
    return AlertingRule(
        alert=name,
        expr=_absent(slo),
        severity=AlertSeverity.WARNING,
        wait=no_data_delay(slo),
        keep_firing=TIMINGS[Severity.PAGE].keep_firing,
        summary=f"Nobody can tell whether {slo.title} keeps its objective.",
        description=(
            f"The events of {slo.id} are not counted any more: its targets are gone, their metrics "
            "have changed, or Prometheus does not reach them. No alert about this objective can "
            "fire meanwhile."
        ),
        labels={
            **slo.labels,
            **slo.alerting.labels,
            **slo.alerting.ticket_labels,
            **conventions.identity(slo),
            KIND: NO_DATA,
        },
        annotations={**links.of(name, slo), **slo.alerting.annotations},
    )


def _absent(slo: Slo) -> str:
    match slo.sli:
        case RawSli(error_query=query):
            # Not what is recorded of it: a ratio of nothing is NaN, and is not recorded.
            return f"absent({expand(query, CURRENT)})"
        case CompositeSli(parts=parts):
            return " or ".join(
                _absent_events(slo, part.sli, {conventions.PART: part.name}) for part in parts
            )
    return _absent_events(slo, slo.sli, {})


def _absent_events(slo: Slo, sli: Counted, extra: Mapping[str, str]) -> str:
    if isinstance(sli, SliceSli):
        # A slice without events is none: only what it is made of tells silence from absence.
        return f"absent({total_in(sli.of, MINUTE + slo.scrape_interval, slo.group_by)})"
    selected = labels({**conventions.identity(slo), **extra})
    return f"absent({conventions.total_events(MINUTE)}{selected})"


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


def inhibit_rules(group_labels: tuple[str, ...] = ()) -> list[dict[str, list[str]]]:
    """Mute tickets while the same SLO and group pages, and slow burns while a fast one is told.

    A label that neither alert has counts as equal, so one list serves SLOs with any groups.
    """
    equal = (*conventions.IDENTITY, *group_labels)
    page, ticket = f'{KIND}="{Severity.PAGE}"', f'{KIND}="{Severity.TICKET}"'
    fast, slow = f'{SPEED}="{FAST}"', f'{SPEED}="{SLOW}"'
    muted = (([page], [ticket]), ([page, fast], [page, slow]), ([ticket, fast], [ticket, slow]))
    return [
        {"source_matchers": source, "target_matchers": target, "equal": list(equal)}
        for source, target in muted
    ]


def _matching(slo: Slo) -> str:
    return f"on ({', '.join((key(), *slo.group_by))})"
