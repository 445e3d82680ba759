from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
import yaml

from loadtests.errors import MisuseError
from loadtests.rules.limits import Absolute, Allowance, Budget, Relative
from loadtests.rules.measures import Errors, OfSlo, Quantile, Query, Rate, Under, Worse
from loadtests.rules.read import RulesError, read_rules
from loadtests.rules.units import Quantity, Unit
from slo.objectives import DECK_AVAILABILITY, SWIPE_AVAILABILITY
from tests.loadtests.rules.reading import GOOD, PLANNED, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SWIPE = "POST /api/swipes"
# None takes a value out; the others are what a file has by mistake.
MISTAKES = (None, "", "null", "[]", "{}", ".nan", "-1", "0 %", "yes", "5")


def share(percent: str) -> Quantity:
    return Quantity(Fraction(percent) / 100, Unit.RATIO)


def milliseconds(number: int) -> Quantity:
    return Quantity(Fraction(number, 1000), Unit.SECONDS)


def test_every_kind_of_rule_is_read_back_as_it_is_written() -> None:
    rules = {rule.id: rule for rule in read_rules(GOOD, PLANNED)}
    found = {name: (rule.steps, rule.measure, rule.limit) for name, rule in rules.items()}
    for name in ("pool-waits", "cache-hits"):
        assert isinstance(rules[name].measure, Query)
        del found[name]
    both, steady, run = ("steady", "peak"), ("steady",), ()
    assert found == {
        "swipe-fast": (both, Under(SWIPE, milliseconds(150)), Absolute(share("95"), share("97"))),
        "swipe-p95": (
            steady,
            Quantile(SWIPE, Fraction("0.95")),
            Absolute(milliseconds(150), milliseconds(120)),
        ),
        "few-errors": (run, Errors("all"), Absolute(share("0.1"), None)),
        "swipe-rate": (
            ("peak",),
            Rate(SWIPE),
            Absolute(Quantity(Fraction(490), Unit.PER_SECOND), None),
        ),
        "swipe-available": (run, OfSlo(SWIPE_AVAILABILITY), Absolute(share("99.95"), None)),
        "deck-budget": (run, OfSlo(DECK_AVAILABILITY), Budget(share("100"), share("50"))),
        "deck-p99-no-slower": (
            steady,
            Quantile("GET /api/deck", Fraction("0.99")),
            Relative(
                Allowance(Fraction("0.1"), milliseconds(5)),
                Allowance(Fraction("0.05"), milliseconds(2)),
            ),
        ),
    }


def test_a_query_keeps_its_window_unit_and_direction() -> None:
    rule = read_rules(GOOD, PLANNED)[-1]
    assert isinstance(rule.measure, Query)
    assert "[{{.window}}]" in rule.measure.expression
    assert (rule.measure.unit, rule.measure.worse) == (Unit.RATIO, Worse.LOWER)


def test_a_rule_knows_the_line_it_stands_at() -> None:
    lines = GOOD.read_text(encoding="utf-8").splitlines()
    for rule in read_rules(GOOD, PLANNED):
        assert rule.file == str(GOOD)
        assert lines[rule.line - 1] == f"  - id: {rule.id}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "rules.yml:1: the file is empty; give version and rules"),
        ("# nothing\n", "rules.yml:1: the file is empty; give version and rules"),
        (
            "version: 1\nrules: []\n",
            "rules.yml:2: rules: there are no rules; a gate without any would let everything pass",
        ),
        ("version: 1\nrules:\n", "rules.yml:1: rules is missing"),
        (
            "version: 1\nrules: 5\n",
            (
                "rules.yml:2: rules: the value '5' where a list is expected; begin each item with "
                "a dash\nrules.yml:2: rules: there are no rules; a gate without any would let "
                "everything pass"
            ),
        ),
        (
            "version: 1\nrules:\n  -\n",
            "\n".join(
                f"rules.yml:3: rules[0]: {field} is missing"
                for field in ("id", "limit", "measure", "over", "reason")
            ),
        ),
    ],
)
def test_a_file_without_rules_is_refused(text: str, told: str, tmp_path: Path) -> None:
    assert refusal(text, tmp_path) == told


def test_a_file_that_is_not_there_is_misuse(tmp_path: Path) -> None:
    with pytest.raises(MisuseError, match="cannot be read: No such file or directory"):
        read_rules(tmp_path / "rules.yml", PLANNED)


def test_a_second_document_is_refused(tmp_path: Path) -> None:
    good = GOOD.read_text(encoding="utf-8")
    assert refusal(f"{good}---\n{good}", tmp_path) == (
        "rules.yml:85: only one document is read, with version and rules; take the others out"
    )


def test_all_problems_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = GOOD.read_text(encoding="utf-8")
    for right, wrong in (
        ("steps: [peak]", "steps: [pek]"),
        ("warn: 97 %, fail: 95 %", "warn: 97 ms, fail: 95 ms"),
        ("slo: deck-availability", "slo: deck-latncy"),
    ):
        text = text.replace(right, wrong, 1)
    no_slo = "there is no SLO 'deck-latncy'; did you mean deck-latency?"
    wrong_unit = "ms is in the wrong unit, s; give a share like 95 %"
    assert refusal(text, tmp_path).split("\n") == [
        f"rules.yml:9: rules[0].limit.at_least.fail: 95 {wrong_unit}",
        f"rules.yml:9: rules[0].limit.at_least.warn: 97 {wrong_unit}",
        "rules.yml:27: rules[3].over.steps[0]: the plan has no step 'pek'; did you mean peak?",
        f"rules.yml:42: rules[5].measure.slo: {no_slo}",
    ]


def test_no_mistake_anywhere_makes_a_rule_vanish(tmp_path: Path) -> None:
    text = GOOD.read_text(encoding="utf-8")
    names = [rule.id for rule in read_rules(GOOD, PLANNED)]
    file = tmp_path / "rules.yml"
    refused = 0
    for start, end in spans(yaml.compose(text)):
        for mistake in MISTAKES:
            put = "" if mistake is None else f"{mistake}\n" if text[end - 1] == "\n" else mistake
            file.write_text(f"{text[:start]}{put}{text[end:]}", encoding="utf-8")
            rules, problems = outcome(file)
            assert (rules == len(names)) != (problems > 0), (put, text[start:end])
            refused += problems > 0
    assert refused > len(names) * len(MISTAKES)


def outcome(file: Path) -> tuple[int, int]:
    """Count the rules of a file, or its problems."""
    try:
        return len(read_rules(file, PLANNED)), 0
    except RulesError as error:
        return 0, len(error.problems)


def spans(node: yaml.Node | None) -> Iterator[tuple[int, int]]:
    """Yield where each value begins and ends."""
    if isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield (value.start_mark.index, value.end_mark.index)
            yield from spans(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            if isinstance(value, yaml.ScalarNode):
                yield (value.start_mark.index, value.end_mark.index)
            yield from spans(value)
