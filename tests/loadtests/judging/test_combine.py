"""Two runs in one, and waivers beside rulings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from loadtests.judging.combine import confirmed, waived, worst_first
from loadtests.judging.model import Ruling, Status
from loadtests.rules.measures import Errors
from loadtests.waivers.model import Waiver
from tests.loadtests.judging.loads import (
    SWIPE,
    absolute,
    answers,
    load,
    observed,
    rule,
    ruling,
    step,
)

F, U, W, P = Status.FAILED, Status.UNDECIDED, Status.WARNED, Status.PASSED


def ruled(status: Status, name: str = "few-errors", over: str = "run", why: str = "so") -> Ruling:
    found = ruling(
        rule(Errors(SWIPE), absolute("1 %")), observed(load(step({SWIPE: answers([0.1])})))
    )
    named = replace(found.rule, id=name)
    return replace(found, rule=named, status=status, over=over, why=why)


@pytest.mark.parametrize(
    ("first", "second", "status", "flaky"),
    [
        (F, P, P, True),
        (F, W, W, True),
        (F, F, F, False),
        (F, U, U, False),
        (U, P, P, False),
        (P, F, P, True),
        (W, F, W, True),
        (U, F, F, False),
        (W, P, P, False),
        (P, P, P, False),
    ],
)
def test_only_what_fails_twice_blocks_and_what_fails_once_is_flaky(
    first: Status, second: Status, status: Status, *, flaky: bool
) -> None:
    (found,) = confirmed([ruled(first, why="first")], [ruled(second, why="second")])
    assert (found.status, found.flaky) == (status, flaky)
    told = "second; at first it failed: first" if first is F else "first; then it failed: second"
    assert found.why == (told if flaky else "second")


def test_rulings_are_matched_by_rule_and_step() -> None:
    first = [ruled(F, over="steady"), ruled(P, over="peak"), ruled(F, "other")]
    second = [ruled(P, over="peak"), ruled(P, over="steady"), ruled(W, "new")]
    assert [(r.rule.id, r.over, r.status, r.flaky) for r in confirmed(first, second)] == [
        # The second run said nothing of it.
        ("other", "run", F, False),
        ("new", "run", W, False),
        ("few-errors", "steady", P, True),
        ("few-errors", "peak", P, False),
    ]


def test_the_worst_comes_first_and_equals_keep_their_order() -> None:
    given = [ruled(status, name) for status, name in ((P, "aaa"), (W, "bbb"), (F, "ccc"))]
    given += [ruled(status, name) for status, name in ((U, "ddd"), (F, "eee"), (P, "fff"))]
    assert [r.rule.id for r in worst_first(given)] == ["ccc", "eee", "ddd", "bbb", "aaa", "fff"]


def test_of_one_status_the_flaky_comes_first_and_the_waived_last() -> None:
    waiver = Waiver("W-1", "ana", "bo", "Known.", ("bbb",), date(2026, 12, 1), "w.yml", 2)
    flaky = replace(ruled(P, "ddd"), flaky=True)
    given = [*waived([ruled(F, "bbb"), ruled(F, "ccc")], [waiver]), ruled(P, "aaa"), flaky]
    assert [r.rule.id for r in worst_first(given)] == ["ccc", "bbb", "ddd", "aaa"]


def test_a_waiver_stands_beside_a_ruling_whose_status_stays() -> None:
    waiver = Waiver("W-1", "ana", "bo", "Known.", ("few-errors",), date(2026, 12, 1), "w.yml", 2)
    later = replace(waiver, id="W-2", rules=("few-errors", "other"))
    given = [ruled(F), ruled(F, "other"), ruled(P, "third"), ruled(P, over="peak")]
    found = waived(given, [waiver, later])
    assert [r.status for r in found] == [F, F, P, P]
    assert [r.waiver and r.waiver.id for r in found] == ["W-1", "W-2", None, "W-1"]
    assert waived(given, []) == tuple(given)
