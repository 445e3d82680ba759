from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loadtests.bench.machine import choose_cores, cpu_seconds, pin, pinned

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
BURN = """
import sys, threading, time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
"""
SECONDS = 0.3
# What starting Python takes of a busy machine, and its own work between the readings.
SLACK = 0.2


@pytest.fixture
def start() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        # Its children too, which hold its pipes.
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def run(started: list[subprocess.Popen[bytes]], work: str) -> subprocess.Popen[bytes]:
    """Start a program that burns what `work` says when it gets a line, and then prints one."""
    code = f"{BURN}\nprint(flush=True); sys.stdin.readline()\n{work}\nprint(flush=True)"
    code += "\nsys.stdin.readline()"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    started.append(process)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def burned(process: subprocess.Popen[bytes]) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    before = cpu_seconds(process.pid)
    process.stdin.write(b"\n")
    process.stdin.flush()
    process.stdout.readline()
    return cpu_seconds(process.pid) - before


@pytest.mark.parametrize(
    "work",
    [
        f"burn({SECONDS})",
        f"thread = threading.Thread(target=burn, args=[{SECONDS}]); thread.start(); thread.join()",
        f"import os\nif os.fork() == 0: burn({SECONDS}); os._exit(0)\nos.wait()",
        f"import os\nif os.fork() == 0: burn({SECONDS}); print(flush=True)\ntime.sleep(60)",
    ],
    ids=["itself", "a thread that has ended", "a child that has ended", "a child that lives"],
)
def test_whatever_burns_cpu_for_a_process_counts(
    start: list[subprocess.Popen[bytes]], work: str
) -> None:
    assert SECONDS - 0.02 <= burned(run(start, work)) < SECONDS + SLACK


def test_waiting_costs_nothing(start: list[subprocess.Popen[bytes]]) -> None:
    assert burned(run(start, f"time.sleep({SECONDS})")) < SECONDS / 3


def test_a_process_that_has_ended_is_an_error() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(ProcessLookupError):
        cpu_seconds(process.pid)


def test_the_server_is_alone_on_its_core_where_there_are_two() -> None:
    cores = choose_cores()
    assert cores.apart == (len(os.sched_getaffinity(0)) > 1)
    assert len(cores.server) == 1


def test_what_is_started_and_what_runs_stays_on_its_cores(
    start: list[subprocess.Popen[bytes]],
) -> None:
    cores, all_cores = choose_cores(), os.sched_getaffinity(0)
    with pinned(cores.others):
        process = run(start, "")
    assert os.sched_getaffinity(0) == all_cores
    assert os.sched_getaffinity(process.pid) == cores.others
    pin(process.pid, cores.server)
    assert os.sched_getaffinity(process.pid) == cores.server


def test_without_linux_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(Exception, match="measure on Linux"):
        choose_cores()
