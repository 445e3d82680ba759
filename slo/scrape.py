"""What a target exposes, and which of its series a query selects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import promql_parser
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as read_text

from app.telemetry.catalog import TARGET_LABELS
from slo.promql_tree import selectors

if TYPE_CHECKING:
    from collections.abc import Mapping

OPERATORS = {
    "MatchOp.Equal": "=",
    "MatchOp.NotEqual": "!=",
    "MatchOp.Re": "=~",
    "MatchOp.NotRe": "!~",
}
END_OF_OPENMETRICS = "# EOF"


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a scrape."""

    name: str
    labels: Mapping[str, str]


def read_scrape(text: str) -> list[Series]:
    """Read what a target exposes, as Prometheus' text or OpenMetrics.

    Raises ValueError when it is neither.
    """
    read = read_openmetrics if text.rstrip().endswith(END_OF_OPENMETRICS) else read_text
    return [
        Series(sample.name, sample.labels) for family in read(text) for sample in family.samples
    ]


@dataclass(frozen=True, slots=True, order=True)
class Selected:
    """The selector of one vector: a name and conditions (label, operator, value).

    Conditions on labels of the target, which Prometheus adds to every series, hold wherever the
    scrape does not have them.
    """

    name: str
    conditions: tuple[tuple[str, str, str], ...]
    target_labels: tuple[str, ...] = TARGET_LABELS

    def __str__(self) -> str:
        """Write it as PromQL."""
        inner = ",".join(
            f'{label}{operator}"{value}"' for label, operator, value in self.conditions
        )
        return f"{self.name}{{{inner}}}"

    def matches(self, series: Series) -> bool:
        """Tell whether it selects a series."""
        if self.name and series.name != self.name:
            return False
        return all(
            (label in self.target_labels and label not in series.labels)
            or _holds(series.labels.get(label, ""), operator, value)
            for label, operator, value in self.conditions
        )

    def edge(self) -> str | None:
        """Return the bucket that it asks for."""
        found = [
            value for label, operator, value in self.conditions if (label, operator) == ("le", "=")
        ]
        return found[0] if found else None

    def without_edge(self) -> Selected:
        """Return the selector of all buckets."""
        conditions = tuple(c for c in self.conditions if c[0] != "le")
        return Selected(self.name, conditions, self.target_labels)


def selected_by(query: str, target_labels: tuple[str, ...]) -> set[Selected]:
    """Return what a query selects."""
    return {
        Selected(
            found.name or "",
            tuple((m.name, OPERATORS[str(m.op)], m.value) for m in found.matchers.matchers),
            target_labels,
        )
        for found in {place.node for place in selectors(promql_parser.parse(query))}
    }


def _holds(value: str, operator: str, wanted: str) -> bool:
    if operator in ("=", "!="):
        return (value == wanted) == (operator == "=")
    try:
        matched = re.fullmatch(wanted, value) is not None
    except re.error:
        # Go's expressions are others in places; Prometheus has accepted it, so nothing is said.
        return True
    return matched == (operator == "=~")
