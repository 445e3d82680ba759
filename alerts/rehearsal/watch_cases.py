"""Rehearsals of one watch: at its threshold and just short of it, its end, its floor, no data.

Each is written from the declaration alone: series that give the signal its values, and the minutes
at which somebody must have been told, or must not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.counting import Increase
from alerts.levels import Alive, Always, Missing
from alerts.rehearsal.watch_values import (
    FAST_SAMPLES,
    HOUR,
    QUIET_MINUTES,
    almost_bad,
    bad_value,
    good_value,
    minutes_before,
    minutes_to_pass,
    round_up,
    samples_of,
    step_of,
    window_of,
)
from alerts.samples import MINUTE, Course, Stage
from alerts.watch import Past
from slo.promql import labels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from alerts.aggregation import Aggregation
    from alerts.watch import Floor, Watch

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
    minutes = round_up(watch, watch.wait + HOUR)
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
    inputs = _inputs(watch, (good_value(watch), begin), (bad_value(watch), told - begin + step))
    firing, pending = _count(watch, "firing"), _count(watch, "pending")
    checks = [(past - step, pending, 0), (past - step, firing, 0), (told - step, firing, 0)]
    if watch.wait:
        checks.append((told - step, pending, 1))
    return _case(watch, "past its threshold", inputs, (*checks, (told, firing, 1)))


def _back_again(watch: Watch) -> WatchCase:
    step, begin, told = _moments(watch)
    end = told + 2 * step
    over = end + max(window_of(watch), step) + int(watch.keep_firing / MINUTE) + step
    inputs = _inputs(
        watch,
        (good_value(watch), begin),
        (bad_value(watch), end - begin),
        (good_value(watch), over),
    )
    firing = _count(watch, "firing")
    checks = [(told, firing, 1), (end - step, firing, 1), (over, firing, 0)]
    if not watch.threshold:
        # A single event counts for as long as the window reaches.
        checks.append((end - 1 + max(window_of(watch) - step, 0), firing, 1))
    return _case(watch, "back again", inputs, tuple(checks))


def _moments(watch: Watch) -> tuple[int, int, int]:
    """Return how far evaluations are apart, when values turn bad, and when somebody is told."""
    begin = minutes_before(watch)
    told = begin + minutes_to_pass(watch) + int(watch.wait / MINUTE)
    return int(step_of(watch) / MINUTE), begin, told


def _short_of_it(watch: Watch) -> WatchCase:
    begin = minutes_before(watch)
    end = begin + 2 * window_of(watch) + int(watch.wait / MINUTE) + QUIET_MINUTES
    end = round_up(watch, end * MINUTE)
    inputs = _inputs(watch, (good_value(watch), begin), (almost_bad(watch), end))
    ever = f"count(count_over_time({_alerts(watch)}[{end}m])) or vector(0)"
    return _case(watch, "just short of it", inputs, ((end, ever, 0),))


def _below_its_floor(watch: Watch, floor: Floor) -> WatchCase:
    minutes = (
        minutes_before(watch) + 2 * window_of(watch) + int(watch.wait / MINUTE) + QUIET_MINUTES
    )
    course = Course((Stage(bad_value(watch), minutes),), FAST_SAMPLES, _few(floor))
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
    course = Course(tuple(Stage(*stage) for stage in stages), samples_of(watch))
    inputs = watch.signal.of.example(course)
    if watch.floor is None:
        return inputs
    enough = float(watch.floor.above) * ENOUGH
    floor = Course(tuple(Stage(enough, minutes) for _, minutes in stages), samples_of(watch))
    return {**watch.floor.signal.of.example(floor), **inputs}


def _case(
    watch: Watch, name: str, inputs: dict[str, str], checks: tuple[tuple[int, str, int], ...]
) -> WatchCase:
    return WatchCase(f"{watch.alert} {name}", step_of(watch), samples_of(watch), inputs, checks)


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
