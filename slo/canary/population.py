"""The instances of a version, told apart by labels as in `version="2.0"`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.telemetry.catalog import HTTP_DURATION, TARGET_LABELS
from slo.objectives import API_REQUESTS
from slo.promql import Matcher, Selector
from slo.specs.locate import meant, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNT = f"{HTTP_DURATION.name}_count"
BUCKET = f"{HTTP_DURATION.name}_bucket"
# What a scrape configuration has to add, or no series would say which version it is of.
VERSION = "version"
CONDITION = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*')
ESCAPED = re.compile(r"\\(.)")


class PopulationError(ValueError):
    """Matchers that select no population; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Population:
    """The requests that one version answers: those of the API, with these labels."""

    matchers: tuple[Matcher, ...]

    def select(self, series: str, *further: Matcher) -> str:
        """Write a selector of one series of the duration of requests."""
        # Whoever names a job means it in place of ours.
        named = {matcher.label for matcher in self.matchers} & {"job"}
        base = [matcher for matcher in API_REQUESTS if matcher.label not in named]
        return f"{series}{{{','.join(map(str, (*base, *self.matchers, *further)))}}}"

    def __str__(self) -> str:
        """Write the matchers as they were given."""
        return ",".join(map(str, self.matchers))


def read_population(text: str, target_labels: Sequence[str] = ()) -> Population:
    """Read matchers like `version="2.0"`, with or without braces.

    `target_labels` are those that Prometheus adds beside job, instance and version. Raises
    PopulationError for what is no matcher, and for a label or value that the metric never has.
    """
    matchers = _conditions(text)
    added = (*TARGET_LABELS, VERSION, *target_labels)
    known = (*HTTP_DURATION.label_names, *added)
    for matcher in matchers:
        if matcher.label not in known:
            raise PopulationError(
                f"{COUNT} has no label {matcher.label}: {meant(matcher.label, known)} "
                "Name what your scrape configuration adds by --target-label"
            )
    own = tuple(matcher for matcher in matchers if matcher.label not in added)
    try:
        Selector(HTTP_DURATION, COUNT, own)
    except ValueError as error:
        raise PopulationError(str(error)) from None
    return Population(matchers)


def _conditions(text: str) -> tuple[Matcher, ...]:
    inner = text.strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1]
    found, position = [], 0
    while match := CONDITION.match(inner, position):
        label, operator, value = match.groups()
        found.append(Matcher(label, operator, ESCAPED.sub(_unescaped, value)))
        position = match.end()
        if position == len(inner) or inner[position] != ",":
            break
        position += 1
    if not found or position != len(inner):
        raise PopulationError(f'{shown(text)} is no list of matchers like version="2.0"')
    return tuple(found)


def _unescaped(match: re.Match[str]) -> str:
    return {"n": "\n"}.get(match[1], match[1])
