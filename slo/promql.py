"""PromQL built from the catalogue: selectors that cannot name what is not emitted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.telemetry.catalog import TARGET_LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from app.telemetry.model import Metric

PLACEHOLDER = re.compile(r"\{\{\s*\.window\s*\}\}")
OPERATORS = ("=", "!=", "=~", "!~")
UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


class UnknownSeriesError(ValueError):
    """A selector names a series or a label that the catalogue does not have."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label condition, like `http_route="/api/swipes"`."""

    label: str
    operator: str
    value: str

    def __post_init__(self) -> None:
        """Refuse what is no PromQL operator."""
        if self.operator not in OPERATORS:
            raise ValueError(f"{self.operator!r} is no matcher: one of {' '.join(OPERATORS)}")

    def __str__(self) -> str:
        """Write it as PromQL."""
        return f"{self.label}{self.operator}{quoted(self.value)}"


@dataclass(frozen=True, slots=True)
class Selector:
    """One series name of a metric with conditions on its labels."""

    metric: Metric
    series: str
    matchers: tuple[Matcher, ...]

    def __post_init__(self) -> None:
        """Raise UnknownSeriesError for a series, a label or a value that is never emitted."""
        known = self.metric.series
        if self.series not in known:
            raise UnknownSeriesError(
                f"{self.metric.name} has no series {self.series}: one of {', '.join(known)}"
            )
        labels = (*known[self.series], *TARGET_LABELS)
        for matcher in self.matchers:
            if matcher.label not in labels:
                raise UnknownSeriesError(
                    f"{self.series} has no label {matcher.label}: one of {', '.join(labels)}"
                )
            self._refuse_unknown_value(matcher)

    def _refuse_unknown_value(self, matcher: Matcher) -> None:
        values = next((x.values for x in self.metric.labels if x.name == matcher.label), ())
        if matcher.operator in ("=", "!=") and values and matcher.value not in values:
            raise UnknownSeriesError(
                f"{self.series}: {matcher.label} is never {matcher.value!r}: "
                f"one of {', '.join(map(repr, values))}"
            )

    def where(self, *matchers: Matcher) -> Selector:
        """Return the selector with further conditions."""
        return Selector(self.metric, self.series, (*self.matchers, *matchers))

    def over(self, window: timedelta) -> str:
        """Write it as a range selector."""
        return f"{self}[{duration(window)}]"

    def __str__(self) -> str:
        """Write it as an instant selector."""
        inner = ",".join(map(str, self.matchers))
        return f"{self.series}{{{inner}}}" if inner else self.series


def expand(query: str, window: timedelta) -> str:
    """Put a window into a query with the placeholder `{{.window}}`, as Sloth writes it.

    Raises ValueError for a query without one: it would mean the same over every window.
    """
    if not PLACEHOLDER.search(query):
        raise ValueError(f"the query has no [{{{{.window}}}}]: {' '.join(query.split())}")
    return PLACEHOLDER.sub(duration(window), query)


def quoted(text: str) -> str:
    """Write a string literal of PromQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def labels(pairs: Mapping[str, str]) -> str:
    """Write equality conditions in braces, like `{sloth_id="swipe-availability"}`."""
    return "{" + ",".join(f"{name}={quoted(value)}" for name, value in pairs.items()) + "}"


def duration(window: timedelta) -> str:
    """Write a duration in its largest whole unit, like `6h`, `3d` or `90s`.

    Raises ValueError for what is not a positive number of whole seconds.
    """
    seconds = window.total_seconds()
    if seconds <= 0 or seconds != int(seconds):
        raise ValueError(f"{window} is no duration for PromQL: a positive number of whole seconds")
    unit, size = next((u, s) for u, s in UNITS if int(seconds) % s == 0)
    return f"{int(seconds) // size}{unit}"
