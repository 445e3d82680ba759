"""How often whole walks are wrong, by simulation of the decisions alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from random import Random

from slo.canary.counts import Counted
from slo.canary.decide import Action, Look, decide
from slo.canary.plan import FALSE_ALARMS, MINIMUM_EVENTS, Plan
from slo.canary.population import read_population

PLAN = Plan(read_population('version="2.0"'), read_population('version="1.9"'))
# So many requests come between two looks at a canary with 5 % of the traffic.
AT_FIRST = 250
WALKS = 120


@dataclass(frozen=True)
class Truth:
    """What a version really does: shares of its requests that fail, and that are late."""

    errors: float
    late: float


def happened(random: Random, times: int, chance: float) -> int:
    """Draw how often something happens, by the gaps between two of them."""
    count, position = 0, 0.0
    while (position := position + log(1 - random.random()) / log(1 - chance)) <= times:
        count += 1
    return count


def grown(random: Random, before: Counted, more: int, truth: Truth) -> Counted:
    failed = happened(random, more, truth.errors)
    answered = more - failed
    return Counted(
        before.total + more,
        before.failed + failed,
        before.answered + answered,
        before.slow,
        before.late + happened(random, answered, truth.late),
    )


def step(random: Random, weight: int, canary: Truth, stable: Truth) -> Action:
    """Look until something is decided, as a walk does."""
    a = b = Counted(0, 0, 0, 0, 0)
    spent = 0.0
    while spent < PLAN.most_seconds:
        spent += PLAN.look_every
        a = grown(random, a, AT_FIRST * weight // 5, canary)
        b = grown(random, b, AT_FIRST * (100 - weight) // 5, stable)
        action = decide(Look(a, b, compared=weight < 100), PLAN, spent).action
        if action is not Action.HOLD:
            return action
    return Action.HOLD


def rolled_back(random: Random, canary: Truth, stable: Truth) -> bool:
    """Walk every step, through those that are held as well: as many chances to be wrong."""
    return any(step(random, weight, canary, stable) is Action.ROLL_BACK for weight in PLAN.weights)


def share_rolled_back(canary: Truth, stable: Truth) -> float:
    random = Random(20_260_101)  # noqa: S311  # no secret depends on it
    return sum(rolled_back(random, canary, stable) for _ in range(WALKS)) / WALKS


def test_of_two_equal_versions_one_walk_in_twenty_is_rolled_back_at_most() -> None:
    same = Truth(errors=0.02, late=0.02)
    assert share_rolled_back(same, same) <= FALSE_ALARMS


def test_a_canary_that_is_worse_by_just_what_is_allowed_is_not_rolled_back_more_often() -> None:
    stable = Truth(errors=0.02, late=0.02)
    limits = PLAN.limits
    worse = Truth(stable.errors + limits.more_errors, stable.late + limits.more_late)
    assert share_rolled_back(worse, stable) <= FALSE_ALARMS


def test_six_percent_of_errors_in_place_of_two_are_found_at_the_minimum_of_events() -> None:
    random = Random(20_260_102)  # noqa: S311  # no secret depends on it
    none, found = Counted(0, 0, 0, 0, 0), 0
    for _ in range(1_000):
        a = grown(random, none, MINIMUM_EVENTS, Truth(errors=0.06, late=0.01))
        b = grown(random, none, MINIMUM_EVENTS, Truth(errors=0.02, late=0.01))
        found += decide(Look(a, b), PLAN, PLAN.look_every).action is Action.ROLL_BACK
    assert found >= 900


def test_the_more_looks_a_plan_has_the_surer_each_must_be() -> None:
    few = Plan(PLAN.canary, PLAN.stable, weights=(50, 100), look_every=300)
    assert 0.99 < few.confidence < PLAN.confidence < 1
