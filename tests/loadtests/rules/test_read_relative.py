from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loadtests.rules.reading import refusal_with

if TYPE_CHECKING:
    from pathlib import Path

WRONG = {
    "budget without SLO": (
        "at_least: {fail: 490 /s}",
        "budget: {fail: 100 %}",
        (
            "rules.yml:30: rules[3].limit.budget: only an SLO has an error budget; kind: "
            "slo, or another limit"
        ),
    ),
    "budget unit": (
        "warn: 50 %, fail: 100 %",
        "fail: 100 ms",
        (
            "rules.yml:44: rules[5].limit.budget.fail: 100 ms is in the wrong unit, s; "
            "give a share like 95 %"
        ),
    ),
    "budget beyond": (
        "warn: 50 %, fail: 100 %",
        "fail: 200000 %",
        (
            "rules.yml:44: rules[5].limit.budget.fail: 200000 % of the budget can never be "
            "judged; between 0 % and 200000 %, both excluded"
        ),
    ),
    "budget warning": (
        "warn: 50 %",
        "warn: 150 %",
        (
            "rules.yml:44: rules[5].limit.budget.warn: the warning at 150 % would never "
            "come first; below 100 %"
        ),
    ),
    "tolerance zero": (
        "tolerance: 10 %, floor: 5 ms",
        "tolerance: 0 %, floor: 5 ms",
        (
            "rules.yml:53: rules[6].limit.baseline.fail.tolerance: a tolerance of 0 % "
            "fails by noise; a share like 10 %"
        ),
    ),
    "tolerance unit": (
        "tolerance: 10 %, floor: 5 ms",
        "tolerance: 10 ms, floor: 5 ms",
        (
            "rules.yml:53: rules[6].limit.baseline.fail.tolerance: 10 ms is in the wrong "
            "unit, s; give a share like 95 %"
        ),
    ),
    "floor missing": (
        "tolerance: 10 %, floor: 5 ms",
        "tolerance: 10 %",
        "rules.yml:53: rules[6].limit.baseline.fail: floor is missing",
    ),
    "floor zero": (
        "tolerance: 10 %, floor: 5 ms",
        "tolerance: 10 %, floor: 0 ms",
        (
            "rules.yml:53: rules[6].limit.baseline.fail.floor: a floor of 0 is none; the "
            "least change that matters"
        ),
    ),
    "floor unit": (
        "tolerance: 10 %, floor: 5 ms",
        "tolerance: 10 %, floor: 5 %",
        (
            "rules.yml:53: rules[6].limit.baseline.fail.floor: 5 % is in the wrong unit, "
            "%; give 150 ms or 0.15 s"
        ),
    ),
    "baseline warning": (
        "tolerance: 5 %",
        "tolerance: 15 %",
        (
            "rules.yml:52: rules[6].limit.baseline.warn: the warning would never come "
            "first; a smaller allowance"
        ),
    ),
    "tolerance never passed": (
        "at_least: {fail: 490 /s}",
        "baseline: {fail: {tolerance: 100 %, floor: 5 /s}}",
        (
            "rules.yml:30: rules[3].limit.baseline.fail.tolerance: nothing falls by 100 % "
            "or more below a baseline; a share like 10 %"
        ),
    ),
}


@pytest.mark.parametrize(("right", "wrong", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_budget_or_allowance_is_told_with_its_line_and_what_would_be_right(
    right: str, wrong: str, told: str, tmp_path: Path
) -> None:
    assert refusal_with(right, wrong, tmp_path) == told
