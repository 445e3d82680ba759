"""Builds results of runs, of real model objects."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.telemetry.catalog import DECK_READ, LOG_IN, SWIPE_CREATE
from loadtests.arrivals.schedule import Schedule, Step
from loadtests.judging.model import Check, Ruling, Status
from loadtests.load import Answers, Load, SlowTrace, StepLoad, WorkerLoad
from loadtests.measurement import Chart, Measured, OperationServed
from loadtests.plan import LoadOptions, LoadPlan
from loadtests.result import Attempt, Conservation, Kind, RunPlan, RunResult
from loadtests.rules.limits import Absolute, Allowance, Budget, Promise, Relative
from loadtests.rules.measures import Errors, OfSlo, Quantile, Query, Rate, Under, Worse
from loadtests.rules.model import Rule
from loadtests.rules.units import Unit, quantity
from loadtests.waivers.model import Waiver
from slo.objectives import SWIPE_AVAILABILITY, SWIPE_LATENCY
from slo.prometheus import Series
from slo.queries import Between
from slo.report import SloResult, Verdict

if TYPE_CHECKING:
    from loadtests.rules.limits import Limit
    from loadtests.rules.measures import Measure

PASSWORD = "correct-horse-battery"
STARTED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
ENDED = STARTED + timedelta(seconds=60)
HOST = f"https://loader:{PASSWORD}@api.example:8443/v1?key=1"
# What breaks out of XML, HTML, Markdown, annotations, consoles and drawings.
HOSTILE = (
    "]]> </failure><script>alert(1)</script> <img src=//evil.example/x> | `a` ``` **b** "
    "[c](http://evil.example) [red] $\\frac$ {{ 7*7 }} 100% a,b:c \x00\x1b[31m\ud800\ufffe"
    "\r\n::error file=/etc/passwd::owned\n# heading\n</details> "
    f"http://loader:{PASSWORD}@api.example/ \u202eevil \U0001f436"
)
SWIPE, DECK = SWIPE_CREATE.operation, DECK_READ.operation
P95 = Quantile(SWIPE, Fraction(95, 100))
MEASURES: dict[str, tuple[Measure, Limit]] = {
    "quantile": (P95, Absolute(quantity("150 ms"), quantity("120 ms"))),
    "under": (Under(DECK, quantity("150 ms")), Absolute(quantity("95 %"), None)),
    "errors": (Errors("all"), Absolute(quantity("1 %"), None)),
    "rate": (Rate(SWIPE), Absolute(quantity("400 /s"), None)),
    "promise": (OfSlo(SWIPE_AVAILABILITY), Promise()),
    "budget": (OfSlo(SWIPE_AVAILABILITY), Budget(quantity("50 %"), None)),
    "query": (
        Query("sum(petswipe_swipes_total)", Unit.COUNT, Worse.LOWER),
        Absolute(quantity("3"), None),
    ),
    "relative": (P95, Relative(Allowance(Fraction(10, 100), quantity("5 ms")), None)),
}


def ruling(status: Status = Status.PASSED, kind: str = "quantile", **given: Any) -> Ruling:
    """Make a ruling of one kind of rule; its id is `<status>-<kind>` unless told otherwise."""
    measure, limit = MEASURES[kind]
    rule = Rule(
        given.pop("id", f"{status.value}-{kind}"),
        given.pop("reason", "An adopter notices a swipe that is slower."),
        (),
        measure,
        limit,
        given.pop("file", "loadtests/rules.yml"),
        12,
    )
    known: dict[str, Any] = {
        "rule": rule,
        "over": "peak",
        "status": status,
        "measured": 0.1501,
        "low": 0.148,
        "high": 0.152,
        "limit": "at most 150 ms",
        "warning": "",
        "compared": None,
        "samples": 2000.0,
        "minimum": 200,
        "started": STARTED,
        "ended": ENDED,
        "query": "",
        "why": f"because it is {status.value}",
    }
    return Ruling(**(known | given))


def answers(good: dict[float, int], **failed: int) -> Answers:
    """Make answers: seconds of good ones, and how many failed by `s500`, `s0`."""
    found = Answers(Counter({201: sum(good.values())}))
    for seconds, count in good.items():
        for _ in range(count):
            found.good.record(seconds)
    found.statuses.update({int(status[1:]): count for status, count in failed.items()})
    return found


STEPS = (
    Step("warm-up", 10, 10, 100, warm_up=True),
    Step("steady", 100, 30),
    Step("peak", 200, 20),
)


def load(names: tuple[str, ...] = ("warm-up", "steady", "peak")) -> Load:
    """Make what the generator saw of three steps: the last one dropped some and had errors."""
    edges = [STARTED + timedelta(seconds=s) for s in (0, 10, 40, 60)]
    counts = ((550, 550, 0), (3000, 3000, 0), (4000, 3900, 100))
    steps = [
        StepLoad(name, n == 0, planned, edges[n], edges[n + 1], sent, dropped)
        for n, (name, (planned, sent, dropped)) in enumerate(zip(names, counts, strict=True))
    ]
    for number, step in enumerate(steps, 1):
        step.operations = {
            SWIPE: answers({0.02 * number: 80, 0.09 * number: 18}, s500=number - 1, s0=number // 3),
            DECK: answers({0.01 * number: 99, 0.3: 1}),
        }
    found = Load(
        40,
        STARTED,
        STARTED,
        ENDED,
        steps,
        {LOG_IN.operation: answers({0.2: 40})},
        workers_expected=2,
        workers=[WorkerLoad(0, 3700, 0.41, 0.62), WorkerLoad(1, 3750, 0.4, 0.6)],
        slowest=[SlowTrace(1.13, "4bf92f3577b34da6a3ce929d0e0e4736", SWIPE, "peak", 201)],
    )
    for late in (0.0001, 0.0004, 0.002):
        found.lag.record(late)
    return found


def charts() -> tuple[Chart, ...]:
    """Make a chart, one without series, and one of the latency that an objective is about."""
    points = [(STARTED.timestamp() + i, float(i)) for i in range(5)]
    return (
        Chart("Requests", "requests/s", "rate", [Series({"http_route": "<b>"}, points)]),
        Chart(f"Latency of {DECK}", "ms", "quantile", []),
        Chart(f"Latency of {SWIPE}", "ms", "quantile", [Series({"quantile": "p95"}, points)]),
    )


PASSED_CHECK = Check("drops", "nothing was dropped", passed=True, detail="0 of 7,550")
FAILED_CHECK = Check("workers", "every worker reported", passed=False, detail="1 of 2 workers")


def slo_result(verdict: Verdict = Verdict.MET) -> SloResult:
    """Make the result of the swipe latency."""
    queries = {"total": "sum(total)", "bad": 'sum(bad{status=~"5.."}) or 0 * sum(total)'}
    return SloResult(SWIPE_LATENCY, verdict, Fraction(2000), Fraction(1), queries, "")


def attempt(*rulings: Ruling, **given: Any) -> Attempt:
    """Make a whole attempt."""
    known: dict[str, Any] = {
        "kind": Kind.FIRST,
        "started": STARTED,
        "checks": (PASSED_CHECK,),
        "rulings": rulings,
        "slos": (slo_result(),),
        "window": Between(STARTED, ENDED),
        "load": load(),
        "served": (
            OperationServed(
                SWIPE,
                Measured(4.0, "sum(requests)"),
                Measured(None, "sum(failures)"),
                {0.5: Measured(0.01, "p50"), 0.95: Measured(None, "p95")},
            ),
        ),
        "conservation": Conservation(4, 4, Measured(4.0, "sum(swipes)"), 0),
        "charts": charts(),
    }
    return Attempt(**(known | given))


def plan(host: str = HOST, **given: Any) -> RunPlan:
    """Make a plan of three steps."""
    arrivals = given.pop("arrivals", Schedule(STEPS, seed=7))
    loaded = LoadPlan(given.pop("scenario", "swipe-hot-path"), arrivals, 40)
    options = LoadOptions(host, loaded, Path("accounts.txt"), PASSWORD, Path("out"), 2)
    title = given.pop("title", "Release rehearsal")
    fault = given.pop("fault", "none")
    scrapes = timedelta(seconds=2)
    return RunPlan(title, (SWIPE_LATENCY,), (), options, scrapes, STARTED, fault, **given)


def result(*rulings: Ruling, attempts: tuple[Attempt, ...] = (), **given: Any) -> RunResult:
    """Make the result of a run that shows these rulings."""
    return RunResult(plan(**given), ENDED, attempts or (attempt(*rulings),), rulings)


WAIVER = Waiver(
    "w-1",
    "ana",
    "bo",
    "a known regression",
    ("failed-quantile",),
    date(2026, 11, 25),
    "waivers.yml",
    3,
)
PASSED, WARNED, FAILED, UNDECIDED = Status.PASSED, Status.WARNED, Status.FAILED, Status.UNDECIDED
