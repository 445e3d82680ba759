from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import inf

import pytest

from loadtests.errors import InvalidRun
from loadtests.regression.measuring import values
from loadtests.rules.measures import Quantile
from tests.loadtests.judging.loads import answers, load, step
from tests.loadtests.regression.simulated import ERRORS, FAST, P95, RATE, SWIPES, rule

ALL = [P95, FAST, ERRORS, RATE]
MEDIAN = rule("swipe-p50", Quantile(SWIPES, Fraction("0.5")), ("10 %", "1 ms"))


def test_a_load_gives_a_value_for_every_rule() -> None:
    warm = step({SWIPES: answers([9.0] * 600, failed=100)}, "warm-up", warm_up=True)
    steady = step({SWIPES: answers([0.02] * 9000 + [0.5] * 1000)})
    found = values(load(warm, steady), ALL, times=10)
    assert found[P95.id, "run"] == pytest.approx(0.5, rel=0.001)
    assert found[FAST.id, "run"] == pytest.approx(0.9)
    assert found[RATE.id, "run"] == pytest.approx(10_000 / 60)
    # Of a warm-up only the errors count.
    assert found[ERRORS.id, "run"] == pytest.approx(100 / 10_700)


def test_every_step_has_a_value_of_its_own() -> None:
    stepped = replace(P95, steps=("steady", "peak"))
    found = values(
        load(
            step({SWIPES: answers([0.02] * 1000)}),
            step({SWIPES: answers([0.2] * 1000)}, "peak"),
        ),
        [stepped],
        times=10,
    )
    assert found[P95.id, "steady"] == pytest.approx(0.02, rel=0.001)
    assert found[P95.id, "peak"] == pytest.approx(0.2, rel=0.001)


def test_failed_requests_are_infinitely_slow() -> None:
    found = values(load(step({SWIPES: answers([0.02] * 900, failed=100)})), [P95], times=10)
    assert found[P95.id, "run"] == inf


def test_a_quantile_needs_its_samples_in_every_load() -> None:
    enough, few = (load(step({SWIPES: answers([0.02] * n)})) for n in (200, 199))
    assert values(enough, [P95], times=10)
    with pytest.raises(InvalidRun, match="swipe-p95 over run has 199 samples and needs 200"):
        values(few, [P95], times=10)


def test_a_share_needs_its_samples_in_all_loads_together() -> None:
    # A floor of 0.1 % takes 10 000 requests, a tenth of them in each of ten loads.
    enough, few = (load(step({SWIPES: answers([0.02] * n)})) for n in (1000, 999))
    assert values(enough, [ERRORS], times=10)
    with pytest.raises(InvalidRun, match="few-errors over run has 999 samples and needs 1000"):
        values(few, [ERRORS], times=10)
    with pytest.raises(InvalidRun, match="needs 10000"):
        values(enough, [ERRORS], times=1)


def test_an_operation_that_was_never_sent_is_no_evidence() -> None:
    with pytest.raises(InvalidRun, match="swipe-p50 over run: no POST /api/swipes was sent"):
        values(load(step({"GET /api/deck": answers([0.02] * 1000)})), [MEDIAN], times=10)
