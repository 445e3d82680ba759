"""A measurement to write reports of."""

from __future__ import annotations

from datetime import UTC, datetime

from loadtests.bench.report import BenchResult
from loadtests.bench.rounds import Sample
from loadtests.bench.statistics import estimate
from loadtests.bench.trend import Trend
from loadtests.bench.verdict import Check

SIZES = (10_000, 100_000, 1_000_000)


def sample(number: int, variant: str, cpu: float) -> Sample:
    return Sample(number, variant, 100, cpu, {"postgres": 2 * cpu}, 1e6 / cpu, 1.0, 2.0, 3.0)


def result(name: str = "growth", ratio: float = 1.1, invalid: str = "") -> BenchResult:
    samples = [
        sample(number, variant, cpu + number)
        for number in range(1, 6)
        for variant, cpu in (("small <b>", 100), ("large", 100 * ratio))
    ]
    return BenchResult(
        name,
        "Cost by size",
        datetime(2026, 11, 21, 12, 30, tzinfo=UTC),
        {"cores": 2},
        {"small <b>": "few rows", "large": "many rows"},
        samples,
        [] if invalid else [Check("large costs of small", 1.15, estimate([ratio] * 5))],
        invalid=invalid,
        trends=[Trend("CPU", "µs", "rows", [(size, [size**0.5, 2.0]) for size in SIZES])],
        notes=["Measured in steady state."],
        command=f"python -m loadtests bench {name} --rounds 5",
    )
