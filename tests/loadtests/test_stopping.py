"""A run that is told to end tells all that it has seen, says why, and leaves nobody behind."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.loadtests.accidents import World
from tests.loadtests.gates import (
    RATE,
    REPORTS,
    SECONDS,
    Ended,
    arguments,
    finish,
    started,
    undisturbed,
)
from tests.loadtests.pretend import LOG_IN, Pretended, pretending
from tests.loadtests.processes import alive, descendants
from tests.loadtests.scraping import scraping, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

LONG = ("--seconds", "120")


@dataclass(frozen=True, slots=True)
class Stopped:
    """When a run is told to end, and by which signals."""

    name: str
    until: Callable[[World, Path], None]
    signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)
    options: tuple[str, ...] = LONG
    before: Callable[[Pretended], None] = lambda _: None


def let_nobody_log_in(server: Pretended) -> None:
    server.silent.add(LOG_IN)


def fail_swipes(server: Pretended) -> None:
    server.statuses[b"/api/swipes"] = 500


def until_load(world: World, _: Path) -> None:
    world.sent(2 * RATE)


def until_somebody_wants_in(world: World, out: Path) -> None:
    # Connected, and waiting for an answer.
    wait_for((out / "plan.json").exists, "preparing")
    wait_for(lambda: len(world.server.open) >= 2, "connected")


def until_confirmation(world: World, out: Path) -> None:
    plan = out / "confirmation" / "plan.json"
    # A machine that others keep busy makes no failure that would be confirmed.
    wait_for(lambda: plan.exists() or world.process.poll() is not None, "confirming")
    if plan.exists():
        world.sent(RATE)


def until_read_back(world: World, out: Path) -> None:
    world.sent(RATE)
    world.prometheus.pause()
    wait_for((out / "load.json").exists, "measured")


STOPS = (
    Stopped("load", until_load),
    Stopped("load, twice", until_load, (signal.SIGINT, signal.SIGTERM)),
    Stopped("preparation", until_somebody_wants_in, before=let_nobody_log_in),
    Stopped("confirmation", until_confirmation, options=(), before=fail_swipes),
    Stopped("reading back", until_read_back, options=()),
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Ended]]]:
    """Begin all of them; they mostly wait."""
    with ThreadPoolExecutor() as pool:
        yield {
            one.name: pool.submit(
                undisturbed, tmp_path_factory.mktemp("run"), partial(stopped, one=one)
            )
            for one in STOPS
        }


def stopped(folder: Path, one: Stopped) -> Ended:
    with pretending() as api, scraping(folder, api.port) as prometheus:
        one.before(api)
        prometheus.wait()
        words = arguments(folder, api=api.url, prometheus=prometheus.url)
        with started("run", *words, *one.options) as process:
            one.until(World(api, prometheus, process), folder / "out")
            left = descendants(process.pid) if process.poll() is None else []
            for number in one.signals:
                process.send_signal(number)
            ended = finish(process, folder)
            assert [pid for pid in left if alive(pid)] == []
            return ended


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_a_stopped_run_is_undecided_and_reports(
    stop: Stopped, runs: dict[str, Future[Ended]]
) -> None:
    ended = runs[stop.name].result()
    assert ended.code == 3, ended.said
    assert all((ended.out / name).is_file() for name in REPORTS)
    assert ended.report["decision"] == "undecided"
    assert f"the run was stopped by {stop.signals[0].name}" in " ".join(ended.report["reasons"])
    assert "verdict: undecided" in ended.said
    assert "Traceback" not in ended.said


def test_what_was_sent_until_then_is_told(runs: dict[str, Future[Ended]]) -> None:
    first = {name: run.result().report["attempts"][0]["load"] for name, run in runs.items()}
    assert 2 * RATE <= first["load"]["sent"] < first["load"]["planned"]
    assert first["preparation"]["sent"] == 0
    assert first["confirmation"]["sent"] == first["reading back"]["sent"] == RATE * SECONDS


def test_once_there_is_a_verdict_no_signal_takes_it_away(tmp_path: Path) -> None:
    with pretending() as api, scraping(tmp_path, api.port) as prometheus, ExitStack() as stack:
        grafana = stack.enter_context(pretending())
        grafana.silent.add(b"/api/annotations")
        prometheus.wait()
        words = arguments(tmp_path, api=api.url, prometheus=prometheus.url)
        options = ("--once", "--grafana-url", grafana.url)
        process = stack.enter_context(started("run", *words, *options))
        wait_for(lambda: bool(grafana.open), "told to Grafana")
        process.send_signal(signal.SIGTERM)
        grafana.end()
        ended = finish(process, tmp_path)
    # Of a machine that others keep busy the verdict may be another, and stays that.
    assert ended.code == ended.report["exit_code"]
    assert f"verdict: {ended.report['decision']}" in ended.said
    assert "stopped" not in ended.said


def test_a_run_that_is_killed_leaves_no_load_behind(tmp_path: Path) -> None:
    with pretending() as api, scraping(tmp_path, api.port) as prometheus:
        prometheus.wait()
        words = arguments(tmp_path, api=api.url, prometheus=prometheus.url)
        with started("run", *words, *LONG, "--processes", "2") as process:
            World(api, prometheus, process).sent(RATE)
            left = descendants(process.pid)
            assert len(left) == 3
            process.kill()
            wait_for(lambda: not any(map(alive, left)), "ended")
            finish(process, tmp_path)
