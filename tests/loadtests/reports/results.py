"""Results of runs as reports may meet them."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan
from typing import TYPE_CHECKING

from loadtests.judging.model import Check
from loadtests.load import Load, SlowTrace, StepLoad
from loadtests.measurement import Chart, Measured, OperationServed
from loadtests.plan import Closed
from loadtests.result import Attempt, Kind
from slo.prometheus import Series
from tests.loadtests.reports.building import (
    ENDED,
    FAILED,
    FAILED_CHECK,
    HOSTILE,
    MEASURES,
    PASSED,
    PASSED_CHECK,
    STARTED,
    SWIPE,
    UNDECIDED,
    WAIVER,
    WARNED,
    answers,
    attempt,
    load,
    result,
    ruling,
)

if TYPE_CHECKING:
    from loadtests.result import RunResult


def hostile() -> RunResult:
    """Make a result whose every text wants out of its report."""
    bad = ruling(
        FAILED,
        id="hostile-rule",
        over=HOSTILE,
        why=HOSTILE,
        query=HOSTILE,
        limit=HOSTILE,
        warning=HOSTILE,
        reason=HOSTILE,
        file=HOSTILE,
        waiver=replace(WAIVER, id=HOSTILE, owner=HOSTILE, approver=HOSTILE, reason=HOSTILE),
    )
    open_rule = ruling(FAILED, id="hostile-too", over=HOSTILE, why=HOSTILE, file=HOSTILE)
    seen = load(("_warm", HOSTILE, "peak"))
    seen.problems.append(HOSTILE)
    seen.slowest = [SlowTrace(inf, HOSTILE, HOSTILE, HOSTILE, 0)]
    checks = (PASSED_CHECK, replace(FAILED_CHECK, title=HOSTILE, detail=HOSTILE))
    drawn = Chart(HOSTILE, HOSTILE, HOSTILE, [Series({"http_route": HOSTILE}, [(1.0, 1.0)])])
    tried = attempt(bad, open_rule, load=seen, checks=checks, charts=(drawn,))
    return result(
        bad,
        open_rule,
        attempts=(tried,),
        title=HOSTILE,
        scenario=HOSTILE,
        fault=HOSTILE,
        notes=(HOSTILE,),
    )


def unending() -> RunResult:
    """Make a result with infinity and no number wherever there can be one."""
    never = ruling(
        FAILED, measured=inf, low=nan, high=inf, samples=nan, compared=inf, kind="relative"
    )
    seen = load()
    seen.steps[1].operations = {SWIPE: answers({}, s0=10)}
    drawn = Chart("c", "ms", "q", [Series({}, [(1.0, nan), (2.0, inf)])])
    served = OperationServed(
        SWIPE, Measured(inf, "a"), Measured(nan, "b"), {0.5: Measured(nan, "c")}
    )
    return result(never, attempts=(attempt(never, load=seen, charts=(drawn,), served=(served,)),))


def without_load() -> RunResult:
    """Make the result of a run of which nothing is known."""
    unknown = ruling(
        UNDECIDED, measured=None, low=None, high=None, samples=None, started=None, ended=None
    )
    check = Check("sent", "load was sent", passed=False, detail="Prometheus went away")
    return result(unknown, attempts=(Attempt(Kind.FIRST, STARTED, (check,)),))


def confirmed() -> RunResult:
    """Make the result of a run that failed at first and passed when it was sent again."""
    first, second = ruling(FAILED, id="shaky"), ruling(PASSED, id="shaky")
    tries = (attempt(first), attempt(second, kind=Kind.CONFIRMATION))
    return result(replace(second, flaky=True), attempts=tries)


def without_requests() -> RunResult:
    """Make the result of steps in which nothing was sent."""
    seen = Load(40, STARTED, STARTED, ENDED, [StepLoad("steady", False, 0, STARTED, ENDED)])  # noqa: FBT003  # no warm-up
    return result(ruling(UNDECIDED), attempts=(attempt(load=seen),))


RESULTS: dict[str, RunResult] = {
    "every kind of rule passed": result(*(ruling(kind=kind, compared=0.12) for kind in MEASURES)),
    "all statuses": result(*map(ruling, (PASSED, WARNED, UNDECIDED, FAILED))),
    "compared": result(
        ruling(FAILED, kind="relative", compared=0.12), notes=("the baseline is 40 days old",)
    ),
    "warned": result(ruling(WARNED, warning="at most 120 ms")),
    "undecided": result(ruling(), ruling(UNDECIDED, samples=20.0)),
    "waived": result(ruling(), ruling(FAILED, waiver=WAIVER), waivers=(WAIVER,), again=False),
    "all waived": result(ruling(FAILED, waiver=WAIVER), ruling(waiver=WAIVER, id="fine")),
    "flaky": confirmed(),
    "invalid": result(ruling(), attempts=(attempt(ruling(), checks=(PASSED_CHECK, FAILED_CHECK)),)),
    "nothing judged": result(),
    "without load": without_load(),
    "without requests": without_requests(),
    "closed": result(ruling(), arrivals=Closed(60)),
    "unending": unending(),
    "hostile": hostile(),
}
