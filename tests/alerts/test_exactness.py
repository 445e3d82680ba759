"""What the generated rules say, beside a count of the very events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from alerts.slo_rules import ratio, recording_groups
from app.telemetry.catalog import HTTP_DURATION
from slo import conventions
from slo.indicators import LatencySli, ProbeSli, QuerySli, RatioSli, SliceSli
from slo.model import Calendar, CalendarUnit, CompositeSli, Part, Slo
from slo.promql import Matcher, labels
from tests.alerts.replay import EVALUATED, SCRAPE, SLOT, Counter, Replay, count
from tests.alerts.shapes import BUCKET, HOUR, NAME, SHAPES, pair, traffic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from alerts.model import RuleGroup
    from slo.indicators import Sli
    from tests.alerts.shapes import Shape

# Summer time begins in Berlin; then a week, and then a month and a quarter.
BASE = int(datetime(2026, 3, 28, 22, tzinfo=UTC).timestamp())
HOURS = 84
SLOTS = HOURS * HOUR
LAST = BASE + HOURS * 3600 - 60 + EVALUATED
PERIOD = timedelta(days=3)
WINDOWS = (timedelta(hours=1), timedelta(hours=6), PERIOD)
MINUTES = timedelta(minutes=1)
TOLERANCE = 0.001
# They lose what no scrape has seen: the end of a process.
LOSSY = ("restarting", "rolling", "rare")
BAD = Matcher("error_type", "=", "error")


def slo(name: str, sli: Sli | CompositeSli, **others: Any) -> Slo:
    return Slo(
        id=name,
        service="test",
        title=name,
        description=name,
        objective=Fraction("0.99"),
        sli=sli,
        **{"period": PERIOD, **others},
    )


def ratio_of(job: str) -> RatioSli:
    return RatioSli(HTTP_DURATION, (Matcher("job", "=", job),), BAD)


def latency_of(job: str) -> LatencySli:
    return LatencySli(HTTP_DURATION, (Matcher("job", "=", f"{job}-latency"),), Fraction("0.15"))


def queries(job: str, function: str, name: str = NAME) -> QuerySli:
    total = f'sum({function}({name}{{job="{job}"}}[{{{{.window}}}}]))'
    return QuerySli(total, bad_query=total.replace("}[", ',error_type="error"}['))


def good_query(job: str) -> QuerySli:
    total = f'sum(rate({NAME}{{job="{job}"}}[{{{{.window}}}}]))'
    return QuerySli(total, good_query=total.replace("}[", ',error_type!="error"}['))


def shapes(slots: int) -> dict[str, Shape]:
    return {name: shape(slots) for name, shape in SHAPES.items()}


def timed(job: str, counters: Shape) -> Shape:
    """Count the same events as fast and slow ones, in a histogram."""
    made = []
    for good, bad in zip(counters[::2], counters[1::2], strict=True):
        where = {"job": f"{job}-latency", "instance": good.labels["instance"]}
        both = good.events + bad.events
        made.append(replace(good, labels={"__name__": NAME, **where}, events=both))
        made.append(replace(good, labels={"__name__": BUCKET, **where, "le": "0.15"}))
    return made


def history(counters: Sequence[Counter], base: int = BASE) -> dict[str, Any]:
    return {
        str(c.labels["__name__"])
        + labels({k: v for k, v in c.labels.items() if k != "__name__"}): c.samples(base)
        for c in counters
    }


def events_groups(slos: Sequence[Slo]) -> list[RuleGroup]:
    return [g for slo in slos for g in recording_groups(slo) if g.name.endswith(":events")]


def bad_ones(counters: Sequence[Counter]) -> list[Counter]:
    return [c for c in counters if c.labels.get("error_type")]


COUNTERS = shapes(SLOTS)
TIMED = {job: timed(job, COUNTERS[job]) for job in ("diurnal", "restarting", "rolling")}
# A series that is not there until it has counted fifty.
JUMP = pair(
    "jump",
    "a",
    traffic(SLOTS, 10, np.where(np.arange(SLOTS) > 40 * HOUR, 0.01, 0), 20),
    phase=1,
)
JUMP[1].events[40 * HOUR] = 50
JUMP[1] = replace(JUMP[1], born=40 * HOUR)
# From one slot to another, Prometheus was not there.
BRIEF, LONG = (50 * HOUR + 5, 50 * HOUR + 5 + 20), (30 * HOUR + 5, 30 * HOUR + 5 + 120)
DOWN = pair("down", "a", traffic(SLOTS, 10, 0.01, 21), phase=1, unscraped=[BRIEF, LONG])
PROBED = np.random.default_rng(22).random(SLOTS // 3) > 0.01
PROBE = ProbeSli('probe_success{job="probe"}', 'probe_success{job="probe"} == 0')

RATIOS = {job: slo(f"{job}-ratio", ratio_of(job)) for job in COUNTERS}
LATENCIES = {job: slo(f"{job}-latency", latency_of(job)) for job in TIMED}
QUERIES = {
    "rate": ("rare", slo("rate-queries", queries("rare", "rate"))),
    "increase": ("bursty", slo("increase-queries", queries("bursty", "increase"))),
    "good": ("late", slo("good-queries", good_query("late"))),
}
# Names no counter that could be read exactly.
OPAQUE = slo(
    "opaque",
    QuerySli(
        f'sum(increase({{__name__="{NAME}",job="steady"}}[{{{{.window}}}}]))',
        bad_query=(
            f'sum(increase({{__name__="{NAME}",job="steady",error_type="error"}}[{{{{.window}}}}]))'
        ),
    ),
)
FIVE = slo("five-minutes", SliceSli(ratio_of("gappy"), timedelta(minutes=5), Fraction("0.97")))
HOURLY = slo("hourly", SliceSli(latency_of("restarting"), timedelta(hours=1), Fraction("0.9955")))
COMPOSITE = slo(
    "composite",
    CompositeSli(
        (
            Part("bursts", Fraction(3), ratio_of("bursty")),
            Part("speed", Fraction(1), latency_of("diurnal")),
            Part("silence", Fraction(5), ratio_of("gappy")),
        )
    ),
)
GROUPED = slo("grouped", ratio_of("steady"), group_by=("instance",))
CALENDARS = {
    unit: slo(f"a-{unit}", ratio_of("diurnal"), period=Calendar(unit, first, "Europe/Berlin"))
    for unit, first in (
        (CalendarUnit.WEEK, date(2025, 12, 29)),
        (CalendarUnit.MONTH, date(2026, 1, 1)),
        (CalendarUnit.QUARTER, date(2026, 1, 1)),
    )
}
JUMPED = slo("jumped", ratio_of("jump"))
RESTARTED = slo("restarted", ratio_of("down"))
STEADILY = [
    *RATIOS.values(),
    *LATENCIES.values(),
    *(declared for _, declared in QUERIES.values()),
    *(OPAQUE, FIVE, HOURLY, COMPOSITE, GROUPED, JUMPED, *CALENDARS.values()),
    slo("probe", PROBE),
]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """Serve 84 hours of all shapes, and what the rules recorded of them."""
    counters = [c for shape in (*COUNTERS.values(), *TIMED.values(), JUMP, DOWN) for c in shape]
    probed = [(BASE + 5 + i * SCRAPE, int(up)) for i, up in enumerate(PROBED)]
    with Replay(tmp_path_factory.mktemp("replay")) as replay:
        replay.add({**history(counters), 'probe_success{job="probe"}': probed})
        start = BASE
        for begin, end in (LONG, BRIEF):
            replay.record(events_groups([RESTARTED]), start, BASE + begin * SLOT)
            start = BASE + end * SLOT
        replay.record(events_groups([RESTARTED]), start, LAST)
        replay.record(events_groups(STEADILY), BASE, LAST)
        periods = [
            g for c in CALENDARS.values() for g in recording_groups(c) if g.name.endswith(":period")
        ]
        replay.record(periods, LAST - 600, LAST)
        yield replay


def truth(counters: Sequence[Counter], window: timedelta, end: float = LAST) -> tuple[int, int]:
    """Count all events and the bad ones, in a window that ends with a tile."""
    begin = end - window.total_seconds()
    return count(counters, BASE, begin, end), count(bad_ones(counters), BASE, begin, end)


def measured(replay: Replay, declared: Slo, window: timedelta) -> float | None:
    # A moment later, or the tile at the very beginning of the window would count as well.
    return replay.number(ratio(declared, window), LAST + 1)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("job", [job for job in COUNTERS if job not in LOSSY])
def test_the_error_ratio_is_that_of_the_very_events(
    job: str, window: timedelta, replayed: Replay
) -> None:
    total, bad = truth(COUNTERS[job], window)
    assert total > 0
    assert measured(replayed, RATIOS[job], window) == pytest.approx(bad / total, rel=1e-9)


def test_a_window_without_events_has_no_ratio(replayed: Replay) -> None:
    window = timedelta(minutes=30)
    counters = COUNTERS["gappy"]
    silent = next(
        end for end in range(LAST - 36_000, LAST, 60) if truth(counters, window, end) == (0, 0)
    )
    assert replayed.number(ratio(RATIOS["gappy"], window), silent + 1) is None


@pytest.mark.parametrize("job", LOSSY)
def test_restarts_lose_no_more_than_what_no_scrape_has_seen(job: str, replayed: Replay) -> None:
    declared = RATIOS[job]
    total, bad = truth(COUNTERS[job], PERIOD)
    assert measured(replayed, declared, PERIOD) == pytest.approx(bad / total, rel=TOLERANCE)
    selected = f"{conventions.total_events(MINUTES)}{labels(conventions.identity(declared))}"
    counted = replayed.number(f"sum_over_time({selected}[3d])", LAST + 1)
    ends = sum(len(c.restarts) + (c.gone < SLOTS) + (c.born > 0) for c in COUNTERS[job][::2])
    assert counted is not None
    assert total - ends * SCRAPE / SLOT * 30 <= counted <= total


@pytest.mark.parametrize("job", LATENCIES)
def test_latency_is_that_of_the_very_events(job: str, replayed: Replay) -> None:
    for window in WINDOWS:
        total, bad = truth(COUNTERS[job], window)
        found = measured(replayed, LATENCIES[job], window)
        assert found is not None
        assert 1 - found == pytest.approx(1 - bad / total, rel=TOLERANCE)
    assert found == pytest.approx(bad / total, rel=TOLERANCE)


@pytest.mark.parametrize("kind", QUERIES)
def test_queries_for_rates_of_counters_count_the_very_events(kind: str, replayed: Replay) -> None:
    job, declared = QUERIES[kind]
    found = [measured(replayed, declared, window) for window in WINDOWS]
    assert found == [measured(replayed, RATIOS[job], window) for window in WINDOWS]


def test_queries_that_name_no_counter_are_extrapolated(replayed: Replay) -> None:
    for window in WINDOWS:
        total, bad = truth(COUNTERS["steady"], window)
        found = measured(replayed, OPAQUE, window)
        assert found == pytest.approx(bad / total, rel=TOLERANCE)


def test_a_probe_counts_the_minutes_in_which_it_was_asked(replayed: Replay) -> None:
    for window in WINDOWS:
        asked = int(window / timedelta(minutes=1))
        moments = [(LAST - BASE - 60 * i - 5) // SCRAPE for i in range(asked)]
        failed = sum(not PROBED[moment] for moment in moments)
        found = measured(replayed, slo("probe", PROBE), window)
        assert found == pytest.approx(failed / asked, rel=1e-9)


@pytest.mark.parametrize(
    ("declared", "job"), [(FIVE, "gappy"), (HOURLY, "restarting")], ids=lambda x: str(x)[:8]
)
def test_a_slice_is_good_or_bad_as_a_whole(declared: Slo, job: str, replayed: Replay) -> None:
    sli = declared.sli
    assert isinstance(sli, SliceSli)
    length = sli.length.total_seconds()
    last = (LAST - EVALUATED) // length * length + EVALUATED
    slices = [
        truth(COUNTERS[job], sli.length, last - i * length) for i in range(int(PERIOD / sli.length))
    ]
    judged = [bad / total > 1 - sli.target for total, bad in slices if total]
    assert 0 < sum(judged) < len(judged)
    found = replayed.number(ratio(declared, PERIOD), last + 1)
    assert found == pytest.approx(sum(judged) / len(judged), rel=1e-9)


def test_a_composite_is_the_weighted_mean_of_the_parts_with_events(replayed: Replay) -> None:
    for window in (*WINDOWS, timedelta(minutes=30)):
        weighed = [
            (weight, bad / total)
            for weight, job in ((3, "bursty"), (1, "diurnal"), (5, "gappy"))
            for total, bad in [truth(COUNTERS[job], window)]
            if total
        ]
        mean = sum(w * r for w, r in weighed) / sum(w for w, _ in weighed)
        assert measured(replayed, COMPOSITE, window) == pytest.approx(mean, rel=1e-9)


def test_every_group_has_a_ratio_of_its_own(replayed: Replay) -> None:
    found = replayed.vector(ratio(GROUPED, PERIOD), LAST + 1)
    assert len(found) == 2
    for instance in ("a", "b"):
        own = [c for c in COUNTERS["steady"] if c.labels["instance"] == instance]
        total, bad = truth(own, PERIOD)
        (value,) = (v for k, v in found.items() if f'instance="{instance}"' in k)
        assert value == pytest.approx(bad / total, rel=1e-9)


@pytest.mark.parametrize(
    ("unit", "begun"),
    [
        (CalendarUnit.WEEK, datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (CalendarUnit.MONTH, datetime(2026, 3, 31, 22, tzinfo=UTC)),
        (CalendarUnit.QUARTER, datetime(2026, 3, 31, 22, tzinfo=UTC)),
    ],
)
def test_a_calendar_period_begins_at_midnight_of_its_place(
    unit: CalendarUnit, begun: datetime, replayed: Replay
) -> None:
    declared = CALENDARS[unit]
    evaluated = (LAST - EVALUATED) // 240 * 240 + EVALUATED
    # Minutes that have not ended in full are not looked at yet.
    until, since = evaluated - 60, begun.timestamp() - 60 + EVALUATED
    counters = COUNTERS["diurnal"]
    total, bad = count(counters, BASE, since, until), count(bad_ones(counters), BASE, since, until)
    selected = labels(conventions.identity(declared))
    for series, wanted in (
        (conventions.PERIOD_START, begun.timestamp()),
        (conventions.PERIOD_TOTAL, total),
        (conventions.PERIOD_BAD, bad),
        (conventions.error_ratio(declared.length), bad / total),
    ):
        assert replayed.number(f"{series}{selected}", evaluated + 1) == pytest.approx(wanted)


def test_what_a_series_had_counted_before_it_was_first_seen_is_not_counted(
    replayed: Replay,
) -> None:
    total, bad = truth(JUMP, PERIOD)
    jump = JUMP[1].samples(BASE)[0][1]
    assert jump >= 50
    expected = (bad - jump) / (total - jump)
    assert measured(replayed, JUMPED, PERIOD) == pytest.approx(expected, rel=1e-9)


def test_while_prometheus_is_away_little_is_lost_soon_and_all_that_happens_later(
    replayed: Replay,
) -> None:
    lost = {}
    for begin, end in (BRIEF, LONG):
        around = BASE + begin * SLOT - 600, BASE + end * SLOT + 600
        first, last = (moment // 60 * 60 + EVALUATED for moment in around)
        selected = f"{conventions.total_events(MINUTES)}{labels(conventions.identity(RESTARTED))}"
        counted = replayed.number(f"sum_over_time({selected}[{last - first}s])", last + 1)
        assert counted is not None
        lost[end - begin] = (count(DOWN, BASE, first, last) - counted) * SLOT / 10
    brief, long = lost.values()
    # Of ten events in five seconds: seconds of traffic that are in no tile.
    assert 0 <= brief <= 60
    assert 600 <= long <= 600 + 75


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Replay, Shape]]:
    """Serve 31 days of a service that restarts."""
    counters = SHAPES["restarting"](31 * 24 * HOUR)
    declared = replace(RATIOS["restarting"], period=timedelta(days=30))
    with Replay(tmp_path_factory.mktemp("month")) as replay:
        replay.add(history(counters))
        replay.record(events_groups([declared]), BASE, BASE + 31 * 86_400)
        yield replay, counters


def test_thirty_days_are_those_of_the_very_events(month: tuple[Replay, Shape]) -> None:
    replay, counters = month
    _check_month(replay, "restarting", counters)


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_thirty_days_of_every_shape_are_those_of_the_very_events(tmp_path: Path) -> None:
    made = shapes(31 * 24 * HOUR)
    with Replay(tmp_path) as replay:
        replay.add(history([c for counters in made.values() for c in counters]))
        replay.record(events_groups(list(RATIOS.values())), BASE, BASE + 31 * 86_400)
        for job, counters in made.items():
            _check_month(replay, job, counters)


def _check_month(replay: Replay, job: str, counters: Shape) -> None:
    last = BASE + 31 * 86_400 - 60 + EVALUATED
    declared = replace(RATIOS[job], period=timedelta(days=30))
    total, bad = truth(counters, declared.length, last)
    found = replay.number(ratio(declared, declared.length), last + 1)
    assert found is not None
    assert found == pytest.approx(bad / total, rel=TOLERANCE)
