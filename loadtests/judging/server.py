"""What the service itself counted of a rule, asked from its Prometheus."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from loadtests.judging.evidence import Evidence
from loadtests.judging.windows import windows_of_run, windows_of_step
from loadtests.rules.limits import Budget
from loadtests.rules.measures import OfSlo, Query
from slo.counting import count
from slo.indicators import decimal
from slo.prometheus import PrometheusError
from slo.promql import PLACEHOLDER, duration
from slo.statistics.errors import CountsError
from slo.statistics.intervals import ratio_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loadtests.judging.evidence import Observed
    from loadtests.rules.limits import Limit
    from slo.counting import Counts
    from slo.model import Slo
    from slo.prometheus import Prometheus
    from slo.queries import Between


def asked(measure: OfSlo | Query, limit: Limit, step: str | None, observed: Observed) -> Evidence:
    """Return what Prometheus says over one step, or over the run.

    Each load has its window: events of an SLO are added up. A query is somebody's own, whose
    numbers nobody can add, so it is asked of the last window only.
    """
    windows = windows_of_run(measure, observed) if step is None else windows_of_step(step, observed)
    if isinstance(windows, Evidence):
        return windows
    if not windows:
        return Evidence(missing="nothing was read back from Prometheus")
    if isinstance(measure, Query):
        return _query(measure, windows[-1], observed.prometheus)
    return _slo(measure.slo, limit, windows, observed.prometheus)


def _query(measure: Query, window: Between, prometheus: Prometheus) -> Evidence:
    query = PLACEHOLDER.sub(duration(window.period), measure.expression)
    try:
        value = float(prometheus.number(query, window.end))
    except (PrometheusError, OverflowError) as error:
        return Evidence(
            query=query, started=window.start, ended=window.end, missing=_one_sentence(error)
        )
    return Evidence(value, query=query, started=window.start, ended=window.end)


def _slo(slo: Slo, limit: Limit, windows: Sequence[Between], prometheus: Prometheus) -> Evidence:
    started, ended = windows[0].start, windows[-1].end
    try:
        counted = [count(slo, window, prometheus) for window in windows]
    except PrometheusError as error:
        return Evidence(started=started, ended=ended, missing=_one_sentence(error))
    queries = [counts.queries for counts in counted]
    spent = isinstance(limit, Budget)
    query = budget_spent(queries, slo) if spent else good_share(queries)
    try:
        total, bad = _events(counted)
        found = ratio_interval(float(bad), float(total))
    except CountsError as error:
        return Evidence(query=query, started=started, ended=ended, missing=_one_sentence(error))
    value, low, high = _in_unit(slo, limit, (float(bad / total), found.low, found.high))
    return Evidence(value, low, high, float(total), query, started, ended)


def _in_unit(slo: Slo, limit: Limit, bad: tuple[float, float, float]) -> tuple[float, float, float]:
    """Turn a share of bad events into good ones, or into the budget that they have spent."""
    value, low, high = bad
    if isinstance(limit, Budget):
        budget = float(slo.budget)
        return value / budget, low / budget, high / budget
    return 1 - value, 1 - high, 1 - low


def _events(counted: Sequence[Counts]) -> tuple[Fraction, Fraction]:
    """Add up the events of all windows; raises CountsError for none, or when one is not known."""
    total = bad = Fraction(0)
    for counts in counted:
        if len(counts.groups) != 1:
            groups = f"{len(counts.groups)} groups are counted apart, a rule is about one number"
            raise CountsError(counts.missing or groups)
        (found,) = counts.groups.values()
        if found.total is None or found.bad is None:
            raise CountsError(found.missing or "only a ratio is known, and no events behind it")
        total += found.total
        bad += found.bad
    if not total:
        raise CountsError("no event in the window")
    return total, bad


def good_share(queries: Sequence[Mapping[str, str]]) -> str:
    """Write one query that gives the share of good events of all windows again."""
    bad = _bad_share(queries)
    return f"1 - {bad}" if bad else _each(queries)


def budget_spent(queries: Sequence[Mapping[str, str]], slo: Slo) -> str:
    """Write one query that gives the share of the budget of these events that is spent."""
    bad = _bad_share(queries)
    return f"{bad} / {decimal(slo.budget)}" if bad else _each(queries)


def _bad_share(queries: Sequence[Mapping[str, str]]) -> str:
    """Divide bad events by all; empty where events are not counted."""
    if not queries or not all({"total", "bad"} <= set(each) for each in queries):
        return ""
    bad, total = (" + ".join(f"({each[which]})" for each in queries) for which in ("bad", "total"))
    return f"({bad}) / ({total})"


def _each(queries: Sequence[Mapping[str, str]]) -> str:
    return "; ".join(query for each in queries for query in each.values())


def _one_sentence(error: Exception) -> str:
    return " ".join(str(error).split())
