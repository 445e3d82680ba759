"""Series for rehearsals: what counters and gauges show while a signal takes given values."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from slo.promql import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.telemetry.model import Label
    from slo.promql import Matcher, Selector

MINUTE = timedelta(minutes=1)
ANY = "any"
TARGET = {"job": "test", "instance": "test:1"}


@dataclass(frozen=True, slots=True)
class Stage:
    """For how many minutes a signal has a value; None means that nothing is there to measure."""

    value: float | None
    minutes: int


@dataclass(frozen=True, slots=True)
class Course:
    """The values of a signal over time, and how far its samples are apart."""

    stages: tuple[Stage, ...]
    step: timedelta
    # Events a minute where a share of them is meant: more than any floor asks for.
    busy: float = 6000.0

    def scaled(self, factor: float) -> Course:
        """Multiply every value."""
        stages = (
            Stage(None if stage.value is None else stage.value * factor, stage.minutes)
            for stage in self.stages
        )
        return replace(self, stages=tuple(stages))

    def counter(self, per_minute: Callable[[float], float]) -> str:
        """Write what a counter shows that grows by so much in each minute of a stage."""
        parts, level = [], 0.0
        for stage, samples in self._parts():
            if stage.value is None:
                parts.append(f"_x{samples}")
                continue
            step = per_minute(stage.value) * (self.step / MINUTE)
            parts.append(_run(level + step, step, samples))
            level += step * samples
        return " ".join(parts)

    def gauge(self, level: Callable[[float], float], drift: float = 0.0) -> str:
        """Write what a gauge shows; `drift` is what it moves by each second, as time does."""
        parts, passed = [], 0.0
        each = drift * self.step.total_seconds()
        for stage, samples in self._parts():
            if stage.value is None:
                parts.append(f"_x{samples}")
            else:
                begin = level(stage.value) + drift * passed
                parts.append(_run(begin, each, samples))
            passed += samples * self.step.total_seconds()
        return " ".join(parts)

    def _parts(self) -> Sequence[tuple[Stage, int]]:
        return [(stage, round(stage.minutes * MINUTE / self.step)) for stage in self.stages]


def _run(begin: float, step: float, samples: int) -> str:
    return f"{begin:.12g}{step:+.12g}x{samples - 1}"


def series(selector: Selector, extra: Sequence[Matcher] = (), avoid: Sequence[Matcher] = ()) -> str:
    """Name one series that a selector finds, with `extra` fulfilled too and one of `avoid` not.

    Raises ValueError when no values of its labels' closed sets do that.
    """
    wanted = [*selector.matchers, *extra]
    labels = selector.metric.labels
    found = {label.name: _value(label, wanted, avoid) for label in labels}
    found |= {m.label: _some_value(m) for m in wanted if m.label not in found}
    for name, value in TARGET.items():
        found.setdefault(name, value)
    inner = ",".join(f"{name}={quoted(value)}" for name, value in found.items() if value)
    return f"{selector.series}{{{inner}}}"


def _value(label: Label, wanted: Sequence[Matcher], avoid: Sequence[Matcher]) -> str:
    mine = [matcher for matcher in wanted if matcher.label == label.name]
    shunned = [matcher for matcher in avoid if matcher.label == label.name]
    named = [_some_value(matcher) for matcher in (*mine, *shunned)]
    candidates = label.values or (*named, ANY)
    for value in candidates:
        if all(_holds(m, value) for m in mine) and not any(_holds(m, value) for m in shunned):
            return value
    fulfilled, avoided = (", ".join(map(str, some)) or "nothing" for some in (mine, shunned))
    raise ValueError(f"no value of {label.name} fulfils {fulfilled} and none of {avoided}")


def _some_value(matcher: Matcher) -> str:
    return matcher.value.split("|")[0] if matcher.operator in ("=", "=~") else ANY


def _holds(matcher: Matcher, value: str) -> bool:
    equal = matcher.operator in ("=", "!=")
    same = value == matcher.value if equal else re.fullmatch(matcher.value, value) is not None
    return same is not matcher.operator.startswith("!")
