"""Rehearsals of one watch: at its threshold and just short of it, its end, its floor, no data.

Each is written from the declaration alone: series that give the signal its values, and the minutes
at which somebody must have been told, or must not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.counting import Changes, Increase
from alerts.derived import Average, Surge, Total
from alerts.levels import Alive, Always, Missing
from alerts.samples import MINUTE, Course, Stage
from alerts.signal import Unit
from alerts.watch import Past
from slo.promql import labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.aggregation import Aggregation
    from alerts.watch import Floor, Watch

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
# Keeps what is half of something from being a matter of rounding.
ROUNDING = 0.001
# Above a floor, and below it.
ENOUGH, TOO_LITTLE = 10.0, 0.5


@dataclass(frozen=True, slots=True)
class WatchCase:
    """Series, and how many alerts must be firing, or pending, at some of the minutes."""

    name: str
    step: timedelta
    samples: timedelta
    inputs: dict[str, str]
    checks: tuple[tuple[int, str, int], ...]

    def document(self) -> dict[str, object]:
        """Return the case as promtool reads it."""
        return {
            "name": self.name,
            "interval": f"{self.samples.total_seconds():g}s",
            "input_series": [
                {"series": series, "values": values} for series, values in self.inputs.items()
            ],
            "promql_expr_test": [
                {
                    "expr": f"{expression} # {self.name}",
                    "eval_time": f"{minute}m",
                    "exp_samples": [{"labels": "{}", "value": value}],
                }
                for minute, expression, value in self.checks
            ],
        }


def watch_cases(watch: Watch) -> Iterator[WatchCase]:
    """Yield every rehearsal of a watch."""
    yield _without_data(watch)
    if isinstance(watch.signal.of, Always):
        return
    yield _past_its_threshold(watch)
    yield _back_again(watch)
    yield _short_of_it(watch)
    if watch.floor is not None:
        yield _below_its_floor(watch, watch.floor)


def _without_data(watch: Watch) -> WatchCase:
    value = _without(watch.signal.of)
    told = value is not None and (value > watch.threshold) is (watch.past is Past.ABOVE)
    of = watch.signal.of
    number = len(of.of) if isinstance(of, Missing) else 1
    minutes = _round_up(watch, watch.wait + HOUR)
    check = (minutes, _count(watch, "firing"), number * told)
    return _case(watch, "no data", {}, (check,))


def _without(of: Aggregation) -> float | None:
    """Return the value of a signal while nothing is there to measure."""
    match of:
        case Always() | Missing():
            return 1.0
        case Alive():
            return 0.0
    return None


def _past_its_threshold(watch: Watch) -> WatchCase:
    step, begin, told = _moments(watch)
    past = told - int(watch.wait / MINUTE)
    inputs = _inputs(watch, (_good(watch), begin), (_bad(watch), told - begin + step))
    firing, pending = _count(watch, "firing"), _count(watch, "pending")
    checks = [(past - step, pending, 0), (past - step, firing, 0), (told - step, firing, 0)]
    if watch.wait:
        checks.append((told - step, pending, 1))
    return _case(watch, "past its threshold", inputs, (*checks, (told, firing, 1)))


def _back_again(watch: Watch) -> WatchCase:
    step, begin, told = _moments(watch)
    end = told + 2 * step
    over = end + max(_window(watch), step) + int(watch.keep_firing / MINUTE) + step
    inputs = _inputs(watch, (_good(watch), begin), (_bad(watch), end - begin), (_good(watch), over))
    firing = _count(watch, "firing")
    checks = [(told, firing, 1), (end - step, firing, 1), (over, firing, 0)]
    if not watch.threshold:
        # A single event counts for as long as the window reaches.
        checks.append((end - 1 + max(_window(watch) - step, 0), firing, 1))
    return _case(watch, "back again", inputs, tuple(checks))


def _moments(watch: Watch) -> tuple[int, int, int]:
    """Return how far evaluations are apart, when values turn bad, and when somebody is told."""
    begin = _before(watch)
    told = begin + _minutes_to_pass(watch) + int(watch.wait / MINUTE)
    return int(_step(watch) / MINUTE), begin, told


def _minutes_to_pass(watch: Watch) -> int:
    """Return after how many minutes of bad values a signal is past its threshold."""
    match watch.signal.of:
        case Missing():
            return int(LOOKBACK / MINUTE)
        case Average() | Total():
            return _window(watch) // 2 + HALF_STEP
        case Changes() as of:
            return -(-int(watch.threshold) * of.period(_bad(watch), FAST_SAMPLES) // MINUTE)
    return _window(watch) if watch.threshold else 0


def _short_of_it(watch: Watch) -> WatchCase:
    begin = _before(watch)
    end = begin + 2 * _window(watch) + int(watch.wait / MINUTE) + QUIET_MINUTES
    end = _round_up(watch, end * MINUTE)
    inputs = _inputs(watch, (_good(watch), begin), (_almost(watch), end))
    ever = f"count(count_over_time({_alerts(watch)}[{end}m])) or vector(0)"
    return _case(watch, "just short of it", inputs, ((end, ever, 0),))


def _below_its_floor(watch: Watch, floor: Floor) -> WatchCase:
    minutes = _before(watch) + 2 * _window(watch) + int(watch.wait / MINUTE) + QUIET_MINUTES
    course = Course((Stage(_bad(watch), minutes),), FAST_SAMPLES, _few(floor))
    few = Course((Stage(float(floor.above) * TOO_LITTLE, minutes),), FAST_SAMPLES)
    inputs = {**floor.signal.of.example(few), **watch.signal.of.example(course)}
    check = (minutes - 1, _count(watch, "firing"), 0)
    return _case(watch, "below its floor", inputs, (check,))


def _few(floor: Floor) -> float:
    """Return how many events a minute are too few for a floor."""
    of = floor.signal.of
    minutes = of.window / MINUTE if isinstance(of, Increase) else 1 / MINUTE.total_seconds()
    return float(floor.above) * TOO_LITTLE / minutes


def _inputs(watch: Watch, *stages: tuple[float, int]) -> dict[str, str]:
    """Write the series of a watch that takes these values, each for so many minutes."""
    course = Course(tuple(Stage(*stage) for stage in stages), _samples(watch))
    inputs = watch.signal.of.example(course)
    if watch.floor is None:
        return inputs
    enough = float(watch.floor.above) * ENOUGH
    floor = Course(tuple(Stage(enough, minutes) for _, minutes in stages), _samples(watch))
    return {**watch.floor.signal.of.example(floor), **inputs}


def _case(
    watch: Watch, name: str, inputs: dict[str, str], checks: tuple[tuple[int, str, int], ...]
) -> WatchCase:
    return WatchCase(f"{watch.alert} {name}", _step(watch), _samples(watch), inputs, checks)


def _alerts(watch: Watch, state: str = "") -> str:
    known = {
        "alertname": watch.alert,
        "severity": watch.severity.value,
        "alert_type": watch.kind.value,
        "team": watch.team.value,
        "channel": watch.channel.value,
    }
    return f"ALERTS{labels({**known, 'alertstate': state} if state else known)}"


def _count(watch: Watch, state: str) -> str:
    return f"count({_alerts(watch, state)}) or vector(0)"


def _step(watch: Watch) -> timedelta:
    return MINUTE if watch.signal.of.window <= SHORT else HOUR


def _samples(watch: Watch) -> timedelta:
    of = watch.signal.of
    if of.window <= SHORT:
        return FAST_SAMPLES
    # What is recorded before its mean is taken may look back for minutes only.
    return FEW_SAMPLES if isinstance(of, Average | Total) and of.of.window else SLOW_SAMPLES


def _window(watch: Watch) -> int:
    """Return how many minutes a value must have lasted to be the signal's own."""
    return int(watch.signal.of.window / MINUTE)


