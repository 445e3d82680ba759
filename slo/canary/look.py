"""One look at Prometheus: both versions, and whatever keeps them from being known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo.canary.counts import Counted, count, find_gaps
from slo.canary.decide import Look
from slo.prometheus import NoDataError

if TYPE_CHECKING:
    from slo.canary.counts import Since
    from slo.canary.plan import Plan
    from slo.canary.population import Population
    from slo.prometheus import Prometheus


def look(plan: Plan, since: Since, prometheus: Prometheus, *, compared: bool) -> Look:
    """Count both versions; raises all of PrometheusError but NoDataError."""
    canary = _counted(plan.canary, plan, since, prometheus)
    stable = _counted(plan.stable, plan, since, prometheus) if compared else None
    try:
        gaps = find_gaps(plan, since, prometheus, compared=compared)
    except NoDataError as error:
        return Look(None, None, (str(error),), compared)
    missing = [f"canary: {canary}"] if isinstance(canary, str) else []
    missing += [f"stable: {stable}"] if isinstance(stable, str) else []
    return Look(
        canary if isinstance(canary, Counted) and not gaps.canary else None,
        stable if isinstance(stable, Counted) and not gaps.stable else None,
        (*missing, *gaps.reasons),
        compared,
    )


def _counted(
    population: Population, plan: Plan, since: Since, prometheus: Prometheus
) -> Counted | str:
    try:
        return count(population, plan, since, prometheus)
    except NoDataError as error:
        return str(error)
