"""A load while it is sent, in a real Prometheus that scrapes it as it is configured to."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from alerts.load_generator import (
    CPU,
    DROPPED,
    FAILED,
    LAG,
    LATENCY,
    LOAD,
    METRICS,
    PLANNED_RATE,
    SENT,
    SESSIONS,
)
from app.local.monitoring import TARGETS, Places, prepare_prometheus, write_prometheus_folder
from app.local.ports import HOST
from app.local.tools import find_tool
from loadtests.arrivals.schedule import Schedule, Step
from loadtests.generator import generate
from loadtests.load import merged
from loadtests.plan import Closed, LoadOptions, LoadPlan
from loadtests.stack import name_target
from slo.prometheus import Prometheus
from tests.compose.running import running
from tests.dashboards.asked import chosen
from tests.loadtests.gates import ROOT
from tests.loadtests.pretend import Pretended, pretending
from tests.loadtests.scraping import wait_for
from tests.ports import find_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loadtests.load import Answers, Load
    from loadtests.recording import Progress

TOOLS = ROOT / ".tools"
STEPS = (Step("warm-up", 20, 2, 60, warm_up=True), Step("load", 60, 3), Step("high", 120, 3))
DECK = b"/api/deck"
UP = f'up{{job="{LOAD}"}}'
BOARD = ROOT / "dashboards" / "generated" / "load-test.json"


@pytest.fixture(scope="module")
def server() -> Iterator[Pretended]:
    with pretending() as found:
        yield found


@contextmanager
def scraping(folder: Path, port: int) -> Iterator[Prometheus]:
    """Scrape a load at this port every 500 ms, as the generated configuration says."""
    places = Places("http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1")
    config = write_prometheus_folder(
        ROOT / "alerts" / "generated", folder / "prometheus", {LOAD: []}, places, "500ms"
    )
    tool, mine = find_tool("prometheus", TOOLS, print), find_port()
    service = prepare_prometheus(tool, config, folder / "data", mine)
    with running(folder, service), Prometheus(f"http://{HOST}:{mine}") as prometheus:
        # As a rehearsal does, while Prometheus runs; it takes up new ones every five seconds.
        name_target(config.parent / TARGETS, LOAD, port)
        wait_for(lambda: prometheus.vector(UP), "a target")
        yield prometheus


def options(
    server: Pretended, folder: Path, port: int | None, sessions: int = 20, processes: int = 1
) -> LoadOptions:
    accounts = folder / "accounts.txt"
    accounts.write_text("".join(f"a{n}@example.org\n" for n in range(sessions)))
    plan = LoadPlan("swipe-hot-path", Schedule(STEPS), sessions)
    return LoadOptions(server.url, plan, accounts, "secret", folder, processes, port)


def quiet(_: Progress) -> None:
    pass


def send(asked: LoadOptions) -> Load:
    return generate(asked, lambda: None, quiet)


class Seen:
    """A load of two processes, and the Prometheus that has scraped it."""

    def __init__(self, prometheus: Prometheus, load: Load) -> None:
        self.prometheus = prometheus
        self.load = load

    def last(self, metric: str, *by: str) -> dict[tuple[str, ...], float]:
        """Read the last values of a metric, added up by labels, after the load has gone."""
        query = f"sum by ({', '.join(by)}) (last_over_time({metric}[5m]))"
        found = self.prometheus.vector(query).items()
        return {
            tuple(dict(labels).get(name, "") for name in by): float(value)
            for labels, value in found
        }


@pytest.fixture(scope="module")
def seen(server: Pretended, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder, port = tmp_path_factory.mktemp("live"), find_port()
    server.statuses[DECK] = 503
    # Now and then a request takes so long that another edge is passed.
    server.stall_after, server.stall_for = 3.0, 0.4
    with scraping(folder, port) as prometheus:
        load = send(options(server, folder, port, processes=2))
        assert load.problems == []
        yield Seen(prometheus, load)


def test_counters_end_at_exactly_what_the_load_was(seen: Seen) -> None:
    steps = seen.load.steps
    assert seen.last(SENT.name, "step") == {(s.name,): s.sent for s in steps}
    assert seen.last(DROPPED.name, "step") == {(s.name,): s.dropped for s in steps}
    failed = {key: n for key, n in seen.last(FAILED.name, "step", "operation").items() if n}
    assert failed == {
        (step.name, name): answers.failed
        for step in steps
        for name, answers in step.operations.items()
        if answers.failed
    }
    assert failed
    counts = seen.last(f"{LATENCY.name}_count", "operation")
    answers = merged_operations(seen.load)
    assert {key[0]: n for key, n in counts.items() if n} == {
        name: found.total for name, found in answers.items()
    }
    assert seen.last(f"{LAG.name}_count") == {(): seen.load.lag.total}


def merged_operations(load: Load) -> dict[str, Answers]:
    names = {name for step in load.steps for name in step.operations}
    return {name: merged(s.answers(name) for s in load.steps) for name in names}


def test_a_bucket_counts_the_answers_within_its_edge_and_none_that_failed(seen: Seen) -> None:
    answers = merged(step.answers() for step in seen.load.steps)
    for edge in (0.005, 0.15, 0.3, 60.0):
        (counted,) = seen.last(f'{LATENCY.name}_bucket{{le="{edge}"}}').values()
        surely, unsure = answers.good.below(edge)
        assert surely <= counted <= surely + unsure
        assert counted < answers.total


def test_what_is_planned_and_what_is_achieved_can_be_seen_step_by_step(seen: Seen) -> None:
    load = seen.load
    every = timedelta(milliseconds=500)
    planned = {
        series.labels["step"]: [value for _, value in series.points]
        for series in seen.prometheus.range(PLANNED_RATE.name, load.started, load.load_ended, every)
    }
    assert set(planned) == {"warm-up", "load", "high"}
    assert set(planned["load"]) == {0.0, 60.0}
    assert set(planned["high"]) == {0.0, 120.0}
    assert 20 <= max(planned["warm-up"]) <= 60
    sessions = seen.last(SESSIONS.name, "state")
    assert sessions == {("preparing",): 0, ("idle",): 0, ("busy",): 0}
    assert set(seen.last(CPU.name, "process")) == {("0",), ("1",)}


@pytest.mark.parametrize(
    "panel",
    [
        panel
        for panel in json.loads(BOARD.read_text())["panels"]
        if any("petswipe_load_live" in target["expr"] for target in panel.get("targets", ()))
    ],
    ids=lambda panel: panel["title"],
)
def test_a_panel_of_the_dashboard_draws_the_load(seen: Seen, panel: dict[str, object]) -> None:
    for target in panel["targets"]:  # type: ignore[attr-defined]  # JSON
        query = chosen(target["expr"])
        middle = seen.load.load_started + timedelta(seconds=7)
        drawn = seen.prometheus.range(query, middle, middle, timedelta(seconds=1))
        assert drawn, query
        named = re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
        assert all(set(named) <= set(series.labels) for series in drawn)


def test_nobody_is_told_that_no_load_is_sent(seen: Seen) -> None:
    wait_for(lambda: list(seen.prometheus.vector(UP).values()) == ["0"], "down")
    named = rf'job="{LOAD}"'
    assert seen.prometheus.vector(f"ALERTS{{{named}}}") == {}
    assert seen.prometheus.vector(f"instance:scrape:up{{{named}}}") == {}


def test_a_taken_port_is_a_line_in_the_log_and_no_other_load(
    server: Pretended, tmp_path: Path
) -> None:
    with ExitStack() as held:
        taken = held.enter_context(socket.socket())
        taken.bind((HOST, 0))
        taken.listen()
        asked = options(server, tmp_path, taken.getsockname()[1])
        load = send(asked)
    assert load.problems == []
    assert load.sent == load.planned
    log = (tmp_path / "logs" / "locust.log").read_text()
    assert log.count("Prometheus is told nothing") == 1


def test_what_is_exposed_passes_promtools_lint_and_needs_no_plan(
    server: Pretended, tmp_path: Path
) -> None:
    port, pages = find_port(), []

    def look() -> None:
        try:
            pages.append(httpx.get(f"http://{HOST}:{port}/metrics", trust_env=False).text)
        except httpx.TransportError:
            return

    asked = options(server, tmp_path, port)
    plan = LoadPlan("swipe-hot-path", Closed(2.0), 20)
    assert asked.accounts is not None
    generate(
        LoadOptions(server.url, plan, asked.accounts, "secret", tmp_path, 1, port), look, quiet
    )
    shown = set(re.findall(r"^# TYPE (\S+)", pages[-1], re.MULTILINE))
    assert shown == {metric.name for metric in METRICS} - {PLANNED_RATE.name}
    done = lint(pages[-1])
    assert done == ""


def lint(page: str) -> str:
    tool = find_tool("promtool", TOOLS, print)
    done = subprocess.run(
        [tool.path, "check", "metrics"],
        input=page,
        cwd=tool.cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr
