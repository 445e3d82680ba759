"""Recording rules of one SLO: its events minute by minute, error ratios, budget.

Every window longer than five minutes is a sum of recorded minutes, so a quiet hour weighs as little
as it had events, and a month costs Prometheus two short series and not all raw ones.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.calendar import period_start, period_sums
from alerts.model import RecordingRule, RuleGroup
from slo import conventions
from slo.indicators import (
    RawSli,
    SliceSli,
    bad_in,
    decimal,
    error_ratio,
    per_window,
    total_in,
)
from slo.model import Calendar, CompositeSli, Part
from slo.promql import duration, labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo.indicators import Counted
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
    if not isinstance(slo.sli, RawSli):
        yield RuleGroup(f"{slo.id}:events", tile(slo), event_rules(slo))
    short = tuple(ratio_rule(slo, window) for window in windows if window <= SHORT)
    yield RuleGroup(f"{slo.id}:short", MINUTE, short)
    long = tuple(ratio_rule(slo, window) for window in windows if window > SHORT)
    if long:
        yield RuleGroup(f"{slo.id}:long", EVERY_LONG, long)
    yield RuleGroup(f"{slo.id}:period", EVERY_PERIOD, period_rules(slo))
    yield RuleGroup(f"{slo.id}:budget", MINUTE, budget_rules(slo))


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
    range_ = length + slo.scrape_interval
    scale = decimal(per_window(sli, length, slo.scrape_interval))
    times = "" if scale == "1" else f" * {scale}"
    identity = {**_identity(slo), **extra}
    return tuple(
        RecordingRule(name, f"({count(sli, range_, slo.group_by)}){times}", identity)
        for name, count in (
            (conventions.total_events(length), total_in),
            (conventions.bad_events(length), bad_in),
        )
    )


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
    if window <= CURRENT and not isinstance(slo.sli, SliceSli | CompositeSli):
        # From the counters themselves, so that a new SLO has it at once.
        return error_ratio(slo.sli, window, slo.group_by)
    return _weighted(slo, events_over(slo, "bad", window), events_over(slo, "total", window))


def events_over(slo: Slo, which: str, window: timedelta) -> str:
    """Add up the recorded events of a window; `which` is `bad` or `total`."""
    name = {"bad": conventions.bad_events, "total": conventions.total_events}[which](tile(slo))
    return f"sum_over_time({name}{labels(conventions.identity(slo))}[{duration(window)}])"


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
    start = RecordingRule(conventions.PERIOD_START, period_start(slo.period), _identity(slo))
    bad, total = (
        period_sums(slo, conventions.bad_events(tile(slo)), tile(slo)),
        period_sums(slo, conventions.total_events(tile(slo)), tile(slo)),
    )
    window_labels = {**_identity(slo), conventions.WINDOW: duration(slo.length)}
    name = conventions.error_ratio(slo.length)
    return start, RecordingRule(name, _weighted(slo, bad, total), window_labels)


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
