"""Two versions that a real Prometheus scrapes, and a receiver that shifts their traffic."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from app.local.monitoring import prepare_prometheus
from app.local.ports import HOST
from app.local.probes import answers
from app.local.supervisor import Service, Supervisor
from app.local.tools import find_tool
from app.stop import Stop
from tests.ports import find_port
from tests.slo.canary.play import (
    CANARY,
    NAME,
    STABLE,
    Door,
    Receiver,
    Stage,
    Version,
    passing,
    scrape_config,
    serving,
    showing,
    taking,
)
from tests.slo.canary.walks import ROOT, Start, Walk, Walking, command, run, whole
from tests.slo.conftest import PATIENCE_SECONDS, TOOLS, openmetrics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.slo.conftest import History, Serve


@pytest.fixture(scope="session")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Scrape both versions five times a second; Prometheus takes 5 s to find its first target."""
    folder = tmp_path_factory.mktemp("canary")
    found = Stage(f"http://{HOST}:{find_port()}", Version(), Version())
    shown = {"2.0": found.canary, "1.9": found.stable}
    servers = {name: serving(showing(version)) for name, version in shown.items()}
    supervisor = Supervisor(folder, Stop())
    try:
        config = scrape_config(folder, {n: s.server_address[1] for n, s in servers.items()})
        tool = find_tool("prometheus", TOOLS, print)
        service = prepare_prometheus(tool, config, folder / "data", int(found.url.split(":")[2]))
        supervisor.start(replace(service, ready_seconds=PATIENCE_SECONDS))
        yield found
    finally:
        supervisor.stop_all()
        for server in servers.values():
            server.shutdown()
            server.server_close()


@pytest.fixture
def stage(scraped: Stage) -> Stage:
    """Begin with two healthy versions that are both known."""
    for version in (scraped.canary, scraped.stable):
        version.heal()
    for population in (CANARY, STABLE):
        # NaN is not even equal to itself.
        series = f"{NAME}_count{{{population}}}"
        scraped.wait(f"{series} == {series}")
    return scraped


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Return a function that serves history from VictoriaMetrics."""
    folder = tmp_path_factory.mktemp("victoria")
    supervisor = Supervisor(folder, Stop())
    tool = find_tool("victoria-metrics", TOOLS, print)

    def serve_history(history: History) -> str:
        port = find_port()
        command = [
            str(tool.path),
            f"-storageDataPath={folder / 'data'}",
            f"-httpListenAddr={HOST}:{port}",
            "-retentionPeriod=10y",
        ]
        service = Service("victoria-metrics", command, answers(port, "/health"), cwd=tool.cwd)
        supervisor.start(replace(service, ready_seconds=PATIENCE_SECONDS))
        url = f"http://{HOST}:{port}"
        # OpenMetrics has seconds where this server wants milliseconds.
        parts = [line.rsplit(" ", 1) for line in openmetrics(history).splitlines()[:-1]]
        body = "\n".join(f"{head} {round(float(moment) * 1000)}" for head, moment in parts)
        httpx.post(f"{url}/api/v1/import/prometheus", content=body).raise_for_status()
        httpx.get(f"{url}/internal/force_flush").raise_for_status()
        return url

    try:
        yield serve_history
    finally:
        supervisor.stop_all()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver("")

    server = serving(taking(found))
    found.url = f"http://{HOST}:{server.server_address[1]}/hook?token=of-the-hook"
    yield found
    found.answering.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def walk(stage: Stage, receiver: Receiver, tmp_path: Path) -> Walk:
    """Walk in steps of a second."""
    return lambda *further: run(stage.url, *whole(receiver, tmp_path), *further)


@pytest.fixture
def start(stage: Stage, receiver: Receiver, tmp_path: Path) -> Iterator[Start]:
    """Begin a walk like `walk`, and return while it is under way."""
    begun: list[Walking] = []

    def begin(*further: str) -> Walking:
        out = tmp_path / "out"
        with out.open("w") as sink:
            process = subprocess.Popen(
                command(stage.url, *whole(receiver, tmp_path), *further),
                cwd=ROOT,
                stdout=sink,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
        begun.append(Walking(process, out, tmp_path / "state.json"))
        return begun[-1]

    yield begin
    for walking in begun:
        if walking.process.poll() is None:
            walking.process.kill()
            walking.end()


@pytest.fixture
def door(stage: Stage) -> Iterator[Door]:
    found = Door("")

    server = serving(passing(found, stage.url))
    found.url = f"http://{HOST}:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()
