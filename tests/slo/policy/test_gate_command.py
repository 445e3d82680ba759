"""The gate of production as a pipeline runs it, against real servers and against bad ones."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from app.local.ports import HOST
from app.local.probes import answers
from app.local.supervisor import Service, Supervisor
from app.local.tools import find_tool
from app.stop import Stop
from slo.__main__ import main
from slo.objectives import OBJECTIVES
from tests.ports import find_port
from tests.slo.conftest import PATIENCE_SECONDS, TOOLS, Counters, openmetrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.slo.conftest import Serve

ROOT = Path(__file__).parents[3]
COMMITTED = (ROOT / "slo" / "policy.yaml").read_text()
SLO = "swipe-availability"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MINUTES = 1440
# One day in two for each situation, so that none sees another; all are Mondays to Thursdays.
FULL, CAREFUL, LOW, SPENT, BURNING, QUIET, EMPTY = (
    datetime(2026, 1, day, tzinfo=UTC) for day in (5, 7, 12, 14, 19, 21, 26)
)
# The budget of a day of 1,000 requests a minute is 720 failures.
EARLY = {FULL: 100, CAREFUL: 450, LOW: 600, SPENT: 700}


def history() -> Counters:
    """Make days whose failures are long over, one that burns at its end, and a quiet one."""
    counters = Counters()
    for day, failures in EARLY.items():
        bad = [0, *[10] * (failures // 10)]
        counters.grow(day, [1000] * MINUTES)
        counters.grow(day, bad + [0] * (MINUTES - len(bad)), status="500")
    # Much went well before the last hour, of which a fiftieth goes wrong.
    counters.grow(BURNING, [10**6] * (MINUTES - 60) + [1000] * 60)
    counters.grow(BURNING, [0] * (MINUTES - 60) + [20] * 60, status="500")
    counters.grow(QUIET, [1] * MINUTES)
    return counters


@pytest.fixture(scope="module")
def prometheus(serve: Serve) -> str:
    return serve(history().history)


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the same days from VictoriaMetrics."""
    folder, port = tmp_path_factory.mktemp("victoria"), find_port()
    tool = find_tool("victoria-metrics", TOOLS, print)
    command = [
        str(tool.path),
        f"-storageDataPath={folder / 'data'}",
        f"-httpListenAddr={HOST}:{port}",
        "-retentionPeriod=10y",
    ]
    supervisor = Supervisor(folder, Stop())
    try:
        service = Service("victoria-metrics", command, answers(port, "/health"), cwd=tool.cwd)
        supervisor.start(replace(service, ready_seconds=PATIENCE_SECONDS))
        fill(f"http://{HOST}:{port}")
        yield f"http://{HOST}:{port}"
    finally:
        supervisor.stop_all()


def fill(url: str) -> None:
    lines = openmetrics(history().history).splitlines()[:-1]
    # OpenMetrics has seconds where this server wants milliseconds.
    parts = [line.rsplit(" ", 1) for line in lines]
    body = "\n".join(f"{head} {round(float(moment) * 1000)}" for head, moment in parts)
    httpx.post(f"{url}/api/v1/import/prometheus", content=body, timeout=60).raise_for_status()
    httpx.get(f"{url}/internal/force_flush", timeout=60).raise_for_status()


@pytest.fixture
def policy(tmp_path: Path) -> str:
    """Give ours, for scrapes of a minute and histories of a day."""
    file = tmp_path / "policy.yaml"
    file.write_text(COMMITTED.replace("history_at_least: 3d", "history_at_least: 12h"))
    return str(file)


@dataclass(frozen=True, slots=True)
class Done:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> list[str]:
        return [line.strip() for line in self.err.splitlines()]


def gate(url: str, policy: str, *arguments: str, ids: Sequence[str] = (SLO,)) -> Done:
    """Run the command, as a process of its own would, and much sooner."""
    out, err = io.StringIO(), io.StringIO()
    command = ["slo", "gate", "--prometheus-url", url, "--policy", policy, *arguments, *ids]
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        patched.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def on(day: datetime, later: timedelta = timedelta()) -> list[str]:
    """Ask about a day at its last scrape, or later."""
    at = day + (MINUTES - 1) * MINUTE + later
    return ["--period-days", "1", "--at", at.strftime("%Y-%m-%dT%H:%M:%SZ")]


