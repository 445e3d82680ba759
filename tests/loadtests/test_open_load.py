"""The open generator against real sockets: what was planned, what was sent, and how late."""

from __future__ import annotations

import os
import re
import signal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loadtests.arrivals.schedule import Schedule, Step
from loadtests.errors import InvalidRun, MisuseError, StoppedError
from loadtests.generator import generate
from loadtests.judging.validity import validity
from loadtests.load import Load, merged
from loadtests.plan import Closed, LoadOptions, LoadPlan
from tests.loadtests.pretend import Pretended, pretending

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.recording import Progress

SWIPE = "POST /api/swipes"


@pytest.fixture
def server() -> Iterator[Pretended]:
    with pretending() as found:
        yield found


def options(
    server: Pretended, folder: Path, *steps: Step, sessions: int = 20, processes: int = 1
) -> LoadOptions:
    accounts = folder / "accounts.txt"
    accounts.write_text("".join(f"a{n}@example.org\n" for n in range(sessions)))
    plan = LoadPlan("swipe-hot-path", Schedule(steps), sessions)
    return LoadOptions(server.url, plan, accounts, "secret", folder, processes)


def quiet(_: Progress) -> None:
    pass


def send(asked: LoadOptions) -> Load:
    return generate(asked, lambda: None, quiet)


def failed(load: Load) -> set[str]:
    return {check.id for check in validity(load) if not check.passed}


def test_a_stalled_server_is_not_forgiven(server: Pretended, tmp_path: Path) -> None:
    # 150 of 800 arrivals fall into the stall and wait for what is left of it: the slowest
    # twentieth, 40 requests, begins at 1.5 s less 40 of the 10 ms between two arrivals.
    server.stall_after, server.stall_for = 3.0, 1.5
    load = send(options(server, tmp_path, Step("steady", 100, 8), sessions=50))
    assert load.problems == []
    p95 = merged(load.steps[0].operations.values()).good.quantile(0.95)
    assert p95 == pytest.approx(1.1, rel=0.15)


def test_at_the_limit_of_a_server_all_that_was_planned_was_sent_or_dropped(
    server: Pretended, tmp_path: Path
) -> None:
    server.busy = 0.02
    load = send(options(server, tmp_path, Step("first", 200, 2), Step("second", 400, 3)))
    assert load.dropped > 0
    assert load.planned == load.sent + load.dropped == 1600
    assert [step.sent + step.dropped for step in load.steps] == [400, 1200]
    # What it says it has sent is what arrived.
    assert load.requests == sum(server.asked.values())
    assert {"dropped", "achieved"} <= failed(load)
    assert "conserved" not in failed(load)


