"""How far the difference of two ratios can be trusted."""

from __future__ import annotations

from math import hypot

from slo.statistics.intervals import CONFIDENCE, Interval, ratio_interval


def difference_interval(
    one: tuple[float, float], other: tuple[float, float], confidence: float = CONFIDENCE
) -> Interval:
    """Return the interval of the first ratio less the second; each is (bad events, all events).

    Without events on a side there is no value. Raises like `ratio_interval`. Formula: R. G.
    Newcombe, Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17 (1998), 873-890, method 10.
    """
    a, b = (ratio_interval(*counts, confidence) for counts in (one, other))
    samples = min(a.samples, b.samples)
    if a.value is None or b.value is None:
        return Interval(None, a.low - b.high, a.high - b.low, samples)
    value = a.value - b.value
    low = value - hypot(a.value - a.low, b.high - b.value)
    high = value + hypot(a.high - a.value, b.value - b.low)
    # Rounding may step over what a difference can be.
    return Interval(value, max(-1.0, low), min(1.0, high), samples)
