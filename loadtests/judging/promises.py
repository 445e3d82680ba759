"""What was promised, as rows among the rules: the count of all events against the objective."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

from loadtests.judging.model import Ruling, Status
from loadtests.judging.server import good_share
from loadtests.judging.windows import window_of, windows_of
from loadtests.judging.words import limit_phrases
from loadtests.rules.limits import Promise
from loadtests.rules.measures import OfSlo
from loadtests.rules.model import Rule
from loadtests.rules.read import RUN
from slo import objectives
from slo.counting import Count
from slo.report import SloResult, Verdict, judge, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.judging.evidence import Observed
    from loadtests.load import Load
    from slo.counting import Group
    from slo.model import Slo
    from slo.prometheus import Prometheus
    from slo.queries import Between

FILE = "slo/objectives.py"
DECLARED = re.compile(r'^ +id="([^"]+)",', re.MULTILINE)
STATUSES = {
    Verdict.MET: Status.PASSED,
    Verdict.BURNING: Status.FAILED,
    Verdict.EXHAUSTED: Status.FAILED,
    Verdict.NO_DATA: Status.UNDECIDED,
}


def promise_rule(slo: Slo) -> Rule:
    """Return the rule that a service level is; raises KeyError for one that is not declared."""
    return Rule(slo.id, slo.description, (), OfSlo(slo), Promise(), FILE, _lines()[slo.id])


def measured(
    slos: Sequence[Slo], load: Load, window: Between, prometheus: Prometheus
) -> tuple[SloResult, ...]:
    """Measure service levels over one load, warm-ups left out of latencies.

    Raises UnreachableError, WrongAddressError and QueryError; missing data is a verdict.
    """
    return tuple(
        result
        for slo in slos
        for result in measure([slo], window_of(slo, load, window), prometheus)
    )


def promised(results: Sequence[SloResult], observed: Observed) -> list[Ruling]:
    """Judge results of measured(); several of the same service level, of loads apart, are added."""
    same: defaultdict[tuple[str, Group], list[SloResult]] = defaultdict(list)
    for result in results:
        same[result.slo.id, result.group].append(result)
    return [_ruling(_added(group), group, observed) for group in same.values()]


def _added(results: Sequence[SloResult]) -> SloResult:
    """Judge the events of all windows together; one of which nothing is known spoils all."""
    first = results[0]
    unknown = [one for one in results if one.total is None or one.bad is None]
    if unknown or len(results) == 1:
        # No data comes last among verdicts of a ratio without events, of which none can be added.
        return max(unknown or results, key=lambda one: list(Verdict).index(one.verdict))
    total = sum((one.total or Fraction(0) for one in results), Fraction(0))
    bad = sum((one.bad or Fraction(0) for one in results), Fraction(0))
    return judge(first.slo, Count(total, bad), first.queries, first.group)


def _ruling(found: SloResult, results: Sequence[SloResult], observed: Observed) -> Ruling:
    rule = promise_rule(found.slo)
    windows = windows_of(found.slo, observed)
    share = None if found.good_ratio is None else float(found.good_ratio)
    return Ruling(
        rule=rule,
        over=_over(found.group),
        status=STATUSES[found.verdict],
        measured=share,
        low=share,
        high=share,
        limit=limit_phrases(rule)[0],
        warning="",
        compared=None,
        samples=None if found.total is None else float(found.total),
        minimum=None,
        started=windows[0].start if windows else None,
        ended=windows[-1].end if windows else None,
        query=good_share([result.queries for result in results]),
        why=_why(found),
    )


def _over(group: Group) -> str:
    """Tell the groups of one service level apart."""
    inner = ", ".join(f"{label}={value}" for label, value in group)
    return f"{RUN} ({inner})" if inner else RUN


def _why(found: SloResult) -> str:
    if found.verdict is Verdict.MET and found.total is not None and found.bad is not None:
        allowed = float(found.total * found.slo.budget)
        counted = f"{float(found.bad):.10g} of {float(found.total):.10g} events were bad"
        return f"{counted}, {allowed:.6g} are allowed"
    return found.reason or f"measured {found.measured}"


@cache
def _lines() -> dict[str, int]:
    """Find where each service level is declared, by reading the source once."""
    source = inspect.getsource(objectives)
    return {
        found[1]: source.count("\n", 0, found.start()) + 1 for found in DECLARED.finditer(source)
    }
