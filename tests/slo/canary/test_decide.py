from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest

from slo.canary.counts import Counted
from slo.canary.decide import Action, Look, decide
from slo.canary.plan import Plan
from slo.canary.population import read_population
from slo.statistics.errors import CountsError

PLAN = Plan(read_population('version="2.0"'), read_population('version="1.9"'))
HEALTHY = Counted(20_000, 10, 19_990, 20, 40)
OVER = PLAN.seconds


def seen(total: int, errors: float = 0, slow: float = 0, late: float = 0) -> Counted:
    """Count so many requests with such shares of all."""
    failed = round(total * errors)
    answered = total - failed
    return Counted(total, failed, answered, round(answered * slow), round(answered * (slow + late)))


@pytest.mark.parametrize(
    ("canary", "stable", "action", "because"),
    [
        (HEALTHY, HEALTHY, "promote", "every limit is surely kept"),
        (seen(2_000), seen(40_000), "promote", "every limit is surely kept"),
        (seen(20_000, 0.06), seen(20_000, 0.01), "roll_back", "errors: 6.00 % (5.40 % to 6.67 %)"),
        (seen(20_000, 0.06), seen(20_000, 0.06), "roll_back", "limit 5.00 %"),
        (seen(2_000, 0.06), seen(38_000, 0.02), "roll_back", "errors more than stable: 4.00 %"),
        (seen(20_000, slow=0.02), seen(20_000, slow=0.02), "roll_back", "slower than 1 s: 2.00 %"),
        (seen(20_000, late=0.08), seen(20_000, late=0.02), "roll_back", "slower than 0.3 s more"),
        (seen(20_000, late=0.08), seen(20_000, late=0.08), "promote", "every limit"),
        # Before there are enough to compare, what is surely broken loses its traffic.
        (seen(150, 0.5), seen(3_000), "roll_back", "errors: 50.00 %"),
        (seen(150, 0.5), None, "roll_back", "errors: 50.00 %"),
        (seen(99, 1), seen(3_000), "hold", "99 events of the canary, at least 2,000 are needed"),
        (seen(1_999), seen(3_000), "hold", "1,999 events of the canary"),
        (seen(2_000), seen(1_999), "hold", "1,999 events of stable"),
        (seen(0), seen(3_000), "hold", "0 events of the canary"),
        # Not shown to be worse, nor to be no worse.
        (seen(2_000, 0.02), seen(2_000, 0.02), "hold", "does not say whether within 0.50 %"),
        (seen(2_000, 0.05), seen(2_000, 0.045), "hold", "errors: 5.00 % (4.13 % to 6.04 %)"),
        # All failed: how fast answers are is unknown, and that is not fast.
        (None, seen(3_000), "hold", "nothing is known of the canary"),
        (seen(3_000), None, "hold", "nothing is known of stable"),
        (None, None, "hold", "nothing is known of the canary"),
    ],
)
def test_a_step_that_has_lasted_is_decided(
    canary: Counted | None, stable: Counted | None, action: str, because: str
) -> None:
    found = decide(Look(canary, stable), PLAN, OVER)
    assert found.action.value == action, found.reasons
    assert because in "; ".join(found.reasons)


def test_nothing_is_promoted_before_the_step_has_lasted() -> None:
    look = Look(HEALTHY, HEALTHY)
    assert decide(look, PLAN, OVER - 0.01).action is Action.HOLD
    assert decide(look, PLAN, OVER).action is Action.PROMOTE


def test_a_broken_canary_is_rolled_back_at_the_first_look() -> None:
    assert decide(Look(seen(5_000, 0.1), HEALTHY), PLAN, 1).action is Action.ROLL_BACK
    assert decide(Look(seen(5_000, 0.04), HEALTHY), PLAN, 1).action is Action.ROLL_BACK


def test_what_is_missing_holds_whatever_is_known() -> None:
    look = Look(HEALTHY, HEALTHY, ("3 series of the canary are gone",))
    assert decide(look, PLAN, OVER).action is Action.HOLD
    broken = replace(look, canary=seen(5_000, 0.2))
    assert decide(broken, PLAN, OVER).action is Action.ROLL_BACK


def test_with_all_traffic_the_canary_is_not_compared() -> None:
    look = Look(HEALTHY, None, compared=False)
    assert decide(look, PLAN, OVER).action is Action.PROMOTE
    assert len(decide(look, PLAN, OVER).checks) == 2
    slow = replace(look, canary=seen(20_000, slow=0.05))
    assert decide(slow, PLAN, OVER).action is Action.ROLL_BACK


def test_a_canary_without_an_answer_is_never_fast() -> None:
    # Limits that let all fail, so that only the latency is left to decide.
    lax = replace(PLAN, limits=replace(PLAN.limits, errors=0.999, more_errors=0.999))
    found = decide(Look(seen(20_000, 1), None, compared=False), lax, OVER)
    assert found.action is not Action.PROMOTE


@pytest.mark.parametrize("number", [nan, inf, -1])
def test_counts_that_cannot_be_are_refused(number: float) -> None:
    with pytest.raises(CountsError):
        decide(Look(Counted(number, 0, number, 0, 0), HEALTHY), PLAN, OVER)
