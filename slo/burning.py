"""How fast budgets burn now, by the pairs of windows that page: one rule for gates and reports."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.burn import least_bad
from slo.counting import Count, count
from slo.model import Severity
from slo.promql import duration
from slo.queries import Rolling

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from slo.counting import Group
    from slo.model import BurnWindow, Slo
    from slo.prometheus import Prometheus


@dataclass(frozen=True, slots=True)
class Burn:
    """How many times faster than evenly a budget burns in both windows of a pair that pages.

    `rate` is None when nobody knows, and `missing` says why.
    """

    pair: BurnWindow
    factor: Fraction
    rate: Fraction | None
    burning: bool = False
    missing: str = ""


def burns(
    slo: Slo, groups: Collection[Group], at: datetime, prometheus: Prometheus
) -> list[tuple[dict[str, str], dict[Group, Burn]]]:
    """Return for each pair that pages its queries, and how every one of these groups burns.

    Raises all of PrometheusError but NoDataError.
    """
    paging = (pair for pair in slo.burn_windows if pair.severity is Severity.PAGE)
    return [_burns(slo, pair, groups, at, prometheus) for pair in paging]


def _burns(
    slo: Slo, pair: BurnWindow, groups: Collection[Group], at: datetime, prometheus: Prometheus
) -> tuple[dict[str, str], dict[Group, Burn]]:
    """Return the queries of a pair of windows, and what they say of each group."""
    long, short = (count(slo, Rolling(x, at), prometheus) for x in (pair.long, pair.short))
    lost = Count(missing=long.missing or short.missing or "nothing is known of this group now")
    queries = {
        f"{name} of {duration(length)}": query
        for length, counted in ((pair.long, long), (pair.short, short))
        for name, query in counted.queries.items()
    }
    return queries, {
        group: _burn(slo, pair, long.groups.get(group, lost), short.groups.get(group, lost))
        for group in groups
    }


def _burn(slo: Slo, pair: BurnWindow, long: Count, short: Count) -> Burn:
    """Say whether a pair burns as its alert does, by the same fewest bad events.

    A short window without events says nothing, so the long one speaks for both.
    """
    factor = pair.factor(slo.length)
    if missing := long.missing or short.missing:
        return Burn(pair, factor, None, missing=missing)
    over = long.error_ratio or Fraction(0)
    now = over if short.error_ratio is None else short.error_ratio
    rate = min(over, now) / slo.budget
    enough = long.bad is None or long.bad >= least_bad(slo, pair)
    return Burn(pair, factor, rate, rate > factor and enough)
