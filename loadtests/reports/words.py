"""The words that reports share: numbers with their units, one line of text, an address."""

from __future__ import annotations

import math
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from loadtests.rules.limits import Absolute, Budget, Promise, Relative
from loadtests.rules.measures import Errors, OfSlo, Quantile, Query, Rate, Under, Worse
from loadtests.rules.units import Unit

if TYPE_CHECKING:
    from datetime import datetime

    from loadtests.judging.model import Ruling
    from loadtests.rules.model import Rule

DASH = "–"
CREDENTIALS = re.compile(r"(?<=://)[^\s/?#]*@")
# Latencies are measured to three digits.
DIGITS = {Unit.SECONDS: 4, Unit.RATIO: 6, Unit.PER_SECOND: 6, Unit.COUNT: 12}
UNIT_NAMES = {
    Unit.SECONDS: "seconds",
    Unit.RATIO: "ratio",
    Unit.PER_SECOND: "per_second",
    Unit.COUNT: "count",
}


def without_credentials(text: str) -> str:
    """Leave out the user and the password of every address in a text."""
    return CREDENTIALS.sub("", text)


def visible(text: str) -> str:
    """Write a text in its lines without anything invisible, and without credentials."""
    return without_credentials("".join(c if c.isprintable() or c == "\n" else " " for c in text))


def plain(text: str) -> str:
    """Write a text in one line without anything invisible, and without credentials."""
    return " ".join(visible(text).split())


def address(url: str) -> str:
    """Write where a server is, and nothing else of its address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"
    return plain(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


def amount(value: float | None, unit: Unit, worse: Worse = Worse.HIGHER) -> str:
    """Write a number with its unit, rounded to where it is worse: never to a limit that it broke.

    Seconds are written as milliseconds below 1, a ratio as a percentage.
    """
    if value is None or math.isnan(value):
        return DASH
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    # As written: 0.95 in binary lies below 95 %.
    exact, size = Decimal(str(value)), unit.value
    if unit is Unit.SECONDS and abs(value) < 1:
        exact, size = exact * 1000, "ms"
    elif unit is Unit.RATIO:
        exact *= 100
    elif unit is Unit.COUNT:
        size = ""
    rounding = ROUND_CEILING if worse is Worse.HIGHER else ROUND_FLOOR
    short = Context(prec=DIGITS[unit], rounding=rounding).plus(exact)
    return f"{short.normalize():,f} {size}".rstrip()


def seconds(value: float | None) -> str:
    """Write a duration."""
    return amount(value, Unit.SECONDS)


def count(value: float | None) -> str:
    """Write a count of events; extrapolated ones have a fraction."""
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def interval(ruling: Ruling) -> str:
    """Write what a measured value may really be."""
    sides = (ruling.low, ruling.high)
    low, high = (
        None if side is None or not math.isfinite(side) else of_rule(side, ruling.rule)
        for side in sides
    )
    if low and high:
        return f"{low} … {high}"
    if low or high:
        return f"from {low}" if low else f"up to {high}"
    return DASH if sides == (None, None) else "unbounded"


def direction(rule: Rule) -> Worse:
    """Return where a rule's number gets worse; of a limit on the budget it is what is spent."""
    return Worse.HIGHER if isinstance(rule.limit, Budget) else rule.measure.worse


def of_rule(value: float | None, rule: Rule) -> str:
    """Write a number of a rule in its unit."""
    return amount(value, rule.measure.unit, direction(rule))


def compared(ruling: Ruling) -> str:
    """Write the value of the baseline, and how far the measured one is from it."""
    base, found = ruling.compared, ruling.measured
    if base is None:
        return DASH
    text = amount(base, ruling.rule.measure.unit)
    if not base or found is None or not (math.isfinite(base) and math.isfinite(found)):
        return text
    return f"{text} ({found / base - 1:+.1%})".replace("%", " %")


def samples(ruling: Ruling) -> str:
    """Write how many events are behind it, and how many it takes where these are too few."""
    few = ruling.minimum is not None and (ruling.samples or 0) < ruling.minimum
    return count(ruling.samples) + (f" of {ruling.minimum:,}" if few else "")


def window(started: datetime | None, ended: datetime | None) -> str:
    """Write when something was measured."""
    if started is None or ended is None:
        return DASH
    length = (ended - started).total_seconds()
    return f"{started:%Y-%m-%d %H:%M:%S} – {ended:%H:%M:%S} {started:%Z} ({length:g} s)"


def what(rule: Rule) -> str:
    """Say in a phrase what a rule measures."""
    match rule.measure:
        case Under() as measure:
            return f"answers to {measure.operation} within {measure.threshold}"
        case Quantile() as measure:
            return f"p{float(measure.share * 100):g} latency of {measure.operation}"
        case Errors() as measure:
            return f"errors of {measure.operation}"
        case Rate() as measure:
            return f"answered rate of {measure.operation}"
        case OfSlo() as measure:
            spent = isinstance(rule.limit, Budget)
            return f"{'error budget spent' if spent else 'good events'} of {measure.slo.id}"
        case Query() as measure:
            return f"the query {measure.expression}"


def fails_at(ruling: Ruling) -> float | None:
    """Return the number past which a rule fails, in its unit; None without a baseline.

    Relative to a baseline it is where both the tolerance and the floor are passed.
    """
    rule, base = ruling.rule, ruling.compared
    match rule.limit, rule.measure:
        case (Absolute() | Budget()) as limit, _:
            return float(limit.fail.value)
        case Promise(), OfSlo() as level:
            return float(level.slo.objective)
        case Relative() as relative, measure if base is not None:
            up = measure.worse is Worse.HIGHER
            change = max(base * float(relative.fail.tolerance), float(relative.fail.floor.value))
            return base + change if up else base - change
    return None
