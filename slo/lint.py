"""What makes a service level measure less than it says: findings with an id each.

`slo/lint.md` explains every id in a paragraph.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.telemetry.catalog import TARGET_LABELS
from slo.indicators import ProbeSli, RawSli, bad_in, error_ratio, total_in
from slo.model import DEAD_ALERT, NO_BUDGET, CompositeSli
from slo.promql import duration
from slo.scrape import selected_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slo.indicators import Sli
    from slo.model import Slo
    from slo.scrape import Selected, Series

IDS = (
    DEAD_ALERT,
    NO_BUDGET,
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
ANY_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: its id, the SLO it is about, a sentence, and where it is if known."""

    id: str
    slo: str
    message: str
    place: str = ""

    def __post_init__(self) -> None:
        """Refuse an id that nobody has explained."""
        if self.id not in IDS:
            raise ValueError(f"{self.id} is no id of a finding: one of {', '.join(IDS)}")

    def __str__(self) -> str:
        """Write it as one line, as compilers do."""
        return f"{': '.join(filter(None, (self.place, self.slo, self.message)))} [{self.id}]"


def lint(
    slos: Sequence[Slo],
    retention: timedelta = RETENTION,
    scraped: Sequence[Series] | None = None,
    target_labels: tuple[str, ...] = TARGET_LABELS,
) -> Iterator[Finding]:
    """Check service levels, against what a scrape has shown if there is one.

    `target_labels` are those that Prometheus adds, and a scrape need not have.
    """
    for slo in slos:
        yield from _windows(slo, retention)
        yield from _indicator(slo)
        if scraped is not None:
            yield from _scraped(slo, scraped, target_labels)


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


def _scraped(
    slo: Slo, scraped: Sequence[Series], target_labels: tuple[str, ...]
) -> Iterator[Finding]:
    totals, bads = (
        {selector for query in some for selector in selected_by(query, target_labels)}
        for some in queries(slo.sli)
    )
    for selector in sorted(totals):
        yield from _counted(slo, selector, [one for one in scraped if selector.matches(one)])
    for selector in sorted(bads - totals):
        if not any(selector.matches(series) for series in scraped):
            yield _unseen(slo, selector, scraped)


def _counted(slo: Slo, selector: Selected, matched: Sequence[Series]) -> Iterator[Finding]:
    if not matched:
        yield Finding("selector-matches-nothing", slo.id, f"no series matches {selector}")
    elif len(matched) > MANY_SERIES:
        yield Finding(
            "label-churn",
            slo.id,
            f"{selector} matches {len(matched)} series, most of them by label {_busiest(matched)}",
        )


def _unseen(slo: Slo, selector: Selected, scraped: Sequence[Series]) -> Finding:
    """Say why no series of good or bad events is there."""
    without = selector.without_edge()
    others = [
        series.labels["le"]
        for series in scraped
        if "le" in series.labels and without.matches(series)
    ]
    if (edge := selector.edge()) is None or not others:
        return Finding(
            "not-initialised",
            slo.id,
            f"no series matches {selector} yet: the first bad events of each series go "
            "unseen, unless it exists at 0 before them",
        )
    return Finding(
        "threshold-no-edge",
        slo.id,
        f'le="{edge}" is no bucket edge of {selector.name}: one of '
        f"{', '.join(sorted(set(others), key=_number))}",
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


def _busiest(series: Sequence[Series]) -> str:
    """Name the label with the most values."""
    values: dict[str, set[str]] = {}
    for each in series:
        for label, value in each.labels.items():
            values.setdefault(label, set()).add(value)
    return max(values, key=lambda label: len(values[label]), default="none")


def _number(edge: str) -> float:
    return float(edge.replace("+Inf", "inf"))
