"""Recording rules of one SLO: its events minute by minute, error ratios, budget.

Every window is a sum of recorded minutes, so a quiet hour weighs as little as it had events, and a
month costs Prometheus two short series and not all raw ones.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.calendar import period_start, period_sums
from alerts.model import MOST_RULES, RecordingRule, RuleGroup
from slo import conventions
from slo.growth import events_in_tile
from slo.indicators import (
    RawSli,
    SliceSli,
    decimal,
    error_ratio,
)
from slo.model import Calendar, CompositeSli, Part
from slo.promql import duration, labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo.indicators import Counted, Simple
    from slo.model import Slo

MINUTE = timedelta(minutes=1)
CURRENT = timedelta(minutes=5)
# Windows up to here are looked at every minute; longer ones move too slowly for that.
SHORT = timedelta(hours=2)
EVERY_LONG = timedelta(minutes=2)
EVERY_PERIOD = timedelta(minutes=4)


def recording_groups(slo: Slo) -> Iterator[RuleGroup]:
    """Render what Prometheus computes for one SLO, in the order in which it feeds each other."""
    windows = alert_windows(slo)
    yield from _event_groups(slo)
    short = tuple(ratio_rule(slo, window) for window in windows if window <= SHORT)
    yield RuleGroup(f"{slo.id}:short", MINUTE, short)
    long = tuple(ratio_rule(slo, window) for window in windows if window > SHORT)
    if long:
        yield RuleGroup(f"{slo.id}:long", EVERY_LONG, long)
    if isinstance(slo.period, Calendar) or slo.length not in windows:
        yield RuleGroup(f"{slo.id}:period", EVERY_PERIOD, period_rules(slo))
    yield RuleGroup(f"{slo.id}:budget", MINUTE, budget_rules(slo))


def _event_groups(slo: Slo) -> Iterator[RuleGroup]:
    """Keep the rules of one part together: the second of two reads what the first recorded."""
    if isinstance(slo.sli, CompositeSli):
        rules = [tuple(_part_rules(slo, part)) for part in slo.sli.parts]
        together = MOST_RULES // max(map(len, rules))
        for first in range(0, len(rules), together):
            name = f"{slo.id}:events" + (f"-{1 + first // together}" if first else "")
            some = (rule for part in rules[first : first + together] for rule in part)
            yield RuleGroup(name, tile(slo), tuple(some))
    elif not isinstance(slo.sli, RawSli):
        yield RuleGroup(f"{slo.id}:events", tile(slo), event_rules(slo))


def alert_windows(slo: Slo) -> list[timedelta]:
    """List the windows that alerts read, and the current one."""
    pairs = {length for pair in slo.burn_windows for length in (pair.short, pair.long)}
    return sorted({CURRENT} | pairs)


def tile(slo: Slo) -> timedelta:
    """Return how much time one recorded count covers."""
    return slo.sli.length if isinstance(slo.sli, SliceSli) else MINUTE


def event_rules(slo: Slo) -> tuple[RecordingRule, ...]:
    """Record how many events there were in each tile, and how many of them were bad."""
    if isinstance(slo.sli, CompositeSli):
        return tuple(rule for part in slo.sli.parts for rule in _part_rules(slo, part))
    assert not isinstance(slo.sli, RawSli)  # noqa: S101  # it has no events
    return _event_rules(slo, slo.sli, {})


def _part_rules(slo: Slo, part: Part) -> Iterator[RecordingRule]:
    identity = {**_identity(slo), conventions.PART: part.name}
    yield RecordingRule(conventions.WEIGHT, f"vector({decimal(part.weight)})", identity)
    yield from _event_rules(slo, part.sli, {conventions.PART: part.name})


def _event_rules(slo: Slo, sli: Counted, extra: dict[str, str]) -> tuple[RecordingRule, ...]:
    length = tile(slo)
    names = conventions.total_events(length), conventions.bad_events(length)
    if not isinstance(sli, SliceSli):
        return _count_rules(slo, sli, length, names, extra)
    inner = conventions.slice_total_events(sli.length), conventions.slice_bad_events(sli.length)
    total, bad = (_just_recorded(slo, name, extra) for name in inner)
    identity = {**_identity(slo), **extra}
    limit = decimal(1 - sli.target)
    return (
        *_count_rules(slo, sli.of, sli.length, inner, extra),
        RecordingRule(names[0], f"0 * ({total} > 0) + 1", identity),
        RecordingRule(names[1], f"{bad} / ({total} > 0) > bool {limit}", identity),
    )


def _count_rules(
    slo: Slo, sli: Simple, length: timedelta, names: tuple[str, str], extra: dict[str, str]
) -> tuple[RecordingRule, RecordingRule]:
    identity, recorded = {**_identity(slo), **extra}, _just_recorded(slo, names[0], extra)
    total, bad = events_in_tile(sli, length, slo.scrape_interval, slo.group_by, recorded)
    return RecordingRule(names[0], total, identity), RecordingRule(names[1], bad, identity)


def _just_recorded(slo: Slo, name: str, extra: dict[str, str]) -> str:
    """Select what an earlier rule of the same group has recorded, without what it added."""
    selected = labels({**conventions.identity(slo), **extra})
    return f"sum without ({', '.join({**_identity(slo), **extra})}) ({name}{selected})"


def ratio_rule(slo: Slo, window: timedelta) -> RecordingRule:
    """Record the error ratio over a window."""
    window_labels = {**_identity(slo), conventions.WINDOW: duration(window)}
    return RecordingRule(conventions.error_ratio(window), ratio(slo, window), window_labels)


def ratio(slo: Slo, window: timedelta) -> str:
    """Write the error ratio over a window: 0 while nothing fails, absent while nothing happens."""
    if isinstance(slo.sli, RawSli):
        if window <= SHORT:
            return error_ratio(slo.sli, window)
        return f"avg_over_time({recorded_ratio(slo, CURRENT)}[{duration(window)}])"
    return _weighted(slo, events_over(slo, "bad", window), events_over(slo, "total", window))


def events_over(slo: Slo, which: str, window: timedelta) -> str:
    """Add up the recorded events of a window; `which` is `bad` or `total`."""
    name = {"bad": conventions.bad_events, "total": conventions.total_events}[which](tile(slo))
    # A window shorter than a slice would be empty most of the time.
    span = duration(max(window, tile(slo)))
    return f"sum_over_time({name}{labels(conventions.identity(slo))}[{span}])"


def _weighted(slo: Slo, bad: str, total: str) -> str:
    if not isinstance(slo.sli, CompositeSli):
        return f"{bad} / ({total} > 0)"
    ratio_ = f"{bad} / ({total} > 0)"
    weight = f"{conventions.WEIGHT}{labels(conventions.identity(slo))}"
    part = f"{conventions.ID}, {conventions.PART}"
    joined = f"* on ({part}) group_left () {weight}"
    without = f"sum without ({conventions.PART})"
    return f"{without} ({ratio_} {joined}) / {without} (({total} > bool 0) {joined} > 0)"


def period_rules(slo: Slo) -> tuple[RecordingRule, ...]:
    """Record the error ratio of the whole period."""
    if not isinstance(slo.period, Calendar):
        return (ratio_rule(slo, slo.length),)
    counts = {
        conventions.PERIOD_TOTAL: conventions.total_events(tile(slo)),
        conventions.PERIOD_BAD: conventions.bad_events(tile(slo)),
    }
    selected = labels(conventions.identity(slo))
    bad, total = f"{conventions.PERIOD_BAD}{selected}", f"{conventions.PERIOD_TOTAL}{selected}"
    window_labels = {**_identity(slo), conventions.WINDOW: duration(slo.length)}
    name = conventions.error_ratio(slo.length)
    return (
        RecordingRule(conventions.PERIOD_START, period_start(slo.period), _identity(slo)),
        *(RecordingRule(k, period_sums(slo, v), _identity(slo)) for k, v in counts.items()),
        RecordingRule(name, _weighted(slo, bad, total), window_labels),
    )


def budget_rules(slo: Slo) -> tuple[RecordingRule, ...]:
    """Record objective, budget, burn rates and what is left of the budget."""
    identity = conventions.identity(slo)
    budget = f"{conventions.ERROR_BUDGET}{labels(identity)}"
    burned = f"{conventions.PERIOD_BURN_RATE}{labels(identity)}"
    per_budget = f"/ on ({key()}) group_left () {budget}"
    expressions = {
        conventions.OBJECTIVE: f"vector({decimal(slo.objective)})",
        conventions.ERROR_BUDGET: f"vector({decimal(slo.budget)})",
        conventions.PERIOD_DAYS: f"vector({slo.length.days})",
        conventions.CURRENT_BURN_RATE: f"{recorded_ratio(slo, CURRENT)} {per_budget}",
        conventions.PERIOD_BURN_RATE: f"{recorded_ratio(slo, slo.length)} {per_budget}",
        conventions.BUDGET_REMAINING: f"1 - {burned}",
    }
    return tuple(RecordingRule(name, expr, _identity(slo)) for name, expr in expressions.items())


def recorded_ratio(slo: Slo, window: timedelta) -> str:
    """Select the recorded error ratio of a window."""
    return f"{conventions.error_ratio(window)}{labels(conventions.identity(slo))}"


def key() -> str:
    """Name the labels that tell SLOs apart."""
    return f"{conventions.ID}, {conventions.SERVICE}, {conventions.SLO}"


def _identity(slo: Slo) -> dict[str, str]:
    return {**slo.labels, **conventions.identity(slo)}
