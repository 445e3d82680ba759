from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from app.settings import TelemetryMode
from app.telemetry import events
from app.telemetry.carrier import Counts
from app.telemetry.log_writer import MOST_LINE, MOST_LINES, LogCounts, LogWriter
from app.telemetry.logs import ACCESS_LOGGER, Lines, Logs, NullLogs, configure_logs
from app.telemetry.redaction import MARK, redact_text
from app.telemetry.tracing import Kind, Tracer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.settings import Settings
    from app.telemetry.tracing import Span
    from tests.app.conftest import Api, WaitUntil

ROOT = Path(__file__).parents[3]
LOG = logging.getLogger("app.test")
PIPE_HOLDS = 65_536
LINE = b'{"n":1}\n'
ACCESS: dict[str, object] = {
    "method": "GET",
    "route": "/api/pets/{pet_id}",
    "status": 200,
    "error_type": "",
    "duration_ms": 12.345,
    "bytes_out": 678,
    "user_id": str(uuid4()),
    "client_ip": "192.0.2.1",
}


@dataclass
class Pipe:
    """A pipe that is read when a test says so."""

    read_end: int
    write_end: int
    parts: list[bytes] = field(default_factory=list)
    thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read, until the pipe is closed at its other end."""
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        while part := os.read(self.read_end, 1 << 20):
            self.parts.append(part)

    def lines(self) -> list[bytes]:
        """Close the writing end and return everything that came."""
        os.close(self.write_end)
        self.write_end = -1
        if self.thread is None:
            self._read()
        else:
            self.thread.join()
        read = b"".join(self.parts)
        assert not read or read.endswith(b"\n")
        return read.split(b"\n")[:-1]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe(*os.pipe())
    try:
        yield pipe
    finally:
        for end in (pipe.read_end, pipe.write_end):
            if end >= 0:
                os.close(end)


def tell_lost(count: int) -> bytes:
    return b'{"lost":%d}\n' % count


@dataclass
class Told:
    """What was logged in a block: to be read after it."""

    logs: Logs
    lines: list[dict[str, Any]] = field(default_factory=list)
    longest: int = 0

    def line(self) -> dict[str, Any]:
        """Return the only line."""
        (line,) = self.lines
        return line


@contextmanager
def told(level: str = "INFO") -> Iterator[Told]:
    pipe = Pipe(*os.pipe())
    pipe.start()
    writer = LogWriter(tell_lost, pipe.write_end)
    writer.start()
    told = Told(Logs(Lines("petswipe-api", writer), level))
    try:
        yield told
    finally:
        told.logs.close()
        lines = pipe.lines()
        os.close(pipe.read_end)
    told.lines = [json.loads(line) for line in lines]
    told.longest = max(map(len, lines), default=0)
    check(told.logs.counts(), written=len(lines))


def check(counts: LogCounts, *, written: int) -> None:
    """What was written is what was read, and every line is accounted for."""
    assert counts.written == written
    assert counts.accepted == counts.written + counts.dropped + counts.queued


class Forgets:
    def keep(self, spans: list[Span]) -> None: ...

    def drop(self, count: int, reason: str) -> None: ...


@contextmanager
def request() -> Iterator[Span]:
    tracer = Tracer(1, Forgets())
    root = tracer.begin("request", Kind.SERVER, None, "request-1")
    try:
        yield root
    finally:
        tracer.end(root)


def test_a_line_says_when_what_and_for_which_request() -> None:
    before = datetime.now(UTC)
    with told() as found:
        with request() as root:
            LOG.warning("a %s was lost", "pet", extra={"pets": 3})
        LOG.info("afterwards")
    line, later = found.lines
    at = datetime.fromisoformat(line.pop("time"))
    # The record's own clock is a float.
    assert before - timedelta(milliseconds=1) <= at <= datetime.now(UTC)
    assert at.utcoffset() == timedelta(0)
    assert line == {
        "level": "WARNING",
        "stream": "application",
        "service": "petswipe-api",
        "logger": "app.test",
        "message": "a pet was lost",
        "request_id": "request-1",
        "trace_id": f"{root.trace.trace_id:032x}",
        "span_id": f"{root.span_id:016x}",
        "pets": 3,
    }
    assert {"request_id", "trace_id", "span_id"}.isdisjoint(later)


def test_extra_fields_replace_nothing_that_the_line_has() -> None:
    with told() as found, request():
        LOG.info("x", extra={"level": "DEBUG", "service": "other", "request_id": "forged"})
    line = found.line()
    assert (line["level"], line["service"]) == ("INFO", "petswipe-api")
    assert line["request_id"] == "request-1"


def test_access_and_audit_lines_have_the_fields_of_their_events() -> None:
    with told() as found, request() as root:
        found.logs.access(ACCESS)
        found.logs.access({**ACCESS, "status": 503, "trace_id": "given", "span_id": "too"})
        found.logs.audit({"action": "pet.delete"})
    line, failed, audit = found.lines
    assert line["trace_id"] == f"{root.trace.trace_id:032x}"
    assert ACCESS.items() <= line.items()
    assert set(line) == {*events.HEAD, *events.IDS, *events.FIELDS_OF[events.REQUEST]}
    assert (line["level"], line["event"], line["logger"]) == ("INFO", "request", ACCESS_LOGGER)
    assert (failed["level"], failed["trace_id"], failed["span_id"]) == ("ERROR", "given", "too")
    assert (audit["stream"], audit["event"]) == ("audit", "audit")


def test_a_quiet_service_tells_failures_and_who_did_what_all_the_same() -> None:
    with told("WARNING") as found:
        LOG.info("unheard")
        found.logs.access(ACCESS)
        found.logs.access({**ACCESS, "status": 500})
        logging.getLogger(events.AUDIT_LOGGER).info("pet.delete")
        LOG.warning("heard")
    assert [(line["stream"], line["message"]) for line in found.lines] == [
        ("application", "request"),
        ("audit", "pet.delete"),
        ("application", "heard"),
    ]


def fail(password: str) -> NoReturn:
    hidden = f"local {password}"
    try:
        int(password)
    except ValueError as error:
        raise LookupError(hidden) from error
    raise AssertionError


def test_an_exception_is_told_by_type_and_place_without_its_words() -> None:
    with told() as found:
        try:
            fail("canary-7")
        except LookupError:
            LOG.exception("the pet is gone")
    line = found.line()
    assert "canary" not in json.dumps(line)
    assert (line["event"], line["error_type"]) == ("error", "LookupError")
    told_error, cause = line["error_stack"].split("\ncaused by ")
    first, *places = told_error.split("\n  ")
    assert first == "builtins.LookupError"
    assert [place.partition(" ")[2] for place in places] == [
        "test_an_exception_is_told_by_type_and_place_without_its_words",
        "fail",
    ]
    assert all(place.startswith("tests/app/telemetry/test_logs.py:") for place in places)
    assert cause.startswith("builtins.ValueError\n  ")


def test_an_exception_tells_the_code_of_the_system() -> None:
    with told() as found:
        try:
            os.close(os.open("/nowhere/canary", os.O_RDONLY))
        except OSError:
            LOG.exception("no file")
    stack = found.line()["error_stack"]
    assert stack.startswith("builtins.FileNotFoundError [2]\n")
    assert "canary" not in stack


def recurse(depth: int) -> None:
    if depth == 0:
        raise ExceptionGroup("all", [ValueError("one"), KeyError("two")])
    recurse(depth - 1)


def test_the_stack_of_a_deep_failure_is_bounded() -> None:
    with told() as found:
        try:
            recurse(500)
        except ExceptionGroup:
            LOG.exception("too deep")
    stack = found.line()["error_stack"]
    assert len(stack) <= 2048
    assert stack.startswith("builtins.ExceptionGroup\n")
    assert "caused by builtins.ValueError" in stack


CANARIES = {
    "password": "canary-password",
    "refresh_token": "canary-refresh",
    "nested": {"Authorization": "canary-basic", "list": [{"api_key": "canary-key"}]},
    "note": "from canary@example.org by postgres://app:canary-url@db/x?token=canary-query",
}


def test_no_canary_comes_out() -> None:
    with told() as found:
        LOG.info("log in %s", {"password": "canary-argument"}, extra=CANARIES)
        LOG.info("Authorization: Bearer canary-header\nCookie: session=canary-cookie")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("token=canary-warning", stacklevel=1)
        logging.getLogger("uvicorn.error").info("x", extra={"color_message": "canary-colour"})
        logging.getLogger("httpx").info("GET /?q=canary-quiet")
    assert len(found.lines) == 4
    assert "canary" not in json.dumps(found.lines)
    assert json.dumps(found.lines).count(MARK.strip("[]")) >= 9


texts = st.text(st.characters(exclude_categories=()))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary() | st.uuids(),
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=10,
)


@effort(max_examples=50, deadline=None)
@given(st.lists(st.tuples(texts, st.dictionaries(texts.map("x{}".format), values)), max_size=5))
def test_whatever_is_said_is_one_json_object_on_one_line(
    said: list[tuple[str, dict[str, Any]]],
) -> None:
    with told() as found:
        for message, extra in said:
            LOG.info(message, extra=extra)
    assert len(found.lines) == len(said)
    for line, (message, _) in zip(found.lines, said, strict=True):
        assert (line["level"], line["logger"]) == ("INFO", "app.test")
        # A line with much in its fields keeps only the beginning.
        assert line["message"][:50] == redact_text(message)[:50]


def test_nobody_can_forge_a_line() -> None:
    forged = 'x"}\r\n{"level":"CRITICAL"}\u2028\u2029\x85\x1b[2J'
    with told() as found:
        LOG.info(forged)
        found.logs.access({**ACCESS, "route": forged})
    assert len(found.lines) == 2
    assert found.lines[0]["level"] == "INFO"
    assert found.lines[1]["route"] == forged


def test_a_line_fits_into_one_piece_whatever_it_holds() -> None:
    with told() as found:
        LOG.info("\0" * 10_000, extra={f"field{n}": "€" * 1000 for n in range(100)})
        found.logs.access({**ACCESS, "route": "\0" * 10_000})
        try:
            recurse(500)
        except ExceptionGroup:
            LOG.exception("long %s", "🐕" * 1000, extra={"more": "🐕" * 1000})
    assert len(found.lines) == 3
    assert found.longest < MOST_LINE
    assert found.lines[2]["error_stack"].count("recurse") > 2


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("canary")


def test_a_failure_inside_the_log_stays_inside() -> None:
    with told() as found:
        LOG.info("%d pets", "no")
        LOG.info("a %s", Unprintable())
        LOG.info("x", extra={"value": Unprintable()})
        found.logs.access({**ACCESS, "route": Unprintable()})
        LOG.info("still here")
    assert [line["message"] for line in found.lines] == [
        "%d pets [its arguments do not fit]",
        "a %s [its arguments do not fit]",
        "still here",
    ]
    assert found.logs.counts().reasons == {"unencodable": 2}


def test_whatever_interrupts_a_thread_that_logs_may_log_too() -> None:
    # Like a finaliser that the garbage collector runs in the middle of a write.
    interrupted = 0

    def interrupt(*_: object) -> None:
        nonlocal interrupted
        interrupted += 1
        LOG.info("interrupting")

    before = signal.signal(signal.SIGVTALRM, interrupt)
    with told() as found:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)
        said = 0
        while interrupted < 100:
            said += 1
            LOG.info("interrupted")
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    told_lost = sum("lost" in line for line in found.lines)
    assert found.logs.counts().accepted == said + interrupted + told_lost


def test_a_line_that_is_dropped_while_another_one_is_dropped_is_counted_as_well() -> None:
    interrupted = dropped = 0
    writer = LogWriter(lambda number: b"%d lost\n" % number)

    def interrupt(*_: object) -> None:
        nonlocal interrupted
        interrupted += 1
        writer.drop("unencodable")

    before = signal.signal(signal.SIGVTALRM, interrupt)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.0001, 0.0001)
    while interrupted < 1000:
        dropped += 1
        writer.drop("unencodable")
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)
    assert writer.counts().reasons == {"unencodable": dropped + interrupted}


def test_closing_leaves_logging_as_it_was() -> None:
    root, httpx = logging.getLogger(), logging.getLogger("httpx")
    audit = logging.getLogger(events.AUDIT_LOGGER)
    before = root.handlers[:], root.level, httpx.level, audit.level, warnings.showwarning
    with told("ERROR"):
        assert root.handlers != before[0]
        assert root.level == logging.ERROR
    assert before == (
        root.handlers,
        root.level,
        httpx.level,
        audit.level,
        warnings.showwarning,
    )


def test_every_line_of_many_threads_is_accounted_for(pipe: Pipe) -> None:
    writer = LogWriter(tell_lost, pipe.write_end)
    writer.start()
    stop = threading.Event()
    wrong: list[LogCounts] = []

    def watch() -> None:
        while not stop.is_set():
            now = writer.counts()
            if now.accepted != now.written + now.dropped + now.queued:
                wrong.append(now)

    def write(number: int) -> None:
        for index in range(3000):
            writer.write(b'{"thread":%d,"n":%d}\n' % (number, index))

    pipe.start()
    watcher = threading.Thread(target=watch)
    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in (watcher, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    writer.close(10)
    stop.set()
    watcher.join()
    assert wrong == []
    counts, lines = writer.counts(), [json.loads(line) for line in pipe.lines()]
    check(counts, written=len(lines))
    told_lost = sum(line.get("lost", 0) for line in lines)
    assert counts.accepted == 8 * 3000 + sum("lost" in line for line in lines)
    assert told_lost <= counts.dropped
    for number in range(8):
        order = [line["n"] for line in lines if line.get("thread") == number]
        assert order == sorted(order)


def test_a_stalled_reader_costs_lines_and_is_told_how_many(
    pipe: Pipe, wait_until: WaitUntil
) -> None:
    writer = LogWriter(tell_lost, pipe.write_end)
    writer.start()
    line = b'{"x":"' + b"x" * 100 + b'"}\n'
    started = time.monotonic()
    for _ in range(5 * MOST_LINES):
        writer.write(line)
    assert time.monotonic() - started < 5
    wait_until(lambda: writer.counts().written >= PIPE_HOLDS // len(line) // 2, "the pipe fills")
    for _ in range(MOST_LINES):
        writer.write(line)
    stalled = writer.counts()
    assert stalled.accepted == stalled.written + stalled.dropped + stalled.queued
    assert stalled.reasons == {"queue_full": stalled.dropped}
    assert stalled.queued >= MOST_LINES
    assert stalled.dropped >= 4 * MOST_LINES
    pipe.start()
    wait_until(lambda: writer.counts().accepted > 6 * MOST_LINES, "the loss is told")
    writer.write(LINE)
    writer.close()
    *before, lost, after = lines = pipe.lines()
    check(writer.counts(), written=len(lines))
    # It stands where the gap is: after what was queued before, and before what came later.
    assert set(before) == {line.strip()}
    assert lost == b'{"lost":%d}' % writer.counts().dropped
    assert after == LINE.strip()


def test_a_reader_that_is_gone_is_no_error(pipe: Pipe, wait_until: WaitUntil) -> None:
    writer = LogWriter(tell_lost, pipe.write_end)
    writer.start()
    os.close(pipe.read_end)
    pipe.read_end = -1
    for _ in range(100):
        writer.write(LINE)
    wait_until(lambda: writer.counts().queued == 0, "all are dropped")
    writer.write(LINE)
    writer.close()
    counts = writer.counts()
    check(counts, written=0)
    assert counts.reasons == {"closed": 101}


def test_closing_takes_a_second_even_when_nobody_reads(pipe: Pipe) -> None:
    writer = LogWriter(tell_lost, pipe.write_end)
    writer.start()
    line = b'{"x":"' + b"x" * 1000 + b'"}\n'
    for _ in range(1000):
        writer.write(line)
    started = time.monotonic()
    writer.close()
    assert time.monotonic() - started < 2
    writer.write(line)
    counts = writer.counts()
    assert counts.queued == 0
    assert set(counts.reasons) == {"shutdown"}
    assert counts.dropped > 500
    check(counts, written=len(pipe.lines()))


def test_lines_that_wait_when_it_closes_are_written(pipe: Pipe) -> None:
    writer = LogWriter(tell_lost, pipe.write_end)
    writer.start()
    pipe.start()
    for _ in range(MOST_LINES):
        writer.write(LINE)
    writer.close(30)
    counts = writer.counts()
    check(counts, written=len(pipe.lines()))
    assert counts.dropped == 0


def test_a_file_takes_lines_too(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as file:
        writer = LogWriter(tell_lost, file.fileno())
        writer.start()
        for _ in range(1000):
            writer.write(LINE)
        writer.write(b"x" * MOST_LINE + b"\n")
        writer.close()
    assert path.read_bytes() == LINE * 1000
    assert writer.counts().reasons == {"too_long": 1}


def test_a_socket_that_takes_a_few_bytes_at_a_time_gets_whole_lines(wait_until: WaitUntil) -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    writer = LogWriter(tell_lost, ours.fileno())
    writer.start()
    lines = [b'{"n":%d,"x":"%s"}' % (number, b"x" * 3000) for number in range(200)]
    for line in lines:
        writer.write(line + b"\n")
    wait_until(lambda: writer.counts().written > 0, "the first line has left")
    assert writer.counts().queued > 0
    pipe = Pipe(theirs.detach(), ours.detach())
    pipe.start()
    writer.close(30)
    assert pipe.lines() == lines
    os.close(pipe.read_end)


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        writer = LogWriter(tell_lost, full.fileno())
        writer.start()
        for _ in range(10):
            writer.write(LINE)
        started = time.monotonic()
        writer.close()
        # It does not try for ever to tell that it could not tell.
        assert time.monotonic() - started < 0.5
    counts = writer.counts()
    check(counts, written=0)
    assert counts.reasons == {"failed": 10}


SAYS_MUCH = """
import logging, sys, time
from app.telemetry.log_writer import LogWriter
from app.telemetry.logs import Lines, Logs
lines = Lines("petswipe-api", LogWriter(lambda count: b'{"lost":1}\\n'))
lines.writer.start()
logs = Logs(lines, "INFO")
started = time.monotonic()
for number in range(int(sys.argv[1])):
    logging.getLogger("app").info("%d %s", number, "x" * int(sys.argv[2]))