def test_a_load_is_sent_as_planned_and_every_request_has_a_trace_and_an_address_of_its_own(
    server: Pretended, tmp_path: Path
) -> None:
    load = send(
        options(server, tmp_path, Step("warm-up", 20, 1, 50, warm_up=True), Step("load", 100, 2))
    )
    assert [step.planned for step in load.steps] == [step.sent for step in load.steps] == [35, 200]
    assert failed(load) - {"lag", "generator-cpu"} == set()
    sent = [headers for headers in server.headers if b"authorization" in headers]
    traces = [headers[b"traceparent"].decode() for headers in sent]
    assert len(sent) == load.sent == len(set(traces))
    assert all(re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", trace) for trace in traces)
    assert len({headers[b"x-forwarded-for"] for headers in server.headers}) == 20
    assert load.prepared["POST /api/auth/login"].statuses == {200: 20}
    known = {trace.split("-")[1] for trace in traces}
    assert load.slowest
    assert {slow.trace_id for slow in load.slowest} <= known
    assert all(one.seconds >= other.seconds for one, other in pairwise(load.slowest))


def test_two_processes_share_sessions_and_arrivals(server: Pretended, tmp_path: Path) -> None:
    load = send(options(server, tmp_path, Step("load", 100, 2), processes=2))
    assert load.problems == []
    assert load.planned == load.sent == 200
    assert sorted(worker.sent for worker in load.workers) == [100, 100]
    assert load.prepared["POST /api/auth/login"].statuses == {200: 20}
    assert load.lag.total == 200


def test_a_lost_process_makes_the_load_invalid(server: Pretended, tmp_path: Path) -> None:
    asked = options(server, tmp_path, Step("load", 50, 120), processes=2)
    killed: list[int] = []

    def kill_one(progress: Progress) -> None:
        if progress.phase == "load" and progress.requests and not killed:
            (master,) = (pid for pid in children(os.getpid()) if b"locust" in command(pid))
            killed.append(children(master)[0])
            os.kill(killed[0], signal.SIGKILL)

    load = generate(asked, lambda: None, kill_one)
    assert killed
    assert "1 of 2 generator processes were lost" in load.problems
    assert "workers" in failed(load)


def children(parent: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_load_that_is_ended_early_keeps_what_it_has_seen(
    server: Pretended, tmp_path: Path
) -> None:
    for processes in (1, 2):
        seen: list[int] = []

        def until_some(seen: list[int] = seen) -> None:
            if seen and seen[-1] > 20:
                raise StoppedError("the run was stopped by SIGTERM")

        def note(progress: Progress, seen: list[int] = seen) -> None:
            seen.append(progress.requests)

        asked = options(server, tmp_path, Step("load", 50, 120), processes=processes)
        load = generate(asked, until_some, note)
        assert load.problems[0] == "the run was stopped by SIGTERM"
        assert load.sent > 20
        assert load.sent < (load.planned or 0)
        assert {"whole", "conserved"} <= failed(load)


def test_a_load_that_is_ended_while_its_report_is_read_keeps_what_it_has_seen(
    server: Pretended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stops = ["the run was stopped by SIGTERM"]
    read = Path.read_text

    def read_and_stop(path: Path) -> str:
        text = read(path)
        if path.name == "load.json" and stops:
            raise StoppedError(stops.pop())
        return text

    monkeypatch.setattr(Path, "read_text", read_and_stop)
    load = send(options(server, tmp_path, Step("load", 50, 1)))
    assert stops == []
    assert load.problems == ["the run was stopped by SIGTERM"]
    assert load.sent == 50


def test_sessions_that_cannot_prepare_end_the_load_before_it_begins(
    server: Pretended, tmp_path: Path
) -> None:
    server.statuses[b"/api/auth/login"] = 401
    load = send(options(server, tmp_path, Step("load", 50, 120)))
    assert load.problems == ["20 of 20 sessions were refused: POST /api/auth/login answered 401"]
    assert load.sent == 0


def test_people_without_a_plan_come_back_when_they_have_looked(
    server: Pretended, tmp_path: Path
) -> None:
    asked = options(server, tmp_path, Step("unused", 1, 1))
    plan = LoadPlan("swipe-hot-path", Closed(3.0), 20)
    load = generate(
        LoadOptions(asked.host, plan, asked.accounts, "secret", tmp_path), lambda: None, quiet
    )
    assert load.problems == []
    assert load.planned is None
    assert load.steps[0].answers(SWIPE).total > 0
    assert load.requests == sum(server.asked.values())


def test_sessions_that_cannot_be_shared_evenly_are_misuse(
    server: Pretended, tmp_path: Path
) -> None:
    with pytest.raises(MisuseError, match="20 sessions cannot be shared evenly by 3 processes"):
        send(options(server, tmp_path, Step("load", 1, 1), processes=3))


def test_a_generator_that_leaves_nothing_is_no_evidence(tmp_path: Path) -> None:
    with pretending() as server:
        asked = options(server, tmp_path, Step("load", 1, 1))
    (tmp_path / "accounts.txt").unlink()
    with pytest.raises(InvalidRun, match=re.escape("left no result; its log is")):
        send(asked)
