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


@pytest.mark.parametrize(
    ("usable", "server", "others", "spare", "of_two"),
    [
        ({0, 1}, {0}, {1}, set(), {0, 1}),
        ({4, 5, 6}, {4}, {5, 6}, set(), {4, 5, 6}),
        ({0, 1, 2, 3}, {0}, {2, 3}, {1}, {0, 1}),
    ],
)
def test_a_second_worker_has_a_core_of_its_own_where_there_are_four(
    usable: set[int],
    server: set[int],
    others: set[int],
    spare: set[int],
    of_two: set[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: usable)
    cores = choose_cores(spare=True)
    assert [set(cores.server), set(cores.others), set(cores.spare)] == [server, others, spare]
    assert cores.of(1) == server
    assert cores.of(2) == of_two
    assert not choose_cores().spare


def test_children_that_run_already_are_put_on_the_cores_too(
    start: list[subprocess.Popen[bytes]],
) -> None:
    process = run(start, "import os\nif os.fork() == 0: print(os.getpid(), flush=True)")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    child = int(next(line for line in process.stdout if line.strip()))
    cores = choose_cores()
    pin(process.pid, cores.server)
    assert os.sched_getaffinity(child) == cores.server


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


def test_children_that_end_while_they_are_counted_are_no_error() -> None:
    busy = "import os\nwhile True:\n    os.fork() or os._exit(0)\n    os.wait()"
    with subprocess.Popen([sys.executable, "-c", busy]) as process:
        try:
            found = [cpu_seconds(process.pid) for _ in range(300)]
        finally:
            process.kill()
    assert found[-1] > found[0]