def _before(watch: Watch) -> int:
    """Return after how many minutes the signal is what it would be had it always been watched."""
    of = watch.signal.of
    if isinstance(of, Average | Total):
        return _window(watch) + HALF_STEP
    lasted = of.day + of.gap if isinstance(of, Surge) else max(of.window, QUIET_MINUTES * MINUTE)
    return _round_up(watch, lasted)


def _round_up(watch: Watch, length: timedelta) -> int:
    return int(-(-length // _step(watch)) * _step(watch) / MINUTE)


def _margin(watch: Watch) -> float:
    """Return a share by which a value is past its threshold only once its window is full of it."""
    if isinstance(watch.signal.of, Average | Total):
        return NEAR
    evaluations = max(watch.signal.of.window / _step(watch), 1.0)
    return min(NEAR, 0.4 / evaluations)


def _bad(watch: Watch) -> float:
    if not watch.threshold:
        return 1.0
    if isinstance(watch.signal.of, Changes):
        return float(watch.threshold) + 1
    if isinstance(watch.signal.of, Average | Total):
        # Past it once half of the window is full, whether its first sample counts or not.
        return 2 * float(watch.threshold) * (1 - ROUNDING) if watch.past is Past.ABOVE else 0.0
    side = 1 if watch.past is Past.ABOVE else -1
    return float(watch.threshold) * (1 + side * _margin(watch))


def _almost(watch: Watch) -> float:
    """Return the threshold itself, or a little less where it would be a matter of rounding."""
    if not watch.signal.of.window:
        return float(watch.threshold)
    if isinstance(watch.signal.of, Changes):
        return float(watch.threshold) - 1
    side = -1 if watch.past is Past.ABOVE else 1
    return float(watch.threshold) * (1 + side * _margin(watch))


def _good(watch: Watch) -> float:
    if watch.past is Past.ABOVE:
        return 0.0
    twice = float(watch.threshold) * 2 * (1 + ROUNDING)
    return min(twice, 1.0) if watch.signal.unit is Unit.SHARE else twice
