"""Promises as rows among the rules, by the count of all events."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loadtests.judging.judge import judge
from loadtests.judging.model import Ruling, Status
from loadtests.judging.promises import promise_rule, promised
from loadtests.rules.limits import Promise
from loadtests.rules.measures import OfSlo
from slo.counting import Count
from slo.objectives import OBJECTIVES, SWIPE_AVAILABILITY, SWIPE_LATENCY
from slo.queries import Between
from slo.report import judge as hold
from tests.loadtests.judging.loads import BEGIN, MINUTE, load, observed, step

if TYPE_CHECKING:
    from loadtests.judging.evidence import Observed
    from slo.model import Slo
    from slo.report import SloResult

ROOT = Path(__file__).parents[3]
QUERIES = {"total": "sum(total)", "bad": "sum(bad)"}
WINDOWS = (
    Between(BEGIN, BEGIN + MINUTE),
    Between(BEGIN + 2 * MINUTE, BEGIN + 3 * MINUTE),
)


def result(total: int | None, bad: int = 0, missing: str = "", group: str = "") -> SloResult:
    counted = Count(missing=missing) if total is None else Count(Fraction(total), Fraction(bad))
    groups = (("http_route", group),) if group else ()
    return hold(SWIPE_AVAILABILITY, counted, QUERIES, groups)


def seen(loads: int) -> Observed:
    made = [load(step({}, began=window.start)) for window in WINDOWS[:loads]]
    return observed(*made, windows=WINDOWS[:loads])


def only(*results: SloResult) -> Ruling:
    (found,) = promised(results, seen(len(results)))
    return found


@pytest.mark.parametrize("slo", OBJECTIVES, ids=lambda slo: slo.id)
def test_a_promise_points_to_the_line_of_its_declaration(slo: Slo) -> None:
    made = promise_rule(slo)
    line = (ROOT / made.file).read_text().splitlines()[made.line - 1]
    assert line.strip() == f'id="{made.id}",'
    assert isinstance(made.measure, OfSlo)
    assert (made.limit, made.steps, made.reason) == (
        Promise(),
        (),
        made.measure.slo.description,
    )


@pytest.mark.parametrize(
    ("given", "status", "why"),
    [
        (result(2000, 1), Status.PASSED, "1 of 2000 events were bad, 1 are allowed"),
        (result(2000, 2), Status.FAILED, "2 of 2000 events were bad, 1 are allowed"),
        (result(1, 1), Status.FAILED, "1 of 1 events were bad, 0.0005 are allowed"),
        (result(0), Status.UNDECIDED, "no event in the window"),
        (result(None, missing="the query gives NaN"), Status.UNDECIDED, "the query gives NaN"),
    ],
)
def test_a_promise_is_a_count_and_nothing_is_inferred(
    given: SloResult, status: Status, why: str
) -> None:
    found = only(given)
    assert (found.status, found.why) == (status, why)
    assert found.low == found.measured == found.high
    assert (found.limit, found.over, found.minimum) == ("at least 99.95 %", "run", None)


def test_a_promise_over_two_loads_is_the_count_of_both() -> None:
    found = only(result(2000, 2), result(2000, 0))
    assert (found.status, found.samples, found.measured) == (Status.PASSED, 4000, 0.9995)
    assert found.query == "1 - ((sum(bad)) + (sum(bad))) / ((sum(total)) + (sum(total)))"
    assert (found.started, found.ended) == (WINDOWS[0].start, WINDOWS[1].end)
    assert only(result(2000, 3), result(2000, 0)).status is Status.FAILED
    # An idle window adds nothing.
    assert only(result(2000, 1), result(0)).status is Status.PASSED


def test_a_window_of_which_nothing_is_known_spoils_the_other() -> None:
    found = only(result(2000), result(None, missing="restarted"))
    assert (found.status, found.why) == (Status.UNDECIDED, "restarted")


def test_a_ratio_without_events_takes_the_worse_of_two_windows() -> None:
    good, bad = (hold(SWIPE_LATENCY, Count(ratio=Fraction(r)), {}) for r in ("0.01", "0.2"))
    assert only(good, bad).status is Status.FAILED
    assert only(good, good).status is Status.PASSED
    assert only(good).why == "measured 99 % < 150 ms"
    nothing = hold(SWIPE_LATENCY, Count(missing="gone"), {})
    assert only(bad, nothing).status is Status.UNDECIDED


def test_groups_of_one_promise_are_rulings_of_their_own() -> None:
    rulings = promised([result(2000, group="/a"), result(2000, 2, group="/b")], seen(1))
    assert [(r.over, r.status) for r in rulings] == [
        ("run (http_route=/a)", Status.PASSED),
        ("run (http_route=/b)", Status.FAILED),
    ]


def test_promises_stand_among_the_rules_worst_first() -> None:
    given = (result(2000), hold(SWIPE_LATENCY, Count(Fraction(10), Fraction(9)), QUERIES))
    rulings = judge([], seen(1), {}, given)
    assert [r.rule.id for r in rulings] == ["swipe-latency", "swipe-availability"]