took = time.monotonic() - started
logs.close()
counts = logs.counts()
print(took, counts.accepted, counts.written, counts.dropped, counts.queued, file=sys.stderr)
"""


def test_a_process_with_a_stalled_stdout_works_and_ends() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SAYS_MUCH, "20000", "100"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.wait(60) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        read = process.stdout.read().splitlines()
        took, *numbers = process.stderr.read().split()
    accepted, written, dropped, queued = map(int, numbers)
    assert float(took) < 20
    assert len(read) == written
    assert accepted == written + dropped
    assert dropped > 10_000
    assert queued == 0
    assert all(json.loads(line)["level"] == "INFO" for line in read)


def test_lines_of_processes_that_share_a_pipe_never_mix(pipe: Pipe) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SAYS_MUCH, "500", length],
            cwd=ROOT,
            stdout=pipe.write_end,
            stderr=subprocess.PIPE,
        )
        for length in ("900", "333", "1")
    ]
    pipe.start()
    written = 0
    for process in processes:
        assert process.stderr is not None
        with process:
            written += int(process.stderr.read().split()[2])
        assert process.returncode == 0
    lines = pipe.lines()
    assert len(lines) == written
    assert all("message" in json.loads(line) for line in lines)


def test_without_telemetry_nothing_is_said(settings: Settings, pipe: Pipe) -> None:
    before = logging.getLogger().handlers[:]
    quiet = settings.model_copy(update={"telemetry": TelemetryMode.NONE})
    logs = configure_logs(quiet, "petswipe-api", pipe.write_end)
    assert isinstance(logs, NullLogs)
    logs.access(ACCESS)
    logs.audit({})
    assert logging.getLogger().handlers == before
    assert (logs.counts(), logs.exported()) == (LogCounts(), Counts())
    logs.close()
    assert pipe.lines() == []


@contextmanager
def serving_logs(settings: Settings, pipe: Pipe) -> Iterator[list[dict[str, Any]]]:
    found: list[dict[str, Any]] = []
    pipe.start()
    logs = configure_logs(settings, "petswipe-api", pipe.write_end)
    try:
        yield found
    finally:
        logs.close()
        found += [json.loads(line) for line in pipe.lines()]


@pytest.mark.anyio
async def test_a_change_is_told_once_it_is_stored_and_a_failed_log_in_without_the_address(
    api: Api, pipe: Pipe
) -> None:
    with serving_logs(api.held.settings, pipe) as found:
        email = f"{uuid4().hex}@example.org"
        account = {"email": email, "password": "canary horse battery", "display_name": "A"}
        signed_up = await api.client.post("/api/auth/signup", json=account)
        wrong = {"email": email, "password": "canary wrong battery"}
        refused = await api.client.post(
            "/api/auth/login", json=wrong, headers={"X-Request-ID": "request-42"}
        )
    assert signed_up.status_code < 300, signed_up.text
    assert refused.status_code == 401
    assert "canary" not in json.dumps(found)
    assert email not in json.dumps(found)
    assert all(set(line) <= events.FIELDS for line in found)
    failed = [line for line in found if line.get("event") == events.LOGIN_FAILED]
    (audit,) = (line for line in found if line["message"] == "auth.login_failed")
    assert [line["request_id"] for line in failed] == ["request-42"]
    assert (audit["stream"], audit["request_id"]) == ("audit", "request-42")
    assert audit["object_id"].startswith(failed[0]["account"])
    assert audit["actor_id"] == failed[0]["user_id"]
    assert "auth.signup" in {line["message"] for line in found}
