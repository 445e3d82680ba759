"""Results of backtests for programs and for people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.table import Table

from slo.backtest import wanted_pairs
from slo.promql import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slo.backtest import Backtest, Firing
    from slo.model import BurnWindow

NONE = "–"


def document(result: Backtest) -> dict[str, Any]:
    """Return what became of one objective on one traffic, and of each of its alerts."""
    traffic, minutes = result.traffic, len(result.traffic.total)
    return {
        "slo": result.slo.id,
        "service": result.slo.service,
        "traffic": traffic.name,
        "from": moment(result, 0),
        "to": moment(result, minutes),
        "minutes": minutes,
        "minutes_without_data": traffic.missing,
        "events": sum(traffic.total),
        "bad": sum(traffic.bad),
        "budget_spent": round(result.spent, 6),
        "fired": len(result.firings),
        "wrong": sum(firing.wrong for firing in result.firings),
        "alerts": [_alert(result, pair) for pair in wanted_pairs(result.slo)],
    }


def _alert(result: Backtest, pair: BurnWindow) -> dict[str, Any]:
    firings = firings_of(result, pair)
    return {
        "severity": pair.severity.value,
        "windows": windows_text(pair),
        "factor": float(pair.factor(result.slo.length)),
        "fired": len(firings),
        "wrong": sum(firing.wrong for firing in firings),
        "first_after_minutes": result.delay(pair),
        "firings": [_firing(result, firing) for firing in firings],
    }


def _firing(result: Backtest, firing: Firing) -> dict[str, Any]:
    return {
        "minute": firing.fired,
        "at": moment(result, firing.fired),
        "budget_gone": round(firing.gone, 6),
        "budget_spent": round(firing.spent, 6),
        "wrong": firing.wrong,
        "reset_after_minutes": None if firing.ended is None else firing.ended - firing.fired,
        "reset_at": None if firing.ended is None else moment(result, firing.ended),
    }


def moment(result: Backtest, minute: int) -> str | None:
    """Write when a minute of recorded traffic was, in UTC; made-up traffic has no date."""
    if result.traffic.begins is None:
        return None
    return f"{result.traffic.begins + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"


def firings_of(result: Backtest, pair: BurnWindow) -> list[Firing]:
    """Return the times that one pair of windows fired."""
    return [firing for firing in result.firings if firing.pair == pair]


def windows_text(pair: BurnWindow) -> str:
    """Name a pair of windows, like `1h/5m`."""
    return f"{duration(pair.long)}/{duration(pair.short)}"


def table(results: Sequence[Backtest]) -> Table:
    """Lay out one line an objective, and one for each of its alerts under it."""
    found = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("SLO", "traffic", "alert"):
        found.add_column(heading, no_wrap=True)
    for heading in ("fired", "wrong", "first", "budget gone", "reset after"):
        found.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        for row in _rows(result):
            found.add_row(*row)
    return found


def _rows(result: Backtest) -> Iterator[tuple[str, ...]]:
    wrong = sum(firing.wrong for firing in result.firings)
    yield (
        f"[bold]{result.slo.id}[/]",
        result.traffic.name.replace("[", r"\["),
        "all, in the end",
        str(len(result.firings)),
        str(wrong),
        "",
        _percent(result.spent),
        "",
    )
    for pair in wanted_pairs(result.slo):
        firings = firings_of(result, pair)
        first = firings[0] if firings else None
        yield (
            "",
            "",
            f"{pair.severity.value} {windows_text(pair)}",
            str(len(firings)),
            str(sum(firing.wrong for firing in firings)),
            NONE if first is None else _when(result, first),
            NONE if first is None else _percent(first.gone),
            NONE if first is None else _reset(first),
        )


def _when(result: Backtest, first: Firing) -> str:
    """Say when an alert fired first: the moment, or how long after the trouble began."""
    begins, delay = result.traffic.begins, result.delay(first.pair)
    if begins is not None:
        return f"{begins + timedelta(minutes=first.fired):%Y-%m-%d %H:%M}"
    return f"minute {first.fired}" if delay is None else f"after {_span(delay)}"


def _reset(first: Firing) -> str:
    return "still fires" if first.ended is None else _span(first.ended - first.fired)


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d} m" if hours else f"{rest} m"


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"
