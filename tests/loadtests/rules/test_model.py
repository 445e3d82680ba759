from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from loadtests.rules.limits import Absolute, Allowance, Budget, Relative
from loadtests.rules.measures import Errors, OfSlo, Quantile, Query, Rate, Under, Worse
from loadtests.rules.model import Rule
from loadtests.rules.units import Quantity, RuleError, Unit
from slo.objectives import SWIPE_LATENCY

if TYPE_CHECKING:
    from collections.abc import Callable

SHARE = Quantity(Fraction(1, 100), Unit.RATIO)
HOUR = Quantity(Fraction(3600), Unit.SECONDS)
ALL_PARTS = (Absolute, Allowance, Budget, Errors, OfSlo, Quantile, Query, Rate, Relative, Rule)


def rule(**changed: Any) -> Rule:
    parts: dict[str, Any] = {
        "id": "few-errors",
        "reason": "They hurt.",
        "steps": (),
        "measure": Errors("all"),
        "limit": Absolute(SHARE, None),
        "file": "rules.yml",
        "line": 4,
    }
    return Rule(**(parts | changed))


@pytest.mark.parametrize("part", ALL_PARTS)
def test_nothing_of_a_rule_has_a_default(part: type) -> None:
    with pytest.raises(TypeError, match=f"missing {len(fields(part))} required"):
        part()


def test_a_possible_rule_is_made() -> None:
    assert rule().limit == Absolute(SHARE, None)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: rule(id="x"), "'x' is no id; 3 to 64 of a-z, 0-9 and -, a letter first"),
        (lambda: rule(reason=" "), "the reason is empty; say what breaks for whom"),
        (lambda: rule(steps=("a", "a")), "a step is named twice; keep one"),
        (
            lambda: rule(limit=Absolute(HOUR, None)),
            "3600 s is in the wrong unit, s; give a share like 95 %",
        ),
        (
            lambda: rule(limit=Budget(SHARE, None)),
            "only an SLO has an error budget; kind: slo, or another limit",
        ),
        (
            lambda: Under("all", HOUR),
            "3600 s lies beyond the 60 s that are recorded; did you mean 3600 ms?",
        ),
        (
            lambda: Rate("GET /api/dek"),
            "there is no operation 'GET /api/dek'; did you mean GET /api/deck?",
        ),
        (
            lambda: Quantile("all", Fraction(1)),
            "1 is no quantile between 0 and 1; a share like 0.95",
        ),
        (
            lambda: Query("sum(upp)", Unit.COUNT, Worse.LOWER),
            "there is no series 'upp'; did you mean up?",
        ),
        (lambda: Quantity(Fraction(-1), Unit.COUNT), "-1 is negative; a number from 0 on"),
    ],
)
def test_an_impossible_part_cannot_be_made(make: Callable[[], object], told: str) -> None:
    with pytest.raises(RuleError) as caught:
        make()
    assert str(caught.value) == told


def test_a_float_is_refused_as_not_exact() -> None:
    with pytest.raises(TypeError, match="a float is not exact"):
        Quantity(0.1, Unit.RATIO)  # type: ignore[arg-type]  # what is refused


def test_a_budget_can_be_overspent_as_far_as_all_events_are_bad() -> None:
    twentyfold = Quantity(1 / SWIPE_LATENCY.budget, Unit.RATIO)
    measure = OfSlo(SWIPE_LATENCY)
    assert [str(e) for e in Budget(twentyfold, None).refusals(measure)] == [
        "2000 % of the budget can never be judged; between 0 % and 2000 %, both excluded"
    ]
    assert not list(Budget(Quantity(twentyfold.value - 1, Unit.RATIO), None).refusals(measure))


@pytest.mark.parametrize(
    "query",
    [
        "sum(rate(petswipe_swipes_total[{{.window}}]))",
        "max(petswipe_outbox_oldest_seconds)",
        "1000 * -max(petswipe_outbox_oldest_seconds)",
        "min(up{job='petswipe-api'})",
        "sum(petswipe_cache_requests_total{result=~'hit|miss'})",
        "scalar(sum(up)) / 2 * count(up)",
    ],
)
def test_a_query_of_one_number_is_taken(query: str) -> None:
    assert Query(query, Unit.COUNT, Worse.HIGHER).expression == query