@pytest.mark.parametrize("server", ["prometheus", "victoria"])
@pytest.mark.parametrize(
    ("day", "change", "code", "said"),
    [
        (FULL, "feature", 0, ""),
        (CAREFUL, "feature", 0, "37.5 % of the error budget is left (caution); ship with care"),
        (CAREFUL, "reliability", 0, ""),
        (LOW, "feature", 1, "(restricted); only reliability, rollback, security may ship"),
        (LOW, "reliability", 0, ""),
        (SPENT, "reliability", 1, "(frozen); only rollback, security may ship"),
        (SPENT, "rollback", 0, ""),
        (BURNING, "feature", 1, "no feature until it ends"),
        (BURNING, "rollback", 0, "its even rate over 1h and 5m, 14.4x pages; rollback may ship"),
        (QUIET, "feature", 3, "20,000 is the least"),
        (QUIET, "rollback", 3, "20,000 is the least"),
        (EMPTY, "feature", 3, "there is no sample of the last 2 h"),
        (EMPTY, "rollback", 3, "the query gives no series"),
    ],
)
def test_the_budget_of_a_day_decides_on_every_server(
    day: datetime,
    change: str,
    code: int,
    said: str,
    server: str,
    policy: str,
    request: pytest.FixtureRequest,
) -> None:
    done = gate(request.getfixturevalue(server), policy, *on(day), "--change", change)
    assert (done.code, done.code in (0, 1, 3)) == (code, True), done.err
    word = {0: "allow", 1: "block", 3: "undecided"}[code]
    assert done.said[0] == f"gate: {word} ({change})"
    assert said in done.err
    assert bool(said) == (len(done.said) > 1)


@pytest.mark.parametrize("server", ["prometheus", "victoria"])
@pytest.mark.parametrize(
    ("later", "code", "said"),
    [
        (timedelta(minutes=2), 0, ""),
        (timedelta(minutes=2, seconds=1), 3, "newest sample is 2 min 1 s old, 2m is the most"),
        (timedelta(minutes=50), 3, "the newest sample is 50 min old, 2m is the most"),
        (timedelta(hours=3), 3, "there is no sample of the last 2 h"),
        # Eleven hours after it began.
        (timedelta(hours=-13), 3, "its history is 10 h 59 min long, 12h is the least"),
    ],
)
def test_stale_data_and_a_young_service_leave_it_undecided(
    later: timedelta,
    code: int,
    said: str,
    server: str,
    policy: str,
    request: pytest.FixtureRequest,
) -> None:
    done = gate(request.getfixturevalue(server), policy, *on(FULL, later))
    assert done.code == code, done.err
    assert said in done.err


