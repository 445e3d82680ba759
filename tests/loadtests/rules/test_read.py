from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loadtests.rules.reading import refusal_with

if TYPE_CHECKING:
    from pathlib import Path

WRONG = {
    "unknown step": (
        "{steps: [steady, peak]}\n    measure: {kind: fraction",
        "{steps: [steady, paek]}\n    measure: {kind: fraction",
        ("rules.yml:6: rules[0].over.steps[1]: the plan has no step 'paek'; did you mean peak?"),
    ),
    "no step": (
        "over: {steps: [peak]}",
        "over: {steps: []}",
        (
            "rules.yml:27: rules[3].over.steps: no step is named; one of warm-up, steady, "
            "peak, or over: run"
        ),
    ),
    "same step twice": (
        "over: {steps: [peak]}",
        "over: {steps: [peak, peak]}",
        "rules.yml:27: rules[3].over: the step peak is named twice; keep one",
    ),
    "neither run nor steps": (
        "over: {steps: [peak]}",
        "over: peak",
        "rules.yml:27: rules[3].over: the value 'peak' is neither run nor {steps: [...]}",
    ),
    "over missing": ("    over: {steps: [peak]}\n", "", "rules.yml:25: rules[3]: over is missing"),
    "unknown operation": (
        "{kind: rate, operation: POST /api/swipes}",
        "{kind: rate, operation: POST /api/swipe}",
        (
            "rules.yml:28: rules[3].measure.operation: there is no operation 'POST "
            "/api/swipe'; did you mean POST /api/swipes?"
        ),
    ),
    "operation not called": (
        "{kind: rate, operation: POST /api/swipes}",
        "{kind: rate, operation: GET /api/matches}",
        (
            "rules.yml:28: rules[3].measure.operation: the plan never calls GET "
            "/api/matches; one of POST /api/swipes, GET /api/deck, all"
        ),
    ),
    "unknown kind": (
        "kind: rate",
        "kind: rates",
        ("rules.yml:28: rules[3].measure.kind: 'rates' is none of its values; did you mean rate?"),
    ),
    "kind missing": (
        "kind: rate, ",
        "",
        (
            "rules.yml:28: rules[3].measure: kind is missing; one of fraction, quantile, "
            "errors, rate, slo, query"
        ),
    ),
    "unknown key of a rule": (
        "reason: An adopter",
        "reasons: An adopter",
        (
            "rules.yml:4: rules[0]: reason is missing\nrules.yml:5: rules[0].reasons: there "
            "is no such field; did you mean reason?"
        ),
    ),
    "unknown key of a measure": (
        "under: 150 ms",
        "within: 150 ms",
        (
            "rules.yml:7: rules[0].measure: under is missing\nrules.yml:7: "
            "rules[0].measure.within: there is no such field; one of kind, operation, under"
        ),
    ),
    "same id": (
        "id: swipe-p95",
        "id: swipe-fast",
        "rules.yml:11: rules[1].id: the id 'swipe-fast' is also in line 4; rename one",
    ),
    "id": (
        "id: swipe-p95",
        "id: Swipe p95",
        (
            "rules.yml:11: rules[1].id: 'Swipe p95' is no id; 3 to 64 of a-z, 0-9 and -, a "
            "letter first"
        ),
    ),
    "empty reason": (
        "reason: What is promised to adopters.",
        "reason: ' '",
        "rules.yml:33: rules[4].reason: the reason is empty; say what breaks for whom",
    ),
    "key twice": (
        "reason: What is promised to adopters.",
        "reason: What.\n    reason: What.",
        "rules.yml:34: rules[4].reason: given twice, first in line 33; keep one",
    ),
    "version": (
        "version: 1",
        "version: 2",
        "rules.yml:2: version: '2' is none of its values; one of 1",
    ),
    "no version": ("version: 1\n", "", "rules.yml:2: version is missing"),
    "rules key": (
        "rules:\n  - id: swipe-fast",
        "rule:\n  - id: swipe-fast",
        (
            "rules.yml:2: rules is missing\nrules.yml:3: rule: there is no such field; did "
            "you mean rules?"
        ),
    ),
    "unclosed": (
        "{kind: rate, operation: POST /api/swipes}",
        "{kind: rate, operation: POST /api/swipes",
        "rules.yml:29: this is not YAML: did not find expected ',' or '}'",
    ),
    "alias": (
        "over: {steps: [peak]}",
        "over: *peak",
        "rules.yml:27: the alias *peak is not followed; write out what it stands for",
    ),
}


@pytest.mark.parametrize(("right", "wrong", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_rule_is_told_with_its_line_and_what_would_be_right(
    right: str, wrong: str, told: str, tmp_path: Path
) -> None:
    assert refusal_with(right, wrong, tmp_path) == told
