"""Values and moments of a rehearsal: what is good, bad and almost bad, and since when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.counting import Changes
from alerts.derived import Average, Surge, Total
from alerts.levels import Missing
from alerts.samples import MINUTE
from alerts.signal import Unit
from alerts.watch import Past

if TYPE_CHECKING:
    from alerts.watch import Watch

FAST_SAMPLES = timedelta(seconds=15)
# Promtool loads no more than ten thousand samples at once.
SLOW_SAMPLES = timedelta(minutes=10)
# Three in the five minutes that a rate looks back.
FEW_SAMPLES = timedelta(minutes=2)
# Rules that look back for longer are evaluated by the hour.
SHORT = timedelta(hours=2)
HOUR = timedelta(hours=1)
# What has no sample any more is believed for so long.
LOOKBACK = timedelta(minutes=5)
# How far past its threshold, or short of it, a value is.
NEAR = 0.02
QUIET_MINUTES = 20
# Bad values of a mean begin between two evaluations.
HALF_STEP = 30
# How many times its threshold a mean or a sum of days is given; half of a window is not enough.
STEEP = 1.6
# Keeps a share of a window from being a matter of rounding.
ROUNDING = 0.001


def step_of(watch: Watch) -> timedelta:
    """Return how far evaluations are apart."""
    return MINUTE if watch.signal.of.window <= SHORT else HOUR


def samples_of(watch: Watch) -> timedelta:
    """Return how far samples are apart."""
    of = watch.signal.of
    if of.window <= SHORT:
        return FAST_SAMPLES
    # What is recorded before its mean is taken may look back for minutes only.
    return FEW_SAMPLES if isinstance(of, Average | Total) and of.of.window else SLOW_SAMPLES


def window_of(watch: Watch) -> int:
    """Return how many minutes a value must have lasted to be the signal's own."""
    return int(watch.signal.of.window / MINUTE)


def round_up(watch: Watch, length: timedelta) -> int:
    """Return a length in minutes, up to the next evaluation."""
    return int(-(-length // step_of(watch)) * step_of(watch) / MINUTE)


def minutes_before(watch: Watch) -> int:
    """Return after how many minutes the signal is what it would be had it always been watched."""
    of = watch.signal.of
    if isinstance(of, Average | Total):
        return window_of(watch) + HALF_STEP
    lasted = of.day + of.gap if isinstance(of, Surge) else max(of.window, QUIET_MINUTES * MINUTE)
    return round_up(watch, lasted)


def minutes_to_pass(watch: Watch) -> int:
    """Return after how many minutes of bad values a signal is past its threshold."""
    match watch.signal.of:
        case Missing():
            return int(LOOKBACK / MINUTE)
        case Average() | Total():
            share = 1 / STEEP if watch.past is Past.ABOVE else 1 - 1 / STEEP
            return round(window_of(watch) * share) + HALF_STEP
        case Changes() as of:
            return -(-int(watch.threshold) * of.period(bad_value(watch), FAST_SAMPLES) // MINUTE)
    return window_of(watch) if watch.threshold else 0


def good_value(watch: Watch) -> float:
    """Return a value far from the threshold."""
    if watch.past is Past.ABOVE:
        return 0.0
    if isinstance(watch.signal.of, Average | Total):
        return STEEP * float(watch.threshold) * (1 + ROUNDING)
    twice = float(watch.threshold) * 2
    return min(twice, 1.0) if watch.signal.unit is Unit.SHARE else twice


def bad_value(watch: Watch) -> float:
    """Return a value past the threshold, as near as its aggregation can tell."""
    if not watch.threshold:
        return 1.0
    if isinstance(watch.signal.of, Changes):
        return float(watch.threshold) + 1
    if isinstance(watch.signal.of, Average | Total):
        # Past it once some of the window is full, whether its first sample counts or not.
        return STEEP * float(watch.threshold) * (1 - ROUNDING) if watch.past is Past.ABOVE else 0.0
    side = 1 if watch.past is Past.ABOVE else -1
    return float(watch.threshold) * (1 + side * _margin(watch))


def almost_bad(watch: Watch) -> float:
    """Return the threshold itself, or a little less where it would be a matter of rounding."""
    if not watch.signal.of.window:
        return float(watch.threshold)
    if isinstance(watch.signal.of, Changes):
        return float(watch.threshold) - 1
    side = -1 if watch.past is Past.ABOVE else 1
    return float(watch.threshold) * (1 + side * _margin(watch))


def _margin(watch: Watch) -> float:
    """Return a share by which a value is past its threshold only once its window is full of it."""
    if isinstance(watch.signal.of, Average | Total):
        return NEAR
    evaluations = max(watch.signal.of.window / step_of(watch), 1.0)
    return min(NEAR, 0.4 / evaluations)
