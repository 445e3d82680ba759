"""What makes a service level measure less than it says: findings with an id each.

`slo/lint.md` explains every id in a paragraph.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import promql_parser
from prometheus_client.parser import text_string_to_metric_families

from slo.indicators import ProbeSli, RawSli, bad_in, error_ratio, total_in
from slo.model import CompositeSli
from slo.promql import duration
from slo.promql_tree import selectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slo.indicators import Sli
    from slo.model import Slo

IDS = (
    "dead-alert",
    "objective-100",
    "window-over-retention",
    "short-window",
    "unweighted",
    "selector-matches-nothing",
    "not-initialised",
    "threshold-no-edge",
    "label-churn",
)
RETENTION = timedelta(days=15)
# More series than this make every evaluation slow, and a label with an id in it makes them.
MANY_SERIES = 1_000
FEWEST_SCRAPES = 2
OPERATORS = {
    "MatchOp.Equal": "=",
    "MatchOp.NotEqual": "!=",
    "MatchOp.Re": "=~",
    "MatchOp.NotRe": "!~",
}
ANY_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: its id, the SLO it is about, and a sentence."""

    id: str
    slo: str
    message: str

    def __post_init__(self) -> None:
        """Refuse an id that nobody has explained."""
        if self.id not in IDS:
            raise ValueError(f"{self.id} is no id of a finding: one of {', '.join(IDS)}")

    def __str__(self) -> str:
        """Write it as one line, the SLO first."""
        return f"{self.slo}: {self.message} [{self.id}]"


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a scrape."""

    name: str
    labels: Mapping[str, str]


def read_scrape(text: str) -> list[Series]:
    """Read what a target exposes, in Prometheus' text format; raises ValueError when it is none."""
    return [
        Series(sample.name, sample.labels)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def lint(
    slos: Sequence[Slo],
    retention: timedelta = RETENTION,
    scraped: Sequence[Series] | None = None,
) -> Iterator[Finding]:
    """Check service levels, against what a scrape has shown if there is one."""
    for slo in slos:
        yield from _windows(slo, retention)
        yield from _indicator(slo)
        if scraped is not None:
            yield from _scraped(slo, scraped)


def _windows(slo: Slo, retention: timedelta) -> Iterator[Finding]:
    longest = max([slo.length, *(pair.long for pair in slo.burn_windows)])
    if longest > retention:
        yield Finding(
            "window-over-retention",
            slo.id,
            f"its window of {duration(longest)} needs more than the {duration(retention)} that "
            "Prometheus keeps: keep more, or make the period shorter",
        )
    shortest = min((pair.short for pair in slo.burn_windows), default=ANY_WINDOW)
    if shortest < FEWEST_SCRAPES * slo.scrape_interval:
        yield Finding(
            "short-window",
            slo.id,
            f"its window of {duration(shortest)} holds less than two scrapes of "
            f"{duration(slo.scrape_interval)}: no rate can be computed from one",
        )


def _indicator(slo: Slo) -> Iterator[Finding]:
    if isinstance(slo.sli, RawSli):
        yield Finding(
            "unweighted",
            slo.id,
            "its ratio comes without a number of events, so a quiet hour with errors counts like a "
            "busy one: give the queries of the good and of all events",
        )


def _scraped(slo: Slo, scraped: Sequence[Series]) -> Iterator[Finding]:
    totals, bads = queries(slo.sli)
    total_selectors = {selector for query in totals for selector in _selectors(query)}
    bad_selectors = {selector for query in bads for selector in _selectors(query)}
    for selector in sorted(total_selectors):
        matched = [series for series in scraped if selector.matches(series)]
        if not matched:
            yield Finding("selector-matches-nothing", slo.id, f"no series matches {selector}")
        elif len(matched) > MANY_SERIES:
            label = _busiest(matched)
            yield Finding(
                "label-churn",
                slo.id,
                f"{selector} matches {len(matched)} series, most of them by label {label}",
            )
    for selector in sorted(bad_selectors - total_selectors):
        if any(selector.matches(series) for series in scraped):
            continue
        edge = selector.edge()
        without = selector.without_edge()
        if edge is not None and any(without.matches(series) for series in scraped):
            edges = {s.labels["le"] for s in scraped if without.matches(s) and "le" in s.labels}
            yield Finding(
                "threshold-no-edge",
                slo.id,
                f'le="{edge}" is no bucket edge of {selector.name}: one of '
                f"{', '.join(sorted(edges, key=_number))}",
            )
        else:
            yield Finding(
                "not-initialised",
                slo.id,
                f"no series matches {selector} yet: the first bad events of each series go "
                "unseen, unless it exists at 0 before them",
            )


def queries(sli: Sli | CompositeSli) -> tuple[list[str], list[str]]:
    """Return the queries of all events, and those of the bad ones, of every part."""
    parts = [part.sli for part in sli.parts] if isinstance(sli, CompositeSli) else [sli]
    totals, bads = [], []
    for part in parts:
        if isinstance(part, RawSli):
            totals.append(error_ratio(part, ANY_WINDOW))
            continue
        totals.append(total_in(part, ANY_WINDOW))
        if not isinstance(part, ProbeSli):
            # The bad moments of a probe are seldom there to be seen, and need not be.
            bads.append(bad_in(part, ANY_WINDOW))
    return totals, bads


@dataclass(frozen=True, slots=True, order=True)
class _Selected:
    """The selector of one vector: a name and conditions (label, operator, value)."""

    name: str
    conditions: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        inner = ",".join(
            f'{label}{operator}"{value}"' for label, operator, value in self.conditions
        )
        return f"{self.name}{{{inner}}}"

    def matches(self, series: Series) -> bool:
        if self.name and series.name != self.name:
            return False
        return all(_holds(series.labels.get(c[0], ""), c[1], c[2]) for c in self.conditions)

    def edge(self) -> str | None:
        found = [
            value for label, operator, value in self.conditions if (label, operator) == ("le", "=")
        ]
        return found[0] if found else None

    def without_edge(self) -> _Selected:
        return _Selected(self.name, tuple(c for c in self.conditions if c[0] != "le"))


def _holds(value: str, operator: str, wanted: str) -> bool:
    match operator:
        case "=":
            return value == wanted
        case "!=":
            return value != wanted
        case "=~":
            return re.fullmatch(wanted, value) is not None
        case _:
            return re.fullmatch(wanted, value) is None


def _selectors(query: str) -> set[_Selected]:
    return {
        _Selected(
            found.name or "",
            tuple((m.name, OPERATORS[str(m.op)], m.value) for m in found.matchers.matchers),
        )
        for found in selectors(promql_parser.parse(query))
    }


def _busiest(series: Sequence[Series]) -> str:
    """Name the label with the most values."""
    values: dict[str, set[str]] = {}
    for each in series:
        for label, value in each.labels.items():
            values.setdefault(label, set()).add(value)
    return max(values, key=lambda label: len(values[label]), default="none")


def _number(edge: str) -> float:
    return float(edge.replace("+Inf", "inf"))
