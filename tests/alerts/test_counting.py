"""Signals of windows: the example of each, played by promtool, gives the values asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import promql_parser
import pytest

from alerts.counting import Busy, Changes, Increase, Quantile, Rate, Ratio
from app.telemetry.model import Kind, Label, Metric
from slo.promql import Matcher, Selector
from tests.alerts.played import Play, course, mistakes, takes

if TYPE_CHECKING:
    from alerts.aggregation import Aggregation

FIVE_MINUTES = timedelta(minutes=5)
QUARTER = timedelta(minutes=15)
ONE = ("job", "instance")
READ = Metric(
    "reads_total", Kind.COUNTER, "Reads.", "", (Label("result", ("hit", "miss", "error")),)
)
LOST = Metric("lost_total", Kind.COUNTER, "Reads that nobody saw.", "")
TIME = Metric("read_seconds", Kind.HISTOGRAM, "Reads.", "seconds", buckets=(0.1, 0.5, 1.0, 5.0))
SPENT = Metric(
    "cpu_seconds_total",
    Kind.COUNTER,
    "Time of the cores.",
    "seconds",
    (Label("cpu", bound="cores"), Label("mode", ("idle", "iowait", "user"))),
)
BEGAN = Metric("began_seconds", Kind.GAUGE, "When it began.", "seconds")

READS = Selector(READ, "reads_total", ())
FAILED = READS.where(Matcher("result", "=", "error"))
BUCKETS = Selector(TIME, "read_seconds_bucket", ())
ERRORS = Ratio(FAILED, READS, FIVE_MINUTES)
LOSSES = Ratio(Selector(LOST, "lost_total", ()), READS, FIVE_MINUTES)
P90 = Quantile(BUCKETS, 0.9, FIVE_MINUTES)
NUMBER = Increase(READS, QUARTER)
SPEED = Rate(READS, FIVE_MINUTES)
RESTARTS = Changes(Selector(BEGAN, "began_seconds", ()), QUARTER)
CORES = Selector(SPENT, "cpu_seconds_total", ())
RESTARTED = RESTARTS.expression()
USED = Busy(
    CORES.where(Matcher("mode", "=~", "idle|iowait")),
    CORES.where(Matcher("mode", "=", "idle")),
    FIVE_MINUTES,
)
EACH: tuple[Aggregation, ...] = (ERRORS, LOSSES, P90, NUMBER, SPEED, RESTARTS, USED)

HIT = 'reads_total{result="hit",job="a",instance="a:1"}'
ERROR = 'reads_total{result="error",job="a",instance="a:1"}'
CORE = 'cpu_seconds_total{job="a",instance="a:1"'
TAKEN = (
    takes("a share of one counter", ERRORS, 0.0, 0.05, 1.0, 0.001, None, 0.5),
    takes("a share of another counter", LOSSES, 0.25, 0.0, None, 0.999),
    takes("a share of each instance", Ratio(FAILED, READS, FIVE_MINUTES, ONE), 0.3, 0.0),
    takes("a quantile in its bucket", P90, 0.4, 0.2, None, 0.75, 3.0),
    takes("a quantile on an edge", P90, 0.1, 0.5, 1.0),
    takes("a quantile of each instance", Quantile(BUCKETS, 0.99, FIVE_MINUTES, ONE), 0.7, 0.11),
    takes("a number of events", NUMBER, 0.0, 1.0, 1000.0, None, 2.5),
    takes("a great number of events", NUMBER, 3_000_000.0, 0.0, 5.0),
    takes("a rate", SPEED, 0.0, 0.05, 100.0, None, 3.0),
    takes("a rate of each instance", Rate(READS, FIVE_MINUTES, ONE), 0.5, 2.0),
    takes("no restart and a few", RESTARTS, 0.0, 1.0, None, 2.0),
    *(
        # Evenly spaced, a window holds so many or one more.
        replace(
            takes(f"{n} restarts", RESTARTS, n),
            expression=f"0 * ({RESTARTED} >= {n} <= {n + 1}) + {n}",
        )
        for n in (5, 6, 14, 59)
    ),
    takes("time that is not idle", USED, 0.0, 0.8, 1.0, None, 0.25),
)
PLAYED = (
    Play(
        "a ratio is 0 and not absent though nothing was ever bad",
        ERRORS.expression(),
        {HIT: "0+15x60"},
        {10: {'{job="a"}': 0.0}},
    ),
    Play(
        "a ratio is absent while nothing happens",
        ERRORS.expression(),
        {HIT: "0+15x60 900+0x60", ERROR: "0+5x60 300+0x60"},
        {10: {'{job="a"}': 0.25}, 25: {}},
    ),
    Play(
        "a ratio of two instances is that of all their events",
        ERRORS.expression(),
        {
            HIT: "0+90x60",
            ERROR: "0+10x60",
            'reads_total{result="error",job="a",instance="a:2"}': "0+300x60",
            'reads_total{result="hit",job="b",instance="b:1"}': "0+4x60",
            'reads_total{result="error",job="b",instance="b:1"}': "0+1x60",
        },
        {10: {'{job="a"}': 0.775, '{job="b"}': 0.2}},
    ),
    Play(
        "a quantile beyond the last edge is that edge",
        P90.expression(),
        {
            'read_seconds_bucket{job="a",le="5.0"}': "0+1x60",
            'read_seconds_bucket{job="a",le="+Inf"}': "0+10x60",
        },
        {10: {'{job="a"}': 5.0}},
    ),
    Play(
        "a quantile is absent while nothing is measured",
        f"{P90.expression()} >= 0",
        P90.example(course(None, minutes=20)),
        {10: {}},
    ),
    Play(
        "events of two instances are added up, over a restart too",
        NUMBER.expression(),
        {HIT: "0+1x60 0+1x60", 'reads_total{result="hit",job="a",instance="a:2"}': "0+3x121"},
        {25: {'{job="a"}': 239.0}},
    ),
    Play(
        "of two processes behind one address the one that restarts more is told of",
        RESTARTS.expression(),
        {
            'began_seconds{job="a",instance="a:1"}': "1+0x20 2+0x20 3+0x40",
            'began_seconds{job="a",instance="a:2"}': "1+0x81",
        },
        {14: {'{job="a",instance="a:1"}': 2.0, '{job="a",instance="a:2"}': 0.0}},
    ),
    Play(
        "a node is as busy as the mean of its cores, and does not work while a disk does",
        USED.expression(),
        {
            f'{CORE},cpu="0",mode="idle"}}': "0+9x60",
            f'{CORE},cpu="0",mode="iowait"}}': "0+6x60",
            f'{CORE},cpu="0",mode="user"}}': "0+0x60",
            f'{CORE},cpu="1",mode="idle"}}': "0+6x60",
            f'{CORE},cpu="1",mode="user"}}': "0+9x60",
        },
        {10: {'{job="a",instance="a:1"}': 0.3}},
    ),
)
WRONG = Play(
    "of two events one is bad", SPEED.expression(), {HIT: "0+15x60"}, {10: {'{job="a"}': 2}}
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Play everything once."""
    return mistakes(tmp_path_factory.mktemp("counting"), (*TAKEN, *PLAYED, WRONG))


@pytest.mark.parametrize("play", TAKEN, ids=lambda play: play.name)
def test_an_example_takes_the_values_of_its_course(play: Play, said: dict[str, str]) -> None:
    assert said.get(play.name) is None


@pytest.mark.parametrize("play", PLAYED, ids=lambda play: play.name)
def test_a_signal_of_a_window_has_its_value(play: Play, said: dict[str, str]) -> None:
    assert said.get(play.name) is None


def test_a_value_that_is_another_is_noticed(said: dict[str, str]) -> None:
    assert "got:" in said[WRONG.name]
    assert said.keys() <= {play.name for play in (*TAKEN, *PLAYED, WRONG)}


@pytest.mark.parametrize("of", EACH, ids=lambda of: type(of).__name__)
def test_it_is_written_as_promql(of: Aggregation) -> None:
    promql_parser.parse(of.expression())


def test_changes_are_so_far_apart_that_each_window_holds_as_many() -> None:
    step = timedelta(seconds=15)
    assert RESTARTS.period(5, step) == timedelta(seconds=165)
    assert RESTARTS.period(59, step) == step
    assert RESTARTS.period(0, step) > timedelta(days=1)
