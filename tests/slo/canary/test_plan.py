from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from slo.canary.plan import Limits, Plan, PlanError
from slo.canary.population import PopulationError, read_population

CANARY, STABLE = read_population('version="2.0"'), read_population('version="1.9"')
PLAN = Plan(CANARY, STABLE)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('version="2.0"', 'version="2.0"'),
        ('version="2.0",', 'version="2.0"'),
        (' { version = "2.0" , job=~"pets.*" } ', 'version="2.0",job=~"pets.*"'),
        ('http_route!="/api/deck",instance="a,b=\\"c\\""', None),
    ],
)
def test_matchers_are_read_as_promql_writes_them(text: str, written: str | None) -> None:
    assert str(read_population(text)) == (written or text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is no list of matchers"),
        ("version", "is no list of matchers"),
        ("version=2.0", "is no list of matchers"),
        ('version="2.0" or up', "is no list of matchers"),
        ('version="2.0"} or up{', "is no list of matchers"),
        ('verson="2.0"', "has no label verson: did you mean version?"),
        ('track="canary"', "has no label track"),
        ('le="1.0"', "has no label le"),
        ('http_route="/api/swype"', "is never '/api/swype'"),
    ],
)
def test_what_selects_nothing_is_refused(text: str, problem: str) -> None:
    with pytest.raises(PopulationError, match=problem.replace("?", r"\?")):
        read_population(text)


def test_a_label_of_a_scrape_configuration_can_be_named() -> None:
    assert str(read_population('track="canary"', ("track",))) == 'track="canary"'


def test_another_job_takes_the_place_of_ours() -> None:
    assert 'job="petswipe-api"' in CANARY.select("up")
    assert CANARY.select("up").count("job=") == 1
    assert "petswipe-api" not in read_population('job="other"').select("up")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"weights": ()}, "rise from above 0 to 100"),
        ({"weights": (5, 50)}, "rise from above 0 to 100"),
        ({"weights": (0, 100)}, "rise from above 0 to 100"),
        ({"weights": (50, 25, 100)}, "rise from above 0 to 100"),
        ({"weights": (50, 50, 100)}, "rise from above 0 to 100"),
        ({"weights": (50, 101)}, "rise from above 0 to 100"),
        ({"seconds": 10.0}, "must not be longer than the next"),
        ({"most_seconds": 299.0}, "must not be longer than the next"),
        ({"stable": CANARY}, "canary and stable are the same"),
    ],
)
def test_a_plan_that_cannot_be_walked_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlanError, match=problem):
        replace(PLAN, **changes)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"errors": 0.0}, "above 0 %"),
        ({"more_late": 1.0}, "below 100 %"),
        ({"slow_seconds": 0.9}, "0.9 s is no bucket edge"),
        ({"late_seconds": 0.2}, "0.2 s is no bucket edge"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlanError, match=problem):
        Limits(**changes)


def test_whatever_changes_a_decision_makes_another_plan() -> None:
    changed = [
        replace(PLAN, canary=read_population('version="2.1"')),
        replace(PLAN, weights=(50, 100)),
        replace(PLAN, minimum=3_000),
        replace(PLAN, limits=Limits(errors=0.04)),
    ]
    assert len({plan.digest for plan in (PLAN, *changed)}) == 5
    assert replace(PLAN).digest == PLAN.digest
