from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loadtests.rules.reading import refusal_with

if TYPE_CHECKING:
    from pathlib import Path

WRONG = {
    "empty warning": (
        "warn: 120 ms",
        "warn: ",
        (
            "rules.yml:16: rules[1].limit.at_most.warn: the warning is empty; "
            "give it a limit, or leave it out"
        ),
    ),
    "unknown limit": (
        "at_least: {fail: 490 /s}",
        "atleast: {fail: 490 /s}",
        ("rules.yml:30: rules[3].limit.atleast: there is no such field; did you mean at_least?"),
    ),
    "two limits": (
        "at_least: {fail: 490 /s}",
        "at_least: {fail: 490 /s}\n      at_most: {fail: 500 /s}",
        (
            "rules.yml:30: rules[3].limit: 2 limits are given; exactly one of at_most, "
            "at_least, baseline, budget"
        ),
    ),
    "no limit": (
        "at_least: {fail: 490 /s}",
        "{}",
        (
            "rules.yml:30: rules[3].limit: 0 limits are given; exactly one of at_most, "
            "at_least, baseline, budget"
        ),
    ),
    "null limit": (
        "at_least: {fail: 490 /s}",
        "at_least:",
        (
            "rules.yml:30: rules[3].limit: 0 limits are given; exactly one of at_most, "
            "at_least, baseline, budget"
        ),
    ),
    "no fail": (
        "{fail: 490 /s}",
        "{warn: 490 /s}",
        "rules.yml:30: rules[3].limit.at_least: fail is missing",
    ),
    "wrong side": (
        "at_most: {fail: 0.1 %}",
        "at_least: {fail: 0.1 %}",
        "rules.yml:23: rules[2].limit.at_least: at_least would fail what is better; at_most",
    ),
    "no unit": (
        "fail: 0.15 s",
        "fail: 0.15",
        "rules.yml:16: rules[1].limit.at_most.fail: 0.15 has no unit; give 150 ms or 0.15 s",
    ),
    "percent for latency": (
        "fail: 0.15 s",
        "fail: 95 %",
        (
            "rules.yml:16: rules[1].limit.at_most.fail: 95 % is in the wrong unit, %; give "
            "150 ms or 0.15 s"
        ),
    ),
    "latency for a share": (
        "fail: 95 %",
        "fail: 150 ms",
        (
            "rules.yml:9: rules[0].limit.at_least.fail: 150 ms is in the wrong unit, s; "
            "give a share like 95 %"
        ),
    ),
    "s in place of ms": (
        "fail: 0.15 s",
        "fail: 150 s",
        (
            "rules.yml:16: rules[1].limit.at_most.fail: 150 s lies beyond the 60 s that "
            "are recorded; did you mean 150 ms?"
        ),
    ),
    "ms in place of s": (
        "warn: 120 ms, fail: 0.15 s",
        "warn: 120 ms, fail: 0.15 ms",
        (
            "rules.yml:16: rules[1].limit.at_most.fail: 0.15 ms is less than any request "
            "takes; did you mean 0.15 s?"
        ),
    ),
    "share as percent": (
        "fail: 95 %",
        "fail: 0.95 %",
        (
            "rules.yml:9: rules[0].limit.at_least.fail: 0.95 % lets all but every request "
            "be bad; did you mean 95 %?"
        ),
    ),
    "unknown unit": (
        "fail: 0.15 s",
        "fail: 150 sec",
        "rules.yml:16: rules[1].limit.at_most.fail: 'sec' is no unit; one of ms, s, %, /s",
    ),
    "unit of a rate": (
        "fail: 490 /s",
        "fail: 490 rps",
        "rules.yml:30: rules[3].limit.at_least.fail: 'rps' is no unit; one of ms, s, %, /s",
    ),
    "NaN": (
        "fail: 490 /s",
        "fail: .nan",
        (
            "rules.yml:30: rules[3].limit.at_least.fail: '.nan' is no number with a unit; "
            "like 150 ms, 95 %, 500 /s or 3"
        ),
    ),
    "infinity": (
        "fail: 490 /s",
        "fail: inf",
        (
            "rules.yml:30: rules[3].limit.at_least.fail: 'inf' is no number with a unit; "
            "like 150 ms, 95 %, 500 /s or 3"
        ),
    ),
    "negative": (
        "fail: 490 /s",
        "fail: -1 /s",
        (
            "rules.yml:30: rules[3].limit.at_least.fail: '-1 /s' is no number with a unit; "
            "like 150 ms, 95 %, 500 /s or 3"
        ),
    ),
    "rate of zero": (
        "fail: 490 /s",
        "fail: 0 /s",
        ("rules.yml:30: rules[3].limit.at_least.fail: 0 /s can never be broken; a number above 0"),
    ),
    "share that cannot be shown": (
        "fail: 0.1 %",
        "fail: 0 %",
        (
            "rules.yml:23: rules[2].limit.at_most.fail: 0 % can never be broken or never "
            "be shown; between 0 % and 100 %, both excluded"
        ),
    ),
    "warning too late": (
        "warn: 120 ms",
        "warn: 180 ms",
        (
            "rules.yml:16: rules[1].limit.at_most.warn: the warning at 180 ms would never "
            "come first; below 150 ms"
        ),
    ),
    "warning too late, other side": (
        "warn: 97 %",
        "warn: 95 %",
        (
            "rules.yml:9: rules[0].limit.at_least.warn: the warning at 95 % would never "
            "come first; above 95 %"
        ),
    ),
    "quantile as percent": (
        "quantile: 0.95",
        "quantile: 95",
        (
            "rules.yml:14: rules[1].measure.quantile: 95 is no quantile between 0 and 1; "
            "did you mean 0.95?"
        ),
    ),
    "quantile NaN": (
        "quantile: 0.95",
        "quantile: .nan",
        (
            "rules.yml:14: rules[1].measure.quantile: the value '.nan' where a number like "
            "99.9 is expected"
        ),
    ),
    "threshold beyond": (
        "under: 150 ms",
        "under: 150 s",
        (
            "rules.yml:7: rules[0].measure.under: 150 s lies beyond the 60 s that are "
            "recorded; did you mean 150 ms?"
        ),
    ),
    "threshold unit": (
        "under: 150 ms",
        "under: 95 %",
        (
            "rules.yml:7: rules[0].measure.under: 95 % is in the wrong unit, %; give 150 "
            "ms or 0.15 s"
        ),
    ),
    "unknown SLO": (
        "slo: swipe-availability",
        "slo: swipe-avalability",
        (
            "rules.yml:35: rules[4].measure.slo: there is no SLO 'swipe-avalability'; did "
            "you mean swipe-availability?"
        ),
    ),
    "objective without SLO": (
        "fail: 490 /s",
        "fail: objective",
        (
            "rules.yml:30: rules[3].limit.at_least.fail: only an SLO has an objective; "
            "give a number with its unit"
        ),
    ),
}


@pytest.mark.parametrize(("right", "wrong", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_number_is_told_with_its_line_and_what_would_be_right(
    right: str, wrong: str, told: str, tmp_path: Path
) -> None:
    assert refusal_with(right, wrong, tmp_path) == told
