"""Judging a run: every rule over the run or over each of its steps, and what was promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.judging.absolute import against
from loadtests.judging.client import seen
from loadtests.judging.combine import worst_first
from loadtests.judging.evidence import known
from loadtests.judging.minimum import minimum, parts
from loadtests.judging.model import Ruling, Status
from loadtests.judging.promises import promised
from loadtests.judging.relative import compared
from loadtests.judging.server import asked
from loadtests.judging.words import limit_phrases
from loadtests.rules.limits import Allowance, Budget
from loadtests.rules.measures import OfSlo, Query, Worse
from loadtests.rules.read import RUN
from slo.statistics.intervals import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.judging.evidence import Evidence, Observed
    from loadtests.judging.minimum import Part
    from loadtests.judging.model import Baseline, BaselineValue
    from loadtests.rules.model import Rule
    from slo.report import SloResult


def judge(
    rules: Sequence[Rule],
    observed: Observed,
    baseline: Baseline,
    slo_results: Sequence[SloResult] = (),
) -> tuple[Ruling, ...]:
    """Judge the rules of a file and the results of promises, worst first.

    Two loads are judged as one: what the generator and the service counted is added up, and so are
    several results of the same promise; a query is asked of the last window. Without a baseline
    give an empty one: what is relative to it is then undecided.
    """
    found = [
        _ruling(rule, over, evidence(rule, over, observed), baseline.get((rule.id, over)))
        for rule in rules
        for over in rule.steps or (RUN,)
    ]
    return worst_first((*found, *promised(slo_results, observed)))


def evidence(rule: Rule, over: str, observed: Observed) -> Evidence:
    """Return what was seen of a rule over the run, or over the step of that name."""
    step = over if rule.steps else None
    if isinstance(rule.measure, OfSlo | Query):
        return asked(rule.measure, rule.limit, step, observed)
    return seen(rule.measure, step, observed)


def _ruling(rule: Rule, over: str, found: Evidence, base: BaselineValue | None) -> Ruling:
    given = parts(rule.limit)
    if given is None:
        raise TypeError(f"{rule.id}: a promise is judged by its result, not as a rule")
    fail, warn = given
    status, why = _decided(rule, found, base, fail, warn)
    limit, warning = limit_phrases(rule)
    return Ruling(
        rule=rule,
        over=over,
        status=status,
        measured=known(found.value),
        low=known(found.low),
        high=known(found.high),
        limit=limit,
        warning=warning,
        compared=None if base is None or not isinstance(fail, Allowance) else base.value,
        samples=found.samples,
        minimum=minimum(rule, fail),
        started=found.started,
        ended=found.ended,
        query=found.query,
        why=f"{why}; {found.note}" if found.note else why,
    )


def _decided(
    rule: Rule, found: Evidence, base: BaselineValue | None, fail: Part, warn: Part | None
) -> tuple[Status, str]:
    """Say what becomes of a rule, and why.

    A warning is said only when it is sure, as a failure is: one that comes whenever a value lies
    near would be read by nobody. What is perhaps past it passes, and says so.
    """
    finding, why = _found(rule, found, base, fail)
    if finding is Finding.FAILS:
        return Status.FAILED, why
    if finding is Finding.UNDECIDED:
        return Status.UNDECIDED, why
    noticed = Finding.PASSES if warn is None else _found(rule, found, base, warn)[0]
    if noticed is Finding.FAILS:
        return Status.WARNED, f"{why}; surely past the warning"
    return Status.PASSED, why if noticed is Finding.PASSES else f"{why}; perhaps past the warning"


def _found(
    rule: Rule, found: Evidence, base: BaselineValue | None, part: Part
) -> tuple[Finding, str]:
    least = minimum(rule, part)
    if found.missing:
        return Finding.UNDECIDED, found.missing
    if least is not None and (found.samples is None or found.samples < least):
        samples = f"{found.samples or 0:.10g} samples are too few"
        return Finding.UNDECIDED, f"{samples}, it takes {least}"
    if isinstance(part, Allowance):
        if base is None:
            return Finding.UNDECIDED, "no baseline"
        return compared(found, base, part, rule.measure)
    worse = Worse.HIGHER if isinstance(rule.limit, Budget) else rule.measure.worse
    return against(found, part, worse)
