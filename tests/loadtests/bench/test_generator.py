"""The bench of the generator, small: that it measures what it says it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.bench.generator import FAST, OURS, STOCK, Options, Turn, judge, measure
from loadtests.bench.rounds import Sample
from slo.gate import Outcome

if TYPE_CHECKING:
    from pathlib import Path


def turns(ours: float, stock: float, fast: float, lag: float) -> list[Turn]:
    def sample(number: int, name: str, cpu: float) -> Sample:
        return Sample(number, name, 1000, cpu, {}, 5000.0, 1.0, 2.0, 3.0)

    return [
        turn
        for number in range(5)
        for turn in (
            Turn(sample(number, OURS, ours), lag),
            Turn(sample(number, STOCK, stock)),
            Turn(sample(number, FAST, fast)),
        )
    ]


@pytest.mark.parametrize(
    ("measured", "broken"),
    [
        ((120.0, 400.0, 118.0, 0.003), []),
        ((170.0, 400.0, 118.0, 0.003), ["of one core ours needs for 5000 requests/s"]),
        ((120.0, 400.0, 118.0, 0.011), ["of 10 ms ours is late at p99"]),
        ((120.0, 230.0, 118.0, 0.003), ["of the CPU of HttpUser ours needs a request"]),
        ((120.0, 400.0, 79.0, 0.003), ["of the CPU of FastHttpUser ours needs a request"]),
    ],
)
def test_each_limit_can_be_broken(
    measured: tuple[float, float, float, float], broken: list[str]
) -> None:
    checks = judge(turns(*measured), 5000)
    assert [check.name for check in checks if check.outcome is Outcome.BLOCK] == broken
    assert len([check for check in checks if check.outcome is Outcome.ALLOW]) == 4 - len(broken)


def test_every_generator_really_sends(tmp_path: Path) -> None:
    result = measure(Options(rounds=1, seconds=2, rate=200, out=tmp_path), lambda _: None)
    assert {sample.variant for sample in result.samples} == {OURS, STOCK, FAST}
    assert all(sample.requests > 0 and sample.cpu > 0 for sample in result.samples)
    ours = next(sample for sample in result.samples if sample.variant == OURS)
    assert ours.requests == 200 * (2 + 2)
    assert result.invalid == "1 rounds are too few to tell how far they can be trusted"
