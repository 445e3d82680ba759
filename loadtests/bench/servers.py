"""Servers to measure: each a process on a core of its own, its telemetry going to a sink."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.telemetry.catalog import HEALTH_STARTUP
from loadtests.bench.machine import cpu_seconds, pin, pinned
from loadtests.errors import InvalidRun, LoadTestError
from loadtests.stack import ROOT
from slo.ports import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from loadtests.bench.machine import Cores

START_SECONDS = 60
STOP_SECONDS = 30
# Spans leave every five seconds; a batch that failed leaves again.
TELL_SECONDS = 30
LOOK_EVERY_SECONDS = 0.1
PROBE_SECONDS = 2.0
SINK = (sys.executable, "-m", "loadtests.bench.sink")
# A proxy from the environment must never see traffic to our own children.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the things that are compared: a server that differs from the others in this alone.

    `{port}` and `{management}` in its command, and `{sink}` in its environment, are filled in.
    """

    name: str
    about: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    # Whether it must have told of every request, or the measurement is void.
    tells: bool = True
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Running:
    """A variant that answers requests."""

    variant: Variant
    port: int
    process: subprocess.Popen[bytes]
    sink: str
    log: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    def cpu_seconds(self) -> float:
        """Return the CPU time that it has used so far; raises InvalidRun when it has ended."""
        if self.process.poll() is not None:
            raise InvalidRun(f"the server {self.variant.name} has ended; its log is {self.log}")
        return cpu_seconds(self.process.pid)

    def wait_told(self, trace_id: str) -> None:
        """Return once it has told of a trace, and so of all before it, in a span and a line.

        Raises InvalidRun when it does not. A variant that tells nothing has nothing left to do.
        """
        deadline = time.monotonic() + TELL_SECONDS
        while self.variant.tells:
            try:
                with _open(f"{self.sink}/{trace_id}", timeout=PROBE_SECONDS) as answer:
                    told: dict[str, bool] = json.load(answer)
            except OSError as error:
                # Its sink ends with it.
                raise InvalidRun(f"{self.variant.name} has ended: its log is {self.log}") from error
            if all(told.values()):
                return
            if time.monotonic() > deadline:
                raise InvalidRun(
                    f"{self.variant.name} has not told of a request in {TELL_SECONDS} s: {told}"
                )
            time.sleep(LOOK_EVERY_SECONDS)


@contextmanager
def serving(
    variants: Sequence[Variant], environment: Mapping[str, str], cores: Cores, logs: Path
) -> Iterator[list[Running]]:
    """Run variants until the block ends; raises LoadTestError when one does not come up.

    They start together wherever there is room, and then share the core that is measured.
    """
    with ExitStack() as cleanup:
        servers = [_start(variant, environment, cores, logs, cleanup) for variant in variants]
        for server in servers:
            _wait(server)
            pin(server.process.pid, cores.of(server.variant.workers))
        yield servers


def _start(
    variant: Variant, environment: Mapping[str, str], cores: Cores, logs: Path, cleanup: ExitStack
) -> Running:
    log = logs / f"{variant.name}.log"
    out = cleanup.enter_context(log.open("ab"))
    with pinned(cores.others):
        sink = subprocess.Popen(  # noqa: S603  # our own command
            SINK, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out
        )
    cleanup.callback(_stop, sink)
    assert sink.stdin is not None and sink.stdout is not None  # noqa: S101, PT018  # pipes
    address = f"http://{HOST}:{int(sink.stdout.readline())}"
    # Every worker has a management port of its own, next to that of the one before.
    port = free_port(1 + variant.workers)
    management = port + 1
    command = [part.format(port=port, management=management) for part in variant.command]
    given = {name: value.format(sink=address) for name, value in variant.environment.items()}
    process = subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, **environment, **given},
        stdin=subprocess.DEVNULL,
        stdout=sink.stdin,
        stderr=out,
        start_new_session=True,  # Ctrl-C reaches the measurement, which stops it
    )
    # The sink ends with the last of whoever writes to it.
    sink.stdin.close()
    cleanup.callback(_stop, process)
    return Running(variant, port, process, address, log)


def _wait(running: Running) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(running.url + HEALTH_STARTUP.template):
        if running.process.poll() is not None or time.monotonic() > deadline:
            raise LoadTestError(
                f"the server {running.variant.name} did not start; its log is {running.log}"
            )
        time.sleep(LOOK_EVERY_SECONDS)


def _answers(url: str) -> bool:
    try:
        with _open(url, timeout=PROBE_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
