"""Results to render and judge, made of real model objects."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.telemetry.catalog import DECK_READ, SWIPE_CREATE
from loadtests.generator import LoadOptions, LoadResult, OperationLoad
from loadtests.measurement import Chart, Measured, OperationServed
from loadtests.result import Conservation, RunPlan, RunResult
from slo.objectives import OBJECTIVES
from slo.prometheus import Series
from slo.queries import Between
from slo.report import SloResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "correct-horse-battery"
STARTED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
ENDED = STARTED + timedelta(seconds=60)


def slo_result(verdict: Verdict, number: int = 0, bad: int = 0) -> SloResult:
    known = verdict is not Verdict.NO_DATA
    total, spoilt = (Fraction(2000), Fraction(bad)) if known else (None, None)
    reason = "" if verdict is Verdict.MET else f"because it is {verdict.value}"
    queries = {"total": "sum(total)", "bad": 'sum(bad{status=~"5.."}) or 0 * sum(total)'}
    return SloResult(OBJECTIVES[number], verdict, total, spoilt, queries, reason)


@pytest.fixture
def make_result() -> Callable[..., RunResult]:
    """Make a run that shows the given verdicts, in the order of the objectives."""

    def make(
        *verdicts: Verdict, conservation: Conservation | None = None, invalid: tuple[str, ...] = ()
    ) -> RunResult:
        load = LoadResult(
            2,
            STARTED,
            STARTED,
            ENDED,
            {
                name: OperationLoad(name, Counter({200: 4}), [1.0, 2.0, 3.0, 4.0])
                for name in (DECK_READ.operation, SWIPE_CREATE.operation)
            },
        )
        points = [(STARTED.timestamp() + i, float(i)) for i in range(5)]
        return RunResult(
            RunPlan(
                "Release rehearsal",
                OBJECTIVES,
                LoadOptions("http://api", 2, 60, Path("accounts.txt"), PASSWORD, Path("out")),
                timedelta(seconds=2),
                STARTED,
            ),
            ENDED,
            window=Between(STARTED, ENDED),
            slos=[slo_result(verdict, number) for number, verdict in enumerate(verdicts)],
            load=load,
            served=[
                OperationServed(
                    SWIPE_CREATE.operation,
                    Measured(4.0, "sum(requests)"),
                    Measured(None, "sum(failures)"),
                    {0.5: Measured(0.01, "p50"), 0.95: Measured(None, "p95")},
                )
            ],
            conservation=conservation or Conservation(4, 4, Measured(4.0, "sum(swipes)"), 0),
            charts=[
                Chart("Requests", "requests/s", "rate", [Series({"http_route": "<b>"}, points)]),
                Chart(f"Latency of {SWIPE_CREATE.operation}", "ms", "quantile", []),
                Chart(
                    f"Latency of {DECK_READ.operation}",
                    "ms",
                    "quantile",
                    [Series({"quantile": "p95"}, points)],
                ),
            ],
            invalid=list(invalid),
        )

    return make