@pytest.mark.parametrize("server", ["prometheus", "victoria"])
def test_the_same_moment_gives_the_same_bytes(
    server: str, policy: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(server)
    first, second = (gate(url, policy, *on(LOW), "--format", "json") for _ in range(2))
    assert first == second
    # In a process of its own, too, with other hashes and another directory of the clock.
    done = subprocess.run(
        [sys.executable, "-m", "slo", "gate", "--prometheus-url", url, "--policy", policy,
         *on(LOW), "--format", "json", SLO],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=60,
        env={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (first.code, first.out)


def test_a_document_has_every_figure_and_its_query(prometheus: str, policy: str) -> None:
    done = gate(prometheus, policy, *on(LOW), "--format", "json")
    document = done.document
    assert (document["schema_version"], document["decision"]) == (1, "block")
    assert (document["at"], document["change"]) == ("2026-01-12T23:59:00Z", "feature")
    (reason,) = document["reasons"]
    assert (reason["weight"], reason["about"]) == ("block", SLO)
    (row,) = document["slos"]
    assert (row["band"], row["decision"], row["why"]) == (
        "restricted",
        "block",
        [reason["sentence"]],
    )
    assert row["budget_left"] == pytest.approx(1 - 600 / 720, abs=0.01)
    assert row["events"] == pytest.approx(MINUTES * 1000, rel=0.01)
    assert row["minimum_events"] == 20_000
    assert (row["newest_sample"], row["age_seconds"]) == ("2026-01-12T23:59:00Z", 0)
    assert row["oldest_sample"] == "2026-01-12T00:00:00Z"
    assert [(x["long"], x["factor"], x["burning"]) for x in row["burn"]] == [
        ("1h", 14.4, False),
        ("6h", 6, False),
    ]
    for query in row["queries"].values():
        found = httpx.post(
            f"{prometheus}/api/v1/query", data={"query": query, "time": document["at"]}
        )
        assert len(found.json()["data"]["result"]) == 1


def test_every_field_of_a_document_and_of_a_policy_is_described(
    prometheus: str, policy: str
) -> None:
    page = (ROOT / "slo" / "gate.md").read_text()
    at = ["--at", "2026-01-10T12:00:00Z", "--period-days", "4", "--format", "json"]
    found = fields(gate(prometheus, policy, *at).document)
    assert {"schema_version", "weight", "until", "factor", "sha256"} <= found
    found |= fields(yaml.safe_load(COMMITTED)) - {slo.id for slo in OBJECTIVES}
    assert {name for name in found if f"`{name}`" not in page} == set()


def fields(document: object) -> set[str]:
    """Return the names of all fields; those of queries are made from what they ask."""
    if isinstance(document, list):
        return {name for item in document for name in fields(item)}
    if not isinstance(document, dict):
        return set()
    below = (fields(value) for name, value in document.items() if name != "queries")
    return set(document).union(*below)


def test_a_table_has_a_line_an_slo_the_worst_first(prometheus: str, policy: str) -> None:
    ids = ("deck-availability", SLO)
    done = gate(prometheus, policy, *on(LOW), ids=ids)
    assert done.code == 1
    heading, first, second = done.out.splitlines()
    words = "SLO objective measured events minimum budget left band burn newest decision"
    assert " ".join(heading.split()) == words
    assert first.split()[0] == SLO
    assert first.split()[-4:] == ["14.4x", "0", "s", "block"]
    assert second.split()[0] == "deck-availability"
    assert second.split()[-1] == "undecided"
    assert [line.split(":")[0] for line in done.said] == ["gate", "block"] + ["undecided"] * 2


def test_without_a_moment_it_is_now_of_which_nothing_is_known(prometheus: str, policy: str) -> None:
    done = gate(prometheus, policy, "--period-days", "1")
    assert done.code in (1, 3)  # it may be a weekend
    assert "there is no sample of the last 2 h" in done.err


def test_on_a_weekend_only_what_is_exempt_ships(prometheus: str, policy: str) -> None:
    at = ["--at", "2026-01-10T12:00:00Z"]
    done = gate(prometheus, policy, *at, "--format", "json")
    assert done.code == 1
    (freeze,) = done.document["freezes"]
    assert (freeze["name"], freeze["until"]) == ("weekend", "2026-01-12T07:00:00+01:00")
    assert gate(prometheus, policy, *at, "--change", "rollback").code == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--policy", "nowhere.yaml"], "nowhere.yaml:1: the file cannot be read"),
        (["--change", "fix"], "'fix' is not one of 'feature', 'reliability', 'security'"),
        (["--at", "now"], "--at"),
    ],
)
def test_wrong_options_are_misuse(arguments: list[str], said: str, policy: str) -> None:
    done = gate(f"http://{HOST}:1", policy, *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_period_that_is_shorter_than_the_history_is_misuse(tmp_path: Path) -> None:
    ours = tmp_path / "policy.yaml"
    ours.write_text(COMMITTED)
    done = gate(f"http://{HOST}:1", str(ours), "--period-days", "2")
    assert (done.code, done.out) == (2, "")
    assert "--period-days 2 is less than the history of 3d" in done.err


def test_a_history_as_long_as_the_period_is_enough(prometheus: str, tmp_path: Path) -> None:
    ours = tmp_path / "policy.yaml"
    ours.write_text(COMMITTED.replace("history_at_least: 3d", "history_at_least: 1d"))
    done = gate(prometheus, str(ours), *on(FULL))
    assert (done.code, "its history is 23 h 59 min long, 1d is the least" in done.err) == (3, True)
    done = gate(prometheus, str(ours), *on(FULL, timedelta(seconds=90)))
    assert done.code == 0, done.err


def test_a_wrong_policy_is_misuse_before_anything_is_asked(policy: str) -> None:
    file = Path(policy)
    file.write_text(file.read_text().replace("below: 25 %", "below: 20 %"))
    done = gate(f"http://{HOST}:1", policy)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"{policy}:16: bands[2]: 20 % to 25 % left is in no band; "
        "let restricted end where caution begins\n"
    )


def test_a_class_without_a_policy_is_misuse() -> None:
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        patched.setattr(
            sys, "argv", ["slo", "gate", "--prometheus-url", "http://x", "--change", "rollback"]
        )
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 2
    assert "--change is for --policy" in err.getvalue()


def test_a_server_that_is_not_there_leaves_it_undecided_and_says_so_in_the_document(
    policy: str,
) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        url = f"http://{HOST}:{taken.getsockname()[1]}"
        done = gate(url, policy, *on(FULL), "--format", "json", ids=(SLO, "deck-latency"))
    assert done.code == 3
    assert [row["decision"] for row in done.document["slos"]] == ["undecided"] * 2
    assert all("is not reachable" in reason["sentence"] for reason in done.document["reasons"])


def test_a_server_that_never_answers_is_asked_once(policy: str) -> None:
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()
        url = f"http://{HOST}:{silent.getsockname()[1]}"
        done = gate(url, policy, *on(FULL), "--timeout", "1", ids=(SLO, "deck-latency"))
    assert done.code == 3
    assert done.err.count("does not answer in time") == 2


def test_an_answer_from_a_part_of_the_data_is_in_the_document(policy: str) -> None:
    with saying(200, vector("1") | {"isPartial": True}) as url:
        done = gate(url, policy, *on(FULL), "--format", "json", ids=(SLO, "deck-latency"))
    assert done.code == 3
    assert [row["decision"] for row in done.document["slos"]] == ["undecided"] * 2


class Saying(BaseHTTPRequestHandler):
    """Gives the answer of its server to everything."""

    status, body = 200, b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Leave the output of the tests alone."""


@contextmanager
def saying(status: int, document: object) -> Iterator[str]:
    kind = type("Said", (Saying,), {"status": status, "body": json.dumps(document).encode()})
    with HTTPServer((HOST, 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def vector(*values: str) -> dict[str, Any]:
    result = [{"metric": {"a": str(n)}, "value": [0, x]} for n, x in enumerate(values)]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


@pytest.mark.parametrize(
    ("status", "document", "code", "said"),
    [
        (200, vector(), 3, "the query gives no series"),
        (200, vector("NaN"), 3, "the query gives NaN"),
        (200, vector("+Inf"), 3, "the query gives +Inf"),
        (200, vector("1", "2"), 3, "2 series in place of one"),
        (200, vector("0"), 3, "no event in the window"),
        # Thanos says that a store is missing, VictoriaMetrics that a node is.
        (200, vector("1") | {"warnings": ["store x: deadline exceeded"]}, 3, "store x: deadline"),
        (200, vector("1") | {"isPartial": True}, 3, "not all of its nodes answered"),
        (503, {"status": "error", "errorType": "503", "error": "no node"}, 3, "gave up: no node"),
        (429, "slow down", 3, "is not ready: HTTP 429"),
        (502, "Bad Gateway", 3, "is not ready: HTTP 502"),
        (404, "404 page not found", 2, "is no Prometheus: HTTP 404"),
        (401, "no org id", 2, "does not answer to these credentials: HTTP 401"),
        (200, "<html>", 2, "is no Prometheus: HTTP 200"),
        (422, {"status": "error", "errorType": "422", "error": "cannot parse"}, 2, "cannot parse"),
    ],
)
@pytest.mark.parametrize("change", ["feature", "rollback"])
def test_an_answer_that_is_none_never_ships(
    change: str, status: int, document: object, code: int, said: str, policy: str
) -> None:
    with saying(status, document) as url:
        done = gate(url, policy, *on(FULL), "--change", change)
    assert done.code == code, done.err
    assert said in done.err
    assert "Traceback" not in done.err
