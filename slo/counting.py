"""What an indicator of any kind says about a window: counts or a ratio, for each group."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.indicators import RawSli
from slo.model import CompositeSli
from slo.prometheus import NoDataError
from slo.queries import bad_events, mean_ratio, resets, total_events

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slo.indicators import Counted
    from slo.model import Part, Slo
    from slo.prometheus import Prometheus
    from slo.queries import Window

# The values of the labels that an SLO is grouped by; nothing of one without.
Group = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Count:
    """What happened in one group: its events, or only a ratio; or why nobody knows.

    `ratio` is given where there are no events to divide: of a composite, of somebody else's ratio.
    """

    total: Fraction | None = None
    bad: Fraction | None = None
    ratio: Fraction | None = None
    missing: str = ""

    @property
    def events(self) -> tuple[Fraction | None, Fraction | None]:
        """Return how many events there were, and how many were bad."""
        return self.total, self.bad

    @property
    def error_ratio(self) -> Fraction | None:
        """Return the share of bad events; None while there were none."""
        if self.ratio is not None:
            return self.ratio
        return self.bad / self.total if self.total and self.bad is not None else None


@dataclass(frozen=True, slots=True)
class Counts:
    """All groups of an SLO, and the queries; without any group, `missing` says why."""

    queries: dict[str, str]
    groups: dict[Group, Count] = field(default_factory=dict)
    missing: str = ""


def count(slo: Slo, window: Window, prometheus: Prometheus) -> Counts:
    """Count the events of a window; raises all of PrometheusError but NoDataError."""
    if isinstance(slo.sli, RawSli):
        return _ratios(slo, {"ratio": mean_ratio(slo.sli, window)}, window, prometheus)
    if isinstance(slo.sli, CompositeSli):
        return _composite(slo, slo.sli, window, prometheus)
    return _events(slo, slo.sli, window, prometheus)


def weighted(parts: Iterable[tuple[Fraction, Count]]) -> Count:
    """Return the weighted mean of the parts of a composite; one without events has no weight."""
    whole = weight = Fraction(0)
    for each, found in parts:
        if found.missing:
            return Count(missing=found.missing)
        if found.error_ratio is not None:
            whole += each * found.error_ratio
            weight += each
    return Count(ratio=whole / weight) if weight else Count(Fraction(0), Fraction(0))


def _ratios(slo: Slo, queries: dict[str, str], window: Window, prometheus: Prometheus) -> Counts:
    try:
        found = prometheus.numbers(queries["ratio"], slo.group_by, window.end)
    except NoDataError as error:
        return Counts(queries, missing=str(error))
    return Counts(queries, {group: Count(ratio=ratio) for group, ratio in found.items()})


def _events(slo: Slo, sli: Counted, window: Window, prometheus: Prometheus) -> Counts:
    queries = {
        "total": total_events(sli, window, slo.group_by),
        "bad": bad_events(sli, window, slo.group_by),
    }
    try:
        total, bad = (
            prometheus.numbers(queries[which], slo.group_by, window.end)
            for which in ("total", "bad")
        )
        inexact = [q for q in resets(sli, window) if prometheus.number(q, window.end) > 0]
    except NoDataError as error:
        return Counts(queries, missing=str(error))
    if inexact:
        reason = "a process restarted or was lost in the window, the count is not exact: "
        return Counts(queries, missing=reason + inexact[0])
    unknown = Count(missing=f"the query gives no series: {queries['bad']}")
    counted = {
        group: Count(number, bad[group]) if group in bad else unknown
        for group, number in total.items()
    }
    return Counts(queries, counted)


def _composite(slo: Slo, sli: CompositeSli, window: Window, prometheus: Prometheus) -> Counts:
    found = {part: _events(slo, part.sli, window, prometheus) for part in sli.parts}
    queries = {
        f"{part.name} {which}": query
        for part, counts in found.items()
        for which, query in counts.queries.items()
    }
    for part, counts in found.items():
        if counts.missing:
            return Counts(queries, missing=f"{part.name}: {counts.missing}")
    groups = {group for counts in found.values() for group in counts.groups}
    return Counts(
        queries,
        {
            group: weighted((part.weight, _of(part, group, found[part])) for part in sli.parts)
            for group in groups
        },
    )


def _of(part: Part, group: Group, counts: Counts) -> Count:
    return counts.groups.get(group, Count(missing=f"{part.name}: nothing is known of this group"))
