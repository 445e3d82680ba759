"""What the service counted, on history that a real Prometheus serves, against limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from loadtests.judging.judge import judge
from loadtests.judging.model import BaselineValue, Ruling, Status
from loadtests.judging.promises import measured
from loadtests.rules.limits import Budget, Limit
from loadtests.rules.measures import OfSlo, Query, Worse
from loadtests.rules.units import Unit, quantity
from slo.objectives import SWIPE_AVAILABILITY, SWIPE_LATENCY
from slo.prometheus import Prometheus
from slo.queries import Between
from tests.loadtests.judging.loads import (
    NOWHERE,
    SWIPE,
    absolute,
    answers,
    load,
    observed,
    relative,
    rule,
    ruling,
    step,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.judging.evidence import Observed
    from tests.slo.conftest import Counters, Serve

MINUTE = timedelta(minutes=1)
SCRAPES = 30
# Of 20 000 swipes so many were bad.
BAD = (0, 30, 60, 100, 200)
HOURS = {
    name: datetime(2026, 3, 3, hour, tzinfo=UTC)
    for hour, name in enumerate(
        (*map(str, BAD), "few", "idle", "restart", "steps", "warm-up", "nothing")
    )
}
AVAILABLE = OfSlo(SWIPE_AVAILABILITY)
ALL = "sum(increase(http_server_request_duration_seconds_count[{{.window}}]))"
FAILED = ALL.replace("count[", 'count{error_type="error"}[')
TOTAL = "sum(http_server_request_duration_seconds_count)"


@pytest.fixture(scope="module")
def prometheus(counters: Counters, serve: Serve) -> Iterator[Prometheus]:
    def jump(name: str, good: int, bad: int) -> None:
        """Count so many events within the minute of a situation, and many before it."""
        counters.grow(HOURS[name], [9000, 0, good, *[0] * SCRAPES], 2)
        counters.grow(HOURS[name], [90, 0, bad, *[0] * SCRAPES], 2, status="500")

    for bad in BAD:
        jump(str(bad), 20_000 - bad, bad)
    jump("few", 100, 0)
    jump("idle", 0, 0)
    counters.grow(HOURS["restart"], [1000] * 10, 2)
    counters.grow(HOURS["restart"] + timedelta(seconds=20), [900] * 25, 2)
    # A minute of 300 without a failure, then one with a tenth of them.
    counters.grow(HOURS["steps"], [0, *[300] * SCRAPES, *[270] * SCRAPES, 0, 0], 2)
    counters.grow(HOURS["steps"], [0, *[0] * SCRAPES, *[30] * SCRAPES, 0, 0], 2, status="500")
    # A minute in which all is slow and a tenth fails, then one in which nothing does.
    counters.grow(HOURS["warm-up"], [0, *[270] * SCRAPES, *[300] * SCRAPES, 0, 0], 2)
    counters.grow(HOURS["warm-up"], [0, *[0] * SCRAPES, *[300] * SCRAPES, 0, 0], 2, le="0.15")
    counters.grow(HOURS["warm-up"], [0, *[30] * SCRAPES, *[0] * SCRAPES, 0, 0], 2, status="500")
    with Prometheus(serve(counters.history)) as found:
        yield found


def window(name: str) -> Between:
    begin = HOURS[name] + timedelta(seconds=3)
    return Between(begin, begin + MINUTE)


def over(prometheus: Prometheus, *names: str) -> Observed:
    """Observe one load for each situation; what their generator saw plays no part."""
    loads = [load(step({SWIPE: answers([0.1])}, began=window(name).start)) for name in names]
    return observed(*loads, prometheus=prometheus, windows=tuple(map(window, names)))


def available(prometheus: Prometheus, limit: Limit, *names: str) -> Ruling:
    return ruling(rule(AVAILABLE, limit), over(prometheus, *names))


@pytest.mark.parametrize(
    ("name", "status", "why"),
    [
        ("0", Status.PASSED, "all of 99.9808 % to 100 % is inside 99.5 %"),
        ("30", Status.PASSED, "is inside 99.5 %; perhaps past the warning"),
        ("60", Status.WARNED, "is inside 99.5 %; surely past the warning"),
        ("100", Status.UNDECIDED, "99.5 % is between"),
        ("200", Status.FAILED, "even the good side of the interval, 99.128"),
        ("few", Status.UNDECIDED, "100 samples are too few, it takes 2000"),
        ("idle", Status.UNDECIDED, "no event in the window"),
        ("nothing", Status.UNDECIDED, "the query gives no series"),
        ("restart", Status.UNDECIDED, "a process restarted or was lost in the window"),
    ],
)
def test_a_service_level_has_each_status(
    prometheus: Prometheus, name: str, status: Status, why: str
) -> None:
    found = available(prometheus, absolute("99.5 %", "99.85 %"), name)
    assert found.status is status
    assert why in found.why
    assert (found.started, found.ended) == (window(name).start, window(name).end)
    assert found.minimum == 2000


@pytest.mark.parametrize(
    ("name", "status", "spent"),
    [
        ("0", Status.PASSED, 0.0),
        ("30", Status.PASSED, 3.0),
        ("60", Status.WARNED, 6.0),
        ("100", Status.UNDECIDED, 10.0),
        ("200", Status.FAILED, 20.0),
        ("few", Status.UNDECIDED, 0.0),
        ("nothing", Status.UNDECIDED, None),
    ],
)
def test_a_budget_of_the_judged_events_has_each_status(
    prometheus: Prometheus, name: str, status: Status, spent: float | None
) -> None:
    # Of 20 000 swipes 10 may be bad.
    found = available(prometheus, Budget(quantity("1000 %"), quantity("300 %")), name)
    assert found.status is status
    assert found.measured == (None if spent is None else pytest.approx(spent))
    assert found.minimum == 2000
    assert found.limit == "at most 1000 % of the error budget"


@pytest.mark.parametrize(
    "limit", [absolute("99.5 %"), Budget(quantity("1000 %"), quantity("300 %"))]
)
@pytest.mark.parametrize("names", [("60",), ("60", "200")])
def test_the_query_of_a_ruling_gives_its_number_again(
    prometheus: Prometheus, limit: Limit, names: tuple[str, ...]
) -> None:
    found = available(prometheus, limit, *names)
    assert found.measured == pytest.approx(float(prometheus.number(found.query)))


def test_the_events_of_two_windows_are_added_up(prometheus: Prometheus) -> None:
    both = available(prometheus, absolute("99.5 %"), "60", "200")
    assert (both.samples, both.measured) == (40_000, 1 - 260 / 40_000)
    assert both.status is Status.FAILED
    assert (both.started, both.ended) == (window("60").start, window("200").end)
    # It was undecided by 20 000.
    more = available(prometheus, absolute("99.5 %"), "100", "0")
    assert more.status is Status.PASSED


def test_one_window_without_data_spoils_the_other(prometheus: Prometheus) -> None:
    found = available(prometheus, absolute("99.5 %"), "0", "restart")
    assert found.status is Status.UNDECIDED
    assert found.measured is None


def steps(prometheus: Prometheus, lasts: timedelta = MINUTE) -> Observed:
    begin = HOURS["steps"]
    made = load(
        step({}, "steady", began=begin, lasts=lasts),
        step({}, "peak", began=begin + lasts, lasts=lasts),
    )
    return observed(
        made, prometheus=prometheus, windows=(Between(begin, begin + timedelta(seconds=124)),)
    )


def test_each_step_is_judged_alone(prometheus: Prometheus) -> None:
    given = rule(AVAILABLE, absolute("98 %"), "steady", "peak")
    assert [(r.over, r.status, r.measured) for r in judge([given], steps(prometheus), {})] == [
        ("peak", Status.FAILED, 0.9),
        ("steady", Status.PASSED, 1.0),
    ]
    assert ruling(rule(AVAILABLE, absolute("98 %")), steps(prometheus)).measured == 0.95


@pytest.mark.parametrize(("seconds", "told"), [(9.999, False), (10, True)])
def test_a_step_of_less_than_five_scrapes_is_not_told_from_its_neighbours(
    prometheus: Prometheus, seconds: float, *, told: bool
) -> None:
    seen = steps(prometheus, timedelta(seconds=seconds))
    for measure in (AVAILABLE, Query(TOTAL, Unit.COUNT, Worse.HIGHER)):
        limit = absolute("98 %") if measure is AVAILABLE else absolute("3")
        found = ruling(rule(measure, limit, "steady"), seen)
        assert (found.status is not Status.UNDECIDED) == told
        if not told:
            assert found.why.startswith("the step lasts 9.999 s, and a scrape every 2 s tells")
            assert found.started == HOURS["steps"]


def test_a_step_that_was_never_sent_is_undecided(prometheus: Prometheus) -> None:
    found = ruling(rule(AVAILABLE, absolute("98 %"), "other"), steps(prometheus))
    assert found.status is Status.UNDECIDED


def warmed_up(prometheus: Prometheus, *, warm_up: bool) -> Observed:
    begin = HOURS["warm-up"]
    made = load(
        step({}, "warm-up", warm_up=warm_up, began=begin),
        step({}, "steady", began=begin + MINUTE),
    )
    window = Between(begin - MINUTE, begin + timedelta(seconds=124))
    return observed(made, prometheus=prometheus, windows=(window,))


def test_warming_up_is_no_latency_and_its_errors_count(prometheus: Prometheus) -> None:
    seen = warmed_up(prometheus, warm_up=True)
    latency = ruling(rule(OfSlo(SWIPE_LATENCY), absolute("95 %")), seen)
    assert (latency.status, latency.measured, latency.samples) == (Status.PASSED, 1.0, 9000)
    assert latency.started == HOURS["warm-up"] + MINUTE
    assert ruling(rule(AVAILABLE, absolute("99 %")), seen).measured == 0.95
    cold = warmed_up(prometheus, warm_up=False)
    assert ruling(rule(OfSlo(SWIPE_LATENCY), absolute("95 %")), cold).status is Status.FAILED


def test_what_is_promised_is_measured_without_the_latencies_of_warming_up(
    prometheus: Prometheus,
) -> None:
    slos = (SWIPE_LATENCY, SWIPE_AVAILABILITY)
    for warm_up, status in ((True, Status.PASSED), (False, Status.FAILED)):
        seen = warmed_up(prometheus, warm_up=warm_up)
        results = measured(slos, seen.loads[0], seen.windows[0], prometheus)
        found = {r.rule.id: r for r in judge([], seen, {}, results)}
        assert found["swipe-latency"].status is status
        assert found["swipe-latency"].started == seen.judged[0].started
        assert found["swipe-availability"].status is Status.FAILED
        assert found["swipe-availability"].started == seen.windows[0].start


def test_a_query_over_the_run_is_asked_of_the_time_of_the_load(prometheus: Prometheus) -> None:
    query = Query(ALL, Unit.COUNT, Worse.HIGHER)
    found = ruling(rule(query, absolute("1")), warmed_up(prometheus, warm_up=True))
    begin = HOURS["warm-up"]
    assert (found.started, found.ended) == (begin + MINUTE, begin + 2 * MINUTE)
    only_warm = observed(
        load(step({}, warm_up=True, began=begin)),
        prometheus=prometheus,
        windows=(Between(begin, begin + MINUTE),),
    )
    assert ruling(rule(query, absolute("1")), only_warm).ended == begin + MINUTE


def asked(prometheus: Prometheus, query: Query, limit: Limit, *names: str) -> Ruling:
    return ruling(rule(query, limit), over(prometheus, *names))


@pytest.mark.parametrize(
    ("unit", "worse", "fail", "warn", "status", "why"),
    [
        # 9090 before the window, and 20 000 in it.
        (Unit.COUNT, Worse.HIGHER, "29090", "", Status.PASSED, "29090 is inside 29090"),
        (Unit.COUNT, Worse.HIGHER, "30000", "29090", Status.PASSED, "is inside 30000"),
        (Unit.COUNT, Worse.HIGHER, "30000", "29089", Status.WARNED, "surely past the warning"),
        (Unit.COUNT, Worse.HIGHER, "29089", "", Status.FAILED, "29090 is past 29089"),
        (Unit.PER_SECOND, Worse.LOWER, "29090 /s", "", Status.PASSED, "29090 /s is inside"),
        (Unit.PER_SECOND, Worse.LOWER, "29091 /s", "", Status.FAILED, "is past 29091 /s"),
    ],
)
def test_a_query_is_judged_by_its_number_as_it_is(
    prometheus: Prometheus,
    unit: Unit,
    worse: Worse,
    fail: str,
    warn: str,
    status: Status,
    why: str,
) -> None:
    found = asked(prometheus, Query(TOTAL, unit, worse), absolute(fail, warn), "60")
    assert found.status is status
    assert why in found.why
    assert (found.measured, found.low, found.high) == (29_090, None, None)
    assert (found.samples, found.minimum) == (None, None)


def test_the_window_of_a_query_is_what_is_judged(prometheus: Prometheus) -> None:
    query = Query(ALL, Unit.COUNT, Worse.HIGHER)
    found = asked(prometheus, query, absolute("1"), "60")
    assert found.query == ALL.replace("{{.window}}", "1m")
    assert found.ended == window("60").end
    assert found.measured == float(prometheus.number(found.query, found.ended))
    again = ruling(rule(query, absolute("1"), "steady"), steps(prometheus))
    assert again.query == found.query
    assert again.measured == float(prometheus.number(found.query, HOURS["steps"] + MINUTE))


def test_a_query_of_two_loads_is_asked_of_the_last(prometheus: Prometheus) -> None:
    query = Query(TOTAL, Unit.COUNT, Worse.HIGHER)
    found = asked(prometheus, query, absolute("1"), "60", "few")
    assert (found.measured, found.started) == (9190, window("few").start)


def test_a_query_may_be_relative_to_a_baseline(prometheus: Prometheus) -> None:
    given = rule(Query(TOTAL, Unit.COUNT, Worse.HIGHER), relative(("10 %", "100")))
    for base, status in ((20_000.0, Status.FAILED), (28_000.0, Status.PASSED)):
        baseline = {("a-rule", "run"): BaselineValue(base, base, base)}
        assert ruling(given, over(prometheus, "60"), baseline).status is status


def unchecked(expression: str) -> Query:
    """Make a query that the file of rules would have refused."""
    made = replace(Query(TOTAL, Unit.COUNT, Worse.HIGHER))
    object.__setattr__(made, "expression", expression)
    return made


@pytest.mark.parametrize(
    ("name", "query", "why"),
    [
        ("idle", f"{FAILED} / {ALL}", "the query gives NaN"),
        ("nothing", f"{FAILED} / {ALL}", "the query gives no series"),
        ("60", f"1 / ({TOTAL} - {TOTAL})", "the query gives +Inf"),
        ("60", TOTAL[4:-1], "the query gives 2 series in place of one"),
        ("60", "sum(", "Prometheus refuses sum("),
    ],
)
def test_what_is_not_one_number_is_undecided(
    prometheus: Prometheus, name: str, query: str, why: str
) -> None:
    found = asked(prometheus, unchecked(query), absolute("1"), name)
    assert found.status is Status.UNDECIDED
    assert found.why.startswith(why)
    assert found.measured is None


def test_nobody_to_ask_is_undecided() -> None:
    with Prometheus(NOWHERE) as nobody:
        for measure, limit in (
            (AVAILABLE, absolute("99.5 %")),
            (OfSlo(SWIPE_LATENCY), Budget(quantity("100 %"), None)),
            (Query(TOTAL, Unit.COUNT, Worse.HIGHER), absolute("1")),
        ):
            found = ruling(rule(measure, limit), over(nobody, "60"))
            assert found.status is Status.UNDECIDED
            assert "is not reachable" in found.why


def test_a_run_that_was_not_read_back_is_undecided(prometheus: Prometheus) -> None:
    found = ruling(rule(AVAILABLE, absolute("99.5 %")), replace(over(prometheus, "60"), windows=()))
    assert (found.status, found.why) == (
        Status.UNDECIDED,
        "nothing was read back from Prometheus",
    )
