"""What Prometheus counted of a version since a step began."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.telemetry.model import edge_label
from slo.canary.population import BUCKET, COUNT
from slo.objectives import ANSWERED, FAILED
from slo.prometheus import NoDataError
from slo.promql import Matcher, duration, quoted
from slo.queries import Between, timestamp

if TYPE_CHECKING:
    from fractions import Fraction

    from slo.canary.plan import Plan
    from slo.canary.population import Population
    from slo.prometheus import Prometheus
    from slo.promql import Selector

WHICH = "count"
ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Counted:
    """The requests of a version: all, those that failed, those answered, and how late."""

    total: float
    failed: float
    answered: float
    slow: float
    late: float


@dataclass(frozen=True, slots=True)
class Since(Between):
    """The time of a step so far, counted exactly; processes of stable may end meanwhile."""

    def grown(self, selector: Selector | str) -> str:
        """Write how much each counter grew, up to its last sample where it is gone."""
        last = f"last_over_time({selector}[{duration(self.period)}] @ {timestamp(self.end)})"
        return f"({last} - {selector} @ {timestamp(self.start)} or {last})"


def count(population: Population, plan: Plan, since: Since, prometheus: Prometheus) -> Counted:
    """Count the requests of a version, in one query so that all numbers are of the same scrapes.

    Raises NoDataError when a number is missing or none, and all else of PrometheusError.
    """
    queries = {
        "total": since.count(population.select(COUNT)),
        "failed": since.count(population.select(COUNT, FAILED)),
        "answered": since.count(population.select(COUNT, ANSWERED)),
        "fast": since.count(population.select(BUCKET, ANSWERED, _edge(plan.limits.slow_seconds))),
        "early": since.count(population.select(BUCKET, ANSWERED, _edge(plan.limits.late_seconds))),
    }
    found = _numbers(queries, since, prometheus)
    if "total" not in found:
        raise NoDataError(f"there is no series {population.select(COUNT)}")
    # A process whose requests all failed has no buckets of answers; any other one has all.
    if len({"answered", "fast", "early"} & set(found)) not in (0, 3):
        raise NoDataError(f"a bucket is missing: {queries['fast']} and {queries['early']}")
    total, failed, answered, fast, early = (float(found.get(name, 0)) for name in queries)
    counted = Counted(total, failed, answered, answered - fast, answered - early)
    if min(failed, counted.slow, counted.late) < 0 or failed + answered > total:
        raise NoDataError(f"counts of requests contradict each other: {counted}")
    return counted


@dataclass(frozen=True, slots=True)
class Gaps:
    """Why counts are not exact, one sentence a reason; those that are gone were counted so far."""

    canary: tuple[str, ...]
    stable: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return all of them."""
        return self.canary + self.stable + self.gone


def find_gaps(plan: Plan, since: Since, prometheus: Prometheus, *, compared: bool) -> Gaps:
    """Find series that began anew, are gone, are in both versions, or were unknown at the start.

    Raises all of PrometheusError.
    """
    found = _numbers(_gap_queries(plan, since), since, prometheus)

    def said(name: str, sentence: str) -> tuple[str, ...]:
        return (f"{float(number):g} {sentence}",) if (number := found.get(name)) else ()

    known = () if found.get("known") else ("stable had no series at the start",)
    return Gaps(
        said("anew", "series of the canary began anew: a process restarted")
        + said("both", "series are of the canary and of stable"),
        (said("stable anew", "series of stable began anew") + known) if compared else (),
        said("gone", "series of the canary are gone: a process was lost or cannot be scraped"),
    )


def _gap_queries(plan: Plan, since: Since) -> dict[str, str]:
    canary, stable = plan.canary.select(COUNT), plan.stable.select(COUNT)
    now = f"@ {timestamp(since.end)}"
    seen = f"[{duration(since.period)}] {now}"
    return {
        "anew": _anew(canary, since),
        "stable anew": _anew(stable, since),
        "both": f"count({canary} {now} and {stable} {now})",
        "gone": f"count(last_over_time({canary}{seen}) unless {canary} {now})",
        "known": f"count({stable} @ {timestamp(since.start)})",
    }


def _anew(series: str, since: Since) -> str:
    """Count resets, and what fell below its value at the start: its reset was before the first."""
    now, before = (f"{series} @ {timestamp(moment)}" for moment in (since.end, since.start))
    seen = f"{series}[{duration(since.period)}] @ {timestamp(since.end)}"
    return f"sum(resets({seen})) + (count({now} - {before} < 0) or vector(0))"


def _numbers(queries: dict[str, str], since: Since, prometheus: Prometheus) -> dict[str, Fraction]:
    # One that always has an answer, so that none of the others is not taken for no answer.
    asked = {**queries, ASKED: "vector(0)"}
    named = (f'label_replace({q}, "{WHICH}", {quoted(name)}, "", "")' for name, q in asked.items())
    found = prometheus.numbers(" or ".join(named), (WHICH,), since.end)
    return {name: found[group] for name in queries if (group := ((WHICH, name),)) in found}


def _edge(seconds: float) -> Matcher:
    return Matcher("le", "=", edge_label(seconds))
