"""Panels of signals: the recorded series, its unit and words, and the thresholds of its alerts.

Nothing here repeats what a signal or a watch says, so a panel cannot show another limit than the
one at which somebody is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, Unpack

from alerts.components.registry import WATCHES
from alerts.model import AlertSeverity
from alerts.signal import Unit
from alerts.watch import Past
from dashboards.links import logs, runbook, traces
from dashboards.model import FINE, Kind, Panel, Query, State, Threshold, Thresholds
from dashboards.queries import INSTANCE, JOB
from slo.promql import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alerts.signal import Signal
    from alerts.watch import Watch

COLORS = {
    AlertSeverity.INFO: "blue",
    AlertSeverity.WARNING: "orange",
    AlertSeverity.CRITICAL: "red",
}
GRAVEST = tuple(COLORS)
# A share reaches from nothing to all.
SHARE_ENDS = (0.0, 1.0)
DOWN_OR_UP = (State(0, "down", "red"), State(1, "up", "green"))


class Shape(TypedDict, total=False):
    """What a panel may say for itself."""

    width: int
    height: int
    states: tuple[State, ...]
    stacked: bool
    low: float | None
    high: float | None
    nothing: str


class Look(Shape, total=False):
    """What a panel of signals may say for itself, besides: all else is theirs."""

    key: str
    title: str
    description: str
    more: tuple[Query, ...]
    # What the series of each signal are called, in place of its title and labels.
    legends: tuple[str, ...]


def timeseries(*signals: Signal, **look: Unpack[Look]) -> Panel:
    """Draw signals over time, with a line where each of their alerts begins."""
    return _panel(Kind.TIME_SERIES, signals, look)


def stat(*signals: Signal, **look: Unpack[Look]) -> Panel:
    """Show the last value of signals, coloured by their alerts."""
    return _panel(Kind.STAT, signals, look)


def gauge(*signals: Signal, **look: Unpack[Look]) -> Panel:
    """Show the last value of signals between its ends."""
    return _panel(Kind.GAUGE, signals, look)


def state_timeline(*signals: Signal, **look: Unpack[Look]) -> Panel:
    """Show when signals were in which state."""
    return _panel(Kind.STATE_TIMELINE, signals, look)


def table(by: str, *signals: Signal, **look: Unpack[Look]) -> Panel:
    """List the last values of signals: a row for each value of a label, a column for each signal.

    Of several series with that value the worst counts.
    """
    watches = [watch for signal in signals for watch in watches_of(signal)]
    return Panel(
        key=look["key"],
        title=look["title"],
        description=_with_alerts(look["description"], watches),
        kind=Kind.TABLE,
        unit=Unit.NUMBER,
        queries=tuple(column(by, signal) for signal in signals),
        width=look.get("width", 12),
        height=look.get("height", 8),
        columns=((by, by.capitalize()),),
        nothing=look.get("nothing", ""),
        links=tuple(runbook(watch.alert) for watch in watches),
    )


def column(by: str, signal: Signal) -> Query:
    """Ask for a signal as a column of a table, coloured by its alerts."""
    watches = watches_of(signal)
    worst = "min" if any(watch.past is Past.BELOW for watch in watches) else "max"
    return Query(
        expr=f"{worst} by ({by}) ({series(signal)})",
        legend=signal.title,
        instant=True,
        unit=signal.unit,
        thresholds=thresholds(watches) if watches else None,
    )


def _panel(kind: Kind, signals: Sequence[Signal], look: Look) -> Panel:
    first = signals[0]
    unit = first.unit
    said = look.get("description", " ".join(signal.description for signal in signals))
    watches = [watch for signal in signals for watch in watches_of(signal)]
    instant = kind in (Kind.STAT, Kind.GAUGE)
    alike = [signal for signal in signals if signal.unit is unit]
    # Several values with a limit each cannot share one scale of colours; lines can.
    together = alike if kind is Kind.TIME_SERIES else [first]
    low, high = SHARE_ENDS if unit is Unit.SHARE else (0.0, None)
    return Panel(
        key=look.get("key", first.shown_in or first.record),
        title=look.get("title", first.title),
        description=_with_alerts(said, watches),
        kind=kind,
        unit=unit,
        queries=(
            *_recorded(signals, together, look, instant=instant),
            *look.get("more", ()),
        ),
        width=look.get("width", 12),
        height=look.get("height", 8),
        thresholds=_shared(together),
        states=look.get("states", ()),
        low=look.get("low", low),
        high=look.get("high", high),
        stacked=look.get("stacked", False),
        nothing=look.get("nothing", ""),
        links=(*(runbook(watch.alert) for watch in watches), logs(), traces()),
    )


def _recorded(
    signals: Sequence[Signal], together: Sequence[Signal], look: Look, *, instant: bool
) -> Iterator[Query]:
    """Ask for signals as they are recorded, those of other limits or units with their own."""
    alone = len(signals) == 1 and "more" not in look
    unit = signals[0].unit
    legends = look.get("legends", tuple(legend(signal, alone=alone) for signal in signals))
    for signal, name in zip(signals, legends, strict=True):
        yield Query(
            expr=series(signal),
            legend=name,
            instant=instant,
            unit=signal.unit if signal.unit is not unit else None,
            thresholds=None if signal in together else thresholds(watches_of(signal)),
        )


def legend(signal: Signal, *, alone: bool) -> str:
    """Name the series of a signal by their labels, and by its title where there are others."""
    # An instance has one job; a pool or a policy of the same name is in several.
    told = [name for name in signal.labels if name != "job" or INSTANCE.label not in signal.labels]
    title = () if alone and told else (signal.title,)
    return " ".join((*title, *(f"{{{{{name}}}}}" for name in told)))


def series(signal: Signal) -> str:
    """Select a recorded signal of the jobs and instances that the reader has chosen."""
    chosen = [matcher for matcher in (JOB, INSTANCE) if matcher.label in signal.labels]
    return signal.record + (f"{{{','.join(map(str, chosen))}}}" if chosen else "")


def watches_of(signal: Signal) -> list[Watch]:
    """List the alerts on a signal."""
    return [watch for watch in WATCHES if watch.signal == signal]


def thresholds(watches: Sequence[Watch]) -> Thresholds:
    """Colour values as the alerts on them are grave; of two at one value, as the graver.

    Grafana's colours begin at a value and not past it: what must not be above 0 gets a line only.
    """
    gravest: dict[float, AlertSeverity] = {}
    for watch in watches:
        value = float(watch.threshold)
        known = gravest.get(value, watch.severity)
        gravest[value] = max(known, watch.severity, key=GRAVEST.index)
    limits = sorted(gravest)
    colors = [COLORS[gravest[limit]] for limit in limits]
    sides = {watch.past for watch in watches}
    if len(sides) > 1:
        raise ValueError("alerts above and below their limits cannot share one scale of colours")
    if Past.BELOW in sides:
        colors = [*colors, FINE]
        return Thresholds(colors[0], tuple(map(Threshold, limits, colors[1:])))
    return Thresholds(FINE, tuple(map(Threshold, limits, colors)), area=0.0 not in limits)


def _shared(signals: Sequence[Signal]) -> Thresholds:
    """Merge the limits of signals, or draw none where the graver one is the lower one.

    Past both, the colour would be that of the milder alert.
    """
    watches = [watch for signal in signals for watch in watches_of(signal)]
    found = thresholds(watches)
    colors = [found.base, *(step.color for step in found.steps)]
    gravity = [list(COLORS.values()).index(color) for color in colors if color != FINE]
    falls = any(watch.past is Past.BELOW for watch in watches)
    return found if gravity == sorted(gravity, reverse=falls) else Thresholds()


def _with_alerts(description: str, watches: Sequence[Watch]) -> str:
    if not watches:
        return description
    return f"{description} Alerts: {'; '.join(map(_alert, watches))}."


def _alert(watch: Watch) -> str:
    side = "above" if watch.past is Past.ABOVE else "below"
    limit = _limit(watch)
    since = f" for {duration(watch.wait)}" if watch.wait else ""
    return f"{watch.alert} ({watch.severity}, {side} {limit}{since})"


def _limit(watch: Watch) -> str:
    value, unit = float(watch.threshold), watch.signal.unit
    if unit is Unit.SHARE:
        return f"{value * 100:g} %"
    return f"{value:g} {unit}" if unit in (Unit.SECONDS, Unit.HOURS, Unit.DAYS) else f"{value:g}"
