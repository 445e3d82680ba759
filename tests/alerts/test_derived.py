"""Signals of recorded signals: promtool records the one, and reads the other off it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import promql_parser
import pytest

from alerts.counting import Rate
from alerts.derived import Average, Surge, Total
from alerts.levels import Level
from alerts.samples import Course, Stage
from app.telemetry.model import Kind, Metric
from slo.promql import Selector
from tests.alerts.played import SAMPLES, Play, mistakes, takes

if TYPE_CHECKING:
    from alerts.aggregation import Aggregation

HALF_HOUR, HOUR = timedelta(minutes=30), timedelta(hours=1)
HEAT = "instance:heat:level"
HEAT_NOW = Level(Selector(Metric("heat", Kind.GAUGE, "Heat.", ""), "heat", ()), ("job", "instance"))
TRIES = "job:tries:rate5m"
TRIES_NOW = Rate(
    Selector(Metric("tries_total", Kind.COUNTER, "Tries.", ""), "tries_total", ()),
    timedelta(minutes=5),
)
RECORDS = {HEAT: HEAT_NOW.expression(), TRIES: TRIES_NOW.expression()}

MEAN = Average(HEAT, HEAT_NOW, HALF_HOUR)
TENFOLD = Average(HEAT, HEAT_NOW, HALF_HOUR, Fraction(10))
WHOLE = Average(HEAT, HEAT_NOW, HALF_HOUR, Fraction("0.5"), whole=True)
EVENTS = Average(TRIES, TRIES_NOW, HALF_HOUR, Fraction(1800))
SPENT = Total(HEAT, HEAT_NOW, 6 * HOUR, Fraction(1, 100))
SURGE = Surge(TRIES, TRIES_NOW, 2 * HOUR, timedelta(minutes=10), 0.05)
EACH: tuple[Aggregation, ...] = (MEAN, TENFOLD, WHOLE, EVENTS, SPENT, SURGE)

ONE = '{job="a",instance="a:1"}'
TAKEN = (
    takes("a mean", MEAN, 0.0, 0.8, None, 0.1, 100.0),
    takes("a mean by a factor", TENFOLD, 2.5, 0.0, None, 0.7),
    takes("a mean of a whole window", WHOLE, 0.3, 0.0, 7.0),
    takes("events by the mean of their rate", EVENTS, 0.0, 1.0, 5000.0),
    takes("a total", SPENT, 0.0, 0.8, 1.0, None, 0.12),
)
PLAYED = (
    Play(
        "a mean is that of what was recorded",
        # Whether the first moment of a window belongs to it depends on the version.
        f"round({MEAN.expression()}, 0.1)",
        {f"heat{ONE}": "1x59 3x400"},
        {30: {ONE: 2.0}},
    ),
    Play(
        "a mean of less than its window is held back where it must be whole",
        WHOLE.expression(),
        {f"heat{ONE}": "8x200"},
        {29: {}, 31: {ONE: 4.0}},
    ),
    Play(
        "a mean is held back of what is gone, where it must be whole",
        WHOLE.expression(),
        {f"heat{ONE}": "8x200"},
        {49: {ONE: 4.0}, 57: {}},
    ),
    Play("another mean is not", MEAN.expression(), {f"heat{ONE}": "8x200"}, {57: {ONE: 8.0}}),
    Play(
        "hours of which nothing is known add nothing to a total",
        SPENT.expression(),
        {f"heat{ONE}": "10x719 _x2000"},
        {365: {ONE: 0.3}, 425: {ONE: 0.2}},
    ),
    Play(
        "a surge is so many times the least that counts, after a quiet day",
        SURGE.expression(),
        SURGE.example(Course((Stage(0, 150), Stage(5.5, 11), Stage(0, 60)), SAMPLES)),
        {149: {'{job="test"}': 0.0}, 157: {'{job="test"}': 5.5}, 180: {'{job="test"}': 0.0}},
    ),
    Play(
        "what has been so for a day is no surge",
        SURGE.expression(),
        {'tries_total{job="a"}': "0+15x1000"},
        {240: {'{job="a"}': 1.0}},
    ),
    Play(
        "twice a busy day is twice as much",
        SURGE.expression(),
        {'tries_total{job="a"}': "0+15x800 12030+30x100"},
        {209: {'{job="a"}': 2.0}},
    ),
    Play(
        "a service without a past is measured by the least that counts",
        SURGE.expression(),
        {'tries_total{job="a"}': "0+15x100"},
        {8: {'{job="a"}': 20.0}},
    ),
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Play everything once."""
    plays = (replace(play, records=RECORDS) for play in (*TAKEN, *PLAYED))
    return mistakes(tmp_path_factory.mktemp("derived"), plays)


@pytest.mark.parametrize("play", TAKEN, ids=lambda play: play.name)
def test_an_example_takes_the_values_of_its_course(play: Play, said: dict[str, str]) -> None:
    assert said.get(play.name) is None


@pytest.mark.parametrize("play", PLAYED, ids=lambda play: play.name)
def test_a_signal_of_another_has_its_value(play: Play, said: dict[str, str]) -> None:
    assert said.get(play.name) is None


@pytest.mark.parametrize("of", EACH, ids=lambda of: type(of).__name__)
def test_it_reads_what_is_recorded_and_nothing_else(of: Average | Total | Surge) -> None:
    text = of.expression()
    promql_parser.parse(text)
    assert of.record in text
    assert "tries_total" not in text
    assert "heat{" not in text
    assert of.labels == of.of.labels
