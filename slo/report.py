"""Measuring service levels: one result model for tables, files and the gate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.burning import burns
from slo.counting import count
from slo.indicators import LatencySli
from slo.queries import Rolling, timestamp

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from slo.burning import Burn
    from slo.counting import Count, Group
    from slo.model import Slo
    from slo.prometheus import Prometheus
    from slo.queries import Window

# Sums of extrapolated counts differ by so little although nothing was bad.
ROUNDING = Fraction(1, 10**6)


class Verdict(StrEnum):
    """What the measurement says about a promise."""

    MET = "met"
    BURNING = "burning"
    EXHAUSTED = "exhausted"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class SloResult:
    """One SLO, or one group of it, measured over one window.

    `total` and `bad` are event counts. Both are None when they could not be had, and `reason` says
    why; or when there are none, as in a composite, and `error_ratio` is all there is. `queries`
    gives each number again, at the end of the window.
    """

    slo: Slo
    verdict: Verdict
    total: Fraction | None
    bad: Fraction | None
    queries: dict[str, str]
    reason: str
    group: Group = ()
    error_ratio: Fraction | None = None

    @property
    def name(self) -> str:
        """Name the SLO, and its group if it has one."""
        inner = ",".join(f'{label}="{value}"' for label, value in self.group)
        return f"{self.slo.id}{{{inner}}}" if inner else self.slo.id

    @property
    def good_ratio(self) -> Fraction | None:
        """Return the share of good events, or None without events."""
        if self.error_ratio is not None:
            return 1 - self.error_ratio
        if self.total is None or self.bad is None or self.total <= 0:
            return None
        return 1 - self.bad / self.total

    @property
    def budget_burned(self) -> Fraction | None:
        """Return which share of the window's error budget is spent: 1 is all of it."""
        good = self.good_ratio
        return None if good is None else (1 - good) / self.slo.budget

    @property
    def limit(self) -> str:
        """Say the promise in one phrase, like `95 % < 150 ms` or `99.95 %`."""
        return f"{percent(self.slo.objective)}{_what(self.slo)}"

    @property
    def measured(self) -> str:
        """Say the measurement in the same phrase, or that there is none."""
        good = self.good_ratio
        return "no data" if good is None else f"{percent(good)}{_what(self.slo)}"


def measure(slos: Sequence[Slo], window: Window, prometheus: Prometheus) -> list[SloResult]:
    """Measure service levels over one window: one result for each, and for each group of one.

    Of a rolling window it must also be known whether the budget burns at its end.
    Raises UnreachableError, WrongAddressError and QueryError; missing data is a verdict.
    """
    return [result for slo in slos for result in _measure(slo, window, prometheus)]


def _measure(slo: Slo, window: Window, prometheus: Prometheus) -> list[SloResult]:
    counted = count(slo, window, prometheus)
    if not counted.groups:
        return [SloResult(slo, Verdict.NO_DATA, None, None, counted.queries, counted.missing)]
    results = [
        judge(slo, found, counted.queries, group) for group, found in sorted(counted.groups.items())
    ]
    if all(result.verdict is not Verdict.MET for result in results):
        return results
    if not isinstance(window, Rolling):
        # Two moments of the past are judged by their events, whatever burns now.
        return results
    found = page_burns(slo, counted.groups, window.end, prometheus)
    return [_known(heeding(result, found[result.group]), found[result.group]) for result in results]


def page_burns(
    slo: Slo, groups: Collection[Group], at: datetime, prometheus: Prometheus
) -> dict[Group, tuple[Burn, ...]]:
    """Return how the budget of each group burns at a moment, by the pairs of windows that page."""
    pairs = burns(slo, groups, at, prometheus)
    return {group: tuple(found[group] for _, found in pairs) for group in groups}


def heeding(result: SloResult, found: Sequence[Burn]) -> SloResult:
    """Return a result that knows whether the budget burns; no data and exhaustion weigh more."""
    burning = next((burn for burn in found if burn.burning), None)
    if burning is None or result.verdict is not Verdict.MET:
        return result
    reason = f"the budget burns faster than {float(burning.factor):g} times its even rate"
    return replace(result, verdict=Verdict.BURNING, reason=reason)


def _known(result: SloResult, found: Sequence[Burn]) -> SloResult:
    """Return a result that is no pass while nobody knows whether the budget burns."""
    unknown = next((burn for burn in found if burn.rate is None), None)
    if unknown is None or result.verdict is not Verdict.MET:
        return result
    reason = f"whether it burns now is unknown: {unknown.missing}"
    return replace(result, verdict=Verdict.NO_DATA, reason=reason)


def judge(slo: Slo, found: Count, queries: dict[str, str], group: Group = ()) -> SloResult:
    """Hold a count against its promise."""

    def result(verdict: Verdict, reason: str = "") -> SloResult:
        total, bad = found.events
        return SloResult(slo, verdict, total, bad, queries, reason, group, found.ratio)

    if found.missing:
        return SloResult(slo, Verdict.NO_DATA, None, None, queries, found.missing, group)
    ratio = found.error_ratio
    if ratio is None:
        return result(Verdict.NO_DATA, "no event in the window")
    if ratio < -ROUNDING:
        said = f"{float(ratio):.4%} of the events were bad, which cannot be".replace("%", " %")
        return SloResult(slo, Verdict.NO_DATA, None, None, queries, said, group)
    if ratio > slo.budget:
        return result(Verdict.EXHAUSTED, _too_many(slo, found, ratio))
    return result(Verdict.MET)


def _too_many(slo: Slo, found: Count, ratio: Fraction) -> str:
    total, bad = found.events
    if total is None or bad is None:
        return f"{float(ratio):.4%} was bad, {float(slo.budget):.4%} is allowed".replace("%", " %")
    allowed = float(total * slo.budget)
    return f"{float(bad):.10g} of {float(total):.10g} events were bad, {allowed:.6g} are allowed"


def percent(ratio: Fraction) -> str:
    """Write a share as a percentage with at most four decimals, never rounded up to a promise."""
    hundredths = int(ratio * 1_000_000)
    return f"{hundredths / 10_000:.4f}".rstrip("0").rstrip(".") + " %"


def _what(slo: Slo) -> str:
    if isinstance(slo.sli, LatencySli):
        return f" < {float(slo.sli.threshold * 1000):g} ms"
    return ""


def result_document(result: SloResult) -> dict[str, object]:
    """Turn a result into JSON: counts and shares as numbers, None where there is no data."""
    return {
        "slo": result.slo.id,
        "group": dict(result.group),
        "title": result.slo.title,
        "objective": float(result.slo.objective),
        "limit": result.limit,
        "measured": result.measured,
        "total": exact_number(result.total),
        "bad": exact_number(result.bad),
        "good_ratio": exact_number(result.good_ratio),
        "budget_burned": exact_number(result.budget_burned),
        "verdict": result.verdict.value,
        "reason": result.reason,
        "queries": result.queries,
    }


def window_document(window: Window) -> dict[str, str]:
    """Turn a window into JSON."""
    if isinstance(window, Rolling):
        return {"period": str(window.period), "end": timestamp(window.end)}
    return {"start": timestamp(window.start), "end": timestamp(window.end)}


def exact_number(value: Fraction | None) -> float | int | None:
    """Return a number as JSON has it: whole ones stay whole, None is no data."""
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)
