"""Measuring service levels: one result model for tables, files and the gate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from slo.indicators import LatencySli, error_ratio
from slo.model import Severity
from slo.prometheus import NoDataError
from slo.queries import Rolling, bad_events, timestamp, total_events

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from slo.model import BurnWindow, Slo
    from slo.prometheus import Prometheus
    from slo.queries import Window


class Verdict(StrEnum):
    """What the measurement says about a promise."""

    MET = "met"
    BURNING = "burning"
    EXHAUSTED = "exhausted"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class SloResult:
    """One SLO measured over one window.

    `total` and `bad` are event counts; both are None when they could not be had, and `reason` says
    why. `queries` gives each of them again.
    """

    slo: Slo
    verdict: Verdict
    total: Fraction | None
    bad: Fraction | None
    queries: dict[str, str]
    reason: str

    @property
    def good_ratio(self) -> Fraction | None:
        """Return the share of good events, or None without events."""
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
    """Measure service levels over one window.

    Raises UnreachableError, WrongAddressError and QueryError; missing data is a verdict.
    """
    return [_measure(slo, window, prometheus) for slo in slos]


def _measure(slo: Slo, window: Window, prometheus: Prometheus) -> SloResult:
    queries = {"total": total_events(slo.sli, window), "bad": bad_events(slo.sli, window)}
    resets = window.resets(slo.sli.total)
    try:
        total = prometheus.number(queries["total"])
        bad = prometheus.number(queries["bad"])
        restarted = resets is not None and prometheus.number(resets) > 0
    except NoDataError as error:
        return SloResult(slo, Verdict.NO_DATA, None, None, queries, str(error))
    if restarted:
        reason = f"a process restarted or was lost in the window, the count is not exact: {resets}"
        return SloResult(slo, Verdict.NO_DATA, None, None, queries, reason)
    if total <= 0:
        return SloResult(slo, Verdict.NO_DATA, total, bad, queries, "no event in the window")
    if bad > total * slo.budget:
        allowed = float(total * slo.budget)
        reason = f"{float(bad):g} of {float(total):g} events were bad, {allowed:g} are allowed"
        return SloResult(slo, Verdict.EXHAUSTED, total, bad, queries, reason)
    burning = _burning(slo, window, prometheus)
    if burning is not None:
        return SloResult(slo, Verdict.BURNING, total, bad, queries, burning)
    return SloResult(slo, Verdict.MET, total, bad, queries, "")


def _burning(slo: Slo, window: Window, prometheus: Prometheus) -> str | None:
    """Say which page-level pair of windows burns at the end of a rolling period, if any does."""
    if not isinstance(window, Rolling):
        return None
    for pair in slo.burn_windows:
        if pair.severity is not Severity.PAGE:
            continue
        factor = pair.factor(slo.length)
        rates = [_burn_rate(slo, pair, short, window, prometheus) for short in (False, True)]
        if all(rate is not None and rate > factor for rate in rates):
            return f"the budget burns faster than {float(factor):g} times its even rate"
    return None


def _burn_rate(
    slo: Slo, pair: BurnWindow, short: bool, window: Rolling, prometheus: Prometheus
) -> Fraction | None:
    length = pair.short if short else pair.long
    try:
        ratio = prometheus.number(error_ratio(slo.sli, length), at=window.end)
    except NoDataError:
        return None
    return ratio / slo.budget


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
        "title": result.slo.title,
        "objective": float(result.slo.objective),
        "limit": result.limit,
        "measured": result.measured,
        "total": _number(result.total),
        "bad": _number(result.bad),
        "good_ratio": _number(result.good_ratio),
        "budget_burned": _number(result.budget_burned),
        "verdict": result.verdict.value,
        "reason": result.reason,
        "queries": result.queries,
    }


def window_document(window: Window) -> dict[str, str]:
    """Turn a window into JSON."""
    if isinstance(window, Rolling):
        return {"period": str(window.period), "end": timestamp(window.end)}
    return {"start": timestamp(window.start), "end": timestamp(window.end)}


def _number(value: Fraction | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)
