"""Signals of now: the example of each, played by promtool, gives the values asked for."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import promql_parser
import pytest

from alerts.exporters import UP
from alerts.levels import (
    Alive,
    Always,
    Answering,
    Elapsed,
    Level,
    Missing,
    Part,
    Spent,
    Taken,
)
from app.telemetry.model import Kind, Label, Metric
from slo.promql import Matcher, Selector
from tests.alerts.played import LOOKBACK_MINUTES, Play, course, mistakes, takes

if TYPE_CHECKING:
    from alerts.aggregation import Aggregation

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONE = ("job", "instance")


def gauge(name: str, *labels: str) -> Selector:
    """Select all series of a gauge of its own."""
    found = tuple(Label(label, bound="whatever there is") for label in labels)
    return Selector(Metric(name, Kind.GAUGE, "A gauge.", "", found), name, ())


def up(job: str) -> Selector:
    """Select the targets of a job."""
    return Selector(UP, "up", (Matcher("job", "=", job),))


WAITING = gauge("waiting")
ANSWERING = Answering(gauge("server_up"), Selector(UP, "up", ()))
SESSIONS = Part(gauge("sessions", "state"), gauge("sessions_max"))
DISK = Taken(gauge("free", "disk"), gauge("size", "disk"), (*ONE, "disk"))
WORKERS = Alive(up("web"), "web")
GONE = Missing((up("web"), up("db")))
AGE = Elapsed(gauge("backup"), HOUR, ("job",))
LEFT = Elapsed(gauge("expiry"), DAY, ahead=True)
PRICES = {"web": Fraction("0.05"), "db": Fraction(1, 4)}
BY_JOB, IN_ALL = (Spent(Selector(UP, "up", ()), PRICES, level) for level in ("job", "service"))
EACH: tuple[Aggregation, ...] = (
    *(Level(WAITING, ONE, operation) for operation in ("max", "min", "sum")),
    *(ANSWERING, SESSIONS, DISK, WORKERS, GONE, AGE, LEFT, BY_JOB, IN_ALL, Always()),
)

WEB = '{job="web"}'
A_DISK = '{job="test",instance="test:1",disk="any"}'
TAKEN = (
    takes("the greatest of a gauge", Level(WAITING), 0.0, 100.0, None, 0.5, 123_456.0, -3.0),
    takes("the least of a gauge", Level(WAITING, ONE, "min"), 1.0, 0.0, None, 1.0),
    takes("the sum of a gauge", Level(WAITING, ("job",), "sum"), 1.0, None, 7.25),
    takes("a server that answers, and does not", ANSWERING, 1.0, 0.0, 1.0),
    takes("the used part of a limit", SESSIONS, 0.0, 0.8, 1.0, None, 0.001, 1.5),
    takes("what is not free", DISK, 0.0, 0.85, 1.0, None, 0.001, at=A_DISK),
    takes("targets that answer", WORKERS, 0.0, 1.0, 3.0, at=WEB),
    takes("hours since", AGE, 0.0, 26.0, None, 0.5, 1000.0),
    takes("days until, and since when", LEFT, 14.0, 0.0, None, -1.5, 0.25, 365.0),
    takes("dollars by job", BY_JOB, 0.0, 0.05, 0.15, None, at=WEB),
    takes("dollars in all", IN_ALL, 0.1, 0.0, None, at="{}"),
    takes("always", Always(), 1.0, 1.0, at="{}"),
)
TWO = {'waiting{job="web",instance="a"}': "7x40", 'waiting{job="web",instance="b"}': "7x40"}
PLAYED = (
    Play(
        "what two dispatchers show of one queue counts once",
        Level(WAITING).expression(),
        TWO,
        {5: {WEB: 7.0}},
    ),
    Play(
        "what two processes have of their own is added up",
        Level(WAITING, ("job",), "sum").expression(),
        TWO,
        {5: {WEB: 14.0}},
    ),
    Play(
        "a server does not answer while its exporter waits for it in vain",
        ANSWERING.expression(),
        {
            'server_up{job="db",instance="a"}': "1x20 _x40",
            'up{job="db",instance="a"}': "1x20 0x40",
            'server_up{job="db",instance="b"}': "1x60",
            'up{job="db",instance="b"}': "1x60",
        },
        {12: {'{job="db",instance="a"}': 0.0, '{job="db",instance="b"}': 1.0}},
    ),
    Play(
        "sessions of all states count by one limit, and without a limit there is no share",
        SESSIONS.expression(),
        {
            'sessions{job="db",instance="a",state="idle"}': "30x40",
            'sessions{job="db",instance="a",state="active"}': "50x40",
            'sessions_max{job="db",instance="a"}': "100x40",
            'sessions{job="db",instance="b",state="active"}': "50x40",
            'sessions_max{job="db",instance="b"}': "0x40",
        },
        {5: {'{job="db",instance="a"}': 0.8}},
    ),
    Play(
        "a job without a target has none that answers",
        WORKERS.expression(),
        {'up{job="db",instance="a"}': "1x40"},
        {5: {WEB: 0.0}},
    ),
    Play(
        "of three targets of a job two answer",
        WORKERS.expression(),
        {
            'up{job="web",instance="a"}': "1x40",
            'up{job="web",instance="b"}': "0x40",
            'up{job="web",instance="c"}': "1x40",
        },
        {5: {WEB: 2.0}},
    ),
    Play(
        "the last of some series goes, comes back, and goes",
        GONE.expression(),
        GONE.example(course(0, 1, 0, 1, minutes=LOOKBACK_MINUTES + 1)),
        {5: {}, 11: {'{job="db"}': 1.0}, 17: {}, 23: {'{job="db"}': 1.0}},
    ),
    Play(
        "each of some series is missed by itself",
        GONE.expression(),
        {'up{job="other",instance="a"}': "1x40"},
        {5: {WEB: 1.0, '{job="db"}': 1.0}},
    ),
    Play(
        "a target that does not answer is not missing",
        GONE.expression(),
        {'up{job="web",instance="a"}': "0x40", 'up{job="db",instance="a"}': "0x40"},
        {5: {}},
    ),
    Play(
        "of two backups the later counts",
        AGE.expression(),
        {'backup{job="web",instance="a"}': "0x60", 'backup{job="web",instance="b"}': "300x60"},
        {10: {WEB: 0.083333}},
    ),
    Play(
        "of two certificates the first to end counts",
        Elapsed(gauge("expiry"), HOUR, ("job",), ahead=True).expression(),
        {
            'expiry{job="web",instance="a"}': "86400x60",
            'expiry{job="web",instance="b"}': "7800x60",
        },
        {10: {WEB: 2.0}},
    ),
    *(
        Play(
            f"each job costs its own price, told by {level}",
            spent.expression(),
            {
                'up{job="web",instance="a"}': "1x40",
                'up{job="web",instance="b"}': "1x40",
                'up{job="db",instance="a"}': "1x40",
                'up{job="node",instance="a"}': "1x40",
            },
            {5: given},
        )
        for level, spent, given in (
            ("job", BY_JOB, {WEB: 0.1, '{job="db"}': 0.25}),
            ("service", IN_ALL, {"{}": 0.35}),
        )
    ),
)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Play everything once."""
    return mistakes(tmp_path_factory.mktemp("levels"), (*TAKEN, *PLAYED))


@pytest.mark.parametrize("play", TAKEN, ids=lambda play: play.name)
def test_an_example_takes_the_values_of_its_course(play: Play, said: dict[str, str]) -> None:
    assert said.get(play.name) is None


@pytest.mark.parametrize("play", PLAYED, ids=lambda play: play.name)
def test_a_signal_of_now_has_its_value(play: Play, said: dict[str, str]) -> None:
    assert said.get(play.name) is None


@pytest.mark.parametrize("of", EACH, ids=lambda of: type(of).__name__)
def test_it_is_promql_that_looks_at_no_window(of: Aggregation) -> None:
    promql_parser.parse(of.expression())
    assert "[" not in of.expression()
    assert not of.window


def test_what_is_always_so_needs_no_series() -> None:
    assert Always().example(course(1.0, minutes=5)) == {}
