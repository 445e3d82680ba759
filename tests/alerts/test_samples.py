"""Series for rehearsals: their names, and what they show sample by sample."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.samples import MINUTE, Course, Stage, series
from app.telemetry.model import Kind, Label, Metric
from slo.promql import Matcher, Selector
from tests.alerts.played import Play, mistakes

SECONDS_15 = timedelta(seconds=15)
RESULT = Label("result", ("hit", "miss", "error"))
READ = Metric(
    "reads_total", Kind.COUNTER, "Reads.", "", (RESULT, Label("shelf", bound="number of shelves"))
)
FULL = Course((Stage(4.0, 2), Stage(None, 1), Stage(8.0, 1)), SECONDS_15)
SIZES = (0.0, 1e-9, 0.05, 0.1 + 0.2, 1.0, 1e5, 123_456_789.0, 3e12, -40.0)


def same(value: float) -> float:
    """Show what is asked for."""
    return value


def reads(*matchers: Matcher) -> Selector:
    return Selector(READ, "reads_total", matchers)


def test_a_counter_grows_in_each_minute_of_a_stage_and_rests_in_a_gap() -> None:
    assert FULL.counter(same) == "1+1x7 _x4 10+2x3"


def test_a_gauge_shows_the_value_of_its_stage_and_nothing_in_a_gap() -> None:
    assert FULL.gauge(same) == "4+0x7 _x4 8+0x3"


def test_a_gauge_that_drifts_goes_on_through_a_gap() -> None:
    assert FULL.gauge(same, drift=1.0) == "4+15x7 _x4 188+15x3"
    assert FULL.gauge(lambda value: -value, drift=-0.5) == "-4-7.5x7 _x4 -98-7.5x3"


def test_samples_are_as_far_apart_as_the_course_says() -> None:
    stages = (Stage(4.0, 30), Stage(None, 10))
    assert Course(stages, timedelta(minutes=10)).counter(same) == "40+40x2 _x1"
    assert Course(stages, MINUTE).gauge(same) == "4+0x29 _x10"


def test_a_course_is_scaled_with_its_gaps_and_all_else_stays() -> None:
    course = Course(FULL.stages, SECONDS_15, busy=7.0)
    stages = (Stage(2.0, 2), Stage(None, 1), Stage(4.0, 1))
    assert course.scaled(0.5) == Course(stages, SECONDS_15, busy=7.0)


def test_promtool_reads_numbers_of_any_size_as_they_are_written(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    course = Course(tuple(Stage(size, 1) for size in SIZES), SECONDS_15)
    shown = {"level{}": course.gauge(same)}
    plays = [
        *(
            # To the millionth part.
            Play(
                f"level {minute}",
                f"abs(level - {size!r}) <= bool {abs(size) * 1e-6!r}",
                shown,
                {minute: {"{}": 1.0}},
            )
            for minute, size in enumerate(SIZES)
        ),
        Play(
            "growth",
            "increase(growth[1m])",
            {"growth{}": FULL.counter(same)},
            {1: {"{}": 4.0}, 7: {}},
        ),
    ]
    assert mistakes(tmp_path_factory.mktemp("samples"), plays) == {}


@pytest.mark.parametrize(
    ("matchers", "labels"),
    [
        ((), 'result="hit",shelf="any",job="test",instance="test:1"'),
        (
            (Matcher("result", "=", "miss"),),
            'result="miss",shelf="any",job="test",instance="test:1"',
        ),
        (
            (Matcher("result", "!=", "hit"),),
            'result="miss",shelf="any",job="test",instance="test:1"',
        ),
        (
            (Matcher("result", "=~", "error|miss"),),
            'result="miss",shelf="any",job="test",instance="test:1"',
        ),
        (
            (Matcher("result", "!~", "h.*|miss"),),
            'result="error",shelf="any",job="test",instance="test:1"',
        ),
        (
            (Matcher("shelf", "=", 'a"\\b'),),
            'result="hit",shelf="a\\"\\\\b",job="test",instance="test:1"',
        ),
        (
            (Matcher("shelf", "=~", "top|low"),),
            'result="hit",shelf="top",job="test",instance="test:1"',
        ),
        ((Matcher("job", "=", "web"),), 'result="hit",shelf="any",job="web",instance="test:1"'),
        ((Matcher("shelf", "=", ""),), 'result="hit",job="test",instance="test:1"'),
    ],
    ids=str,
)
def test_a_series_has_labels_that_its_selector_finds(
    matchers: tuple[Matcher, ...], labels: str
) -> None:
    assert series(reads(*matchers)) == f"reads_total{{{labels}}}"


def test_a_series_fulfils_further_conditions_and_keeps_clear_of_others() -> None:
    hit = Matcher("result", "=", "hit")
    assert 'result="error"' in series(reads(), (Matcher("result", "=~", "e.*"),))
    assert 'result="miss"' in series(reads(), avoid=(hit,))
    assert 'result="error"' in series(reads(Matcher("result", "!=", "miss")), avoid=(hit,))


@pytest.mark.parametrize(
    ("matchers", "avoid"),
    [
        ((Matcher("result", "=", "hit"), Matcher("result", "=", "miss")), ()),
        ((Matcher("result", "=", "hit"),), (Matcher("result", "=~", "h.*"),)),
    ],
    ids=["two values at once", "what is to be avoided"],
)
def test_conditions_that_no_value_fulfils_are_refused(
    matchers: tuple[Matcher, ...], avoid: tuple[Matcher, ...]
) -> None:
    with pytest.raises(ValueError, match='no value of result fulfils result="hit"'):
        series(reads(*matchers), avoid=avoid)
