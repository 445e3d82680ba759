"""The command line, as a pipeline would run it, against a real Prometheus."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from app.local.ports import HOST

if TYPE_CHECKING:
    from tests.slo.conftest import Counters, Serve

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
SWIPE, DECK = ("POST", "/api/swipes"), ("GET", "/api/deck")
OTHERS = (("POST", "/api/auth/login"), ("POST", "/api/upload"))
IDS = [
    "swipe-availability",
    "swipe-latency",
    "swipe-latency-p99",
    "deck-availability",
    "deck-latency",
    "login-availability",
    "upload-availability",
    "notification-freshness",
    "api-availability",
]
# Which promises know nothing when nothing is used but the swipe.
UNUSED = IDS[3:8]
# One day for each situation, so that none sees another.
GOOD, BROKEN, HALF, LATE_DECK, BURNING, EMPTY = (
    datetime(2026, 1, day, 12, tzinfo=UTC) for day in (1, 3, 5, 7, 9, 11)
)


@pytest.fixture(scope="module")
def url(counters: Counters, serve: Serve) -> str:
    steady = [1000] * 60
    for day in (GOOD, BROKEN, LATE_DECK, BURNING):
        for method, route in (SWIPE, DECK, *OTHERS):
            late = day is LATE_DECK and method == "GET"
            in_time = [500] * 60 if late else steady
            counters.grow(day, steady, 60, method=method, route=route)
            counters.grow(day, in_time, 60, method=method, route=route, le="0.15")
        counters.grow(day, steady, le="0.3")
        counters.deliver(day, steady)
    counters.grow(BROKEN, [1] * 60, status="500")
    # Much went well before the last hour, of which a fiftieth goes wrong.
    before = BURNING - timedelta(hours=1)
    for edge in ("", "0.15", "0.3"):
        counters.grow(HALF, steady, le=edge)
        counters.grow(before, [10**6] * 60, le=edge)
    counters.grow(before, [0] * 60 + [20] * 60, status="500")
    return serve(counters.history)


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "slo", command, *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


def ask(command: str, url: str, day: datetime, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask about the day that ends an hour after a situation has begun."""
    at = (day + timedelta(minutes=59)).strftime("%Y-%m-%dT%H:%M:%SZ")
    period = ["--period-days", "1"]
    return run(command, "--prometheus-url", url, "--at", at, *period, *arguments)


def test_the_promises_are_listed_one_a_line() -> None:
    done = run("list")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == IDS
    assert done.stdout.splitlines()[0] == (
        "swipe-availability        99.95 % in 30 d  A swipe is answered without a server error."
    )
    # One column below the other, however long an id is.
    assert len({line.index(" in 30 d  ") for line in done.stdout.splitlines()}) == 1


def rows_of(output: str) -> list[list[str]]:
    """Return the cells of a table, which are two blanks apart."""
    lines = output.splitlines()
    width = next((n for n, line in enumerate(lines) if line.startswith(IDS[0] + ",")), len(lines))
    return [line.split() for line in lines[:width]]


def test_a_report_is_a_table_of_all_promises_and_their_months(url: str) -> None:
    done = ask("report", url, GOOD)
    assert (done.returncode, done.stderr) == (0, "")
    heading, *rows = rows_of(done.stdout)
    assert heading[:4] == ["SLO", "objective", "over", "measured"]
    assert [row[0] for row in rows] == [name for name in IDS for _ in range(3)]
    # The day before has no data, nor has December.
    assert [row[-1] for row in rows] == ["met*", "met*", "no_data"] * len(IDS)
    assert "* of a part of the time: the rest is unknown." in done.stdout
    assert "swipe-latency, 2025-12: " + "·" * 31 + " no data\n" in done.stdout
    assert "events from counters: " + ", ".join(IDS) in done.stdout


def test_a_report_of_a_broken_promise_is_no_failure(url: str) -> None:
    done = ask("report", url, BROKEN, "swipe-availability")
    assert (done.returncode, done.stderr) == (0, "")
    _, day, *_ = rows_of(done.stdout)
    assert day[-1] == "exhausted*"


def test_a_report_can_be_read_by_a_program(url: str) -> None:
    done = ask("report", url, BROKEN, "--format", "json", "deck-latency", "swipe-availability")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["at"] == "2026-01-03T12:45:00+00:00"
    deck, swipe = (one["spans"][0] for one in document["slos"])
    assert (deck["slo"], deck["verdict"], deck["bad"]) == ("deck-latency", "met", 0)
    assert (swipe["slo"], swipe["verdict"]) == ("swipe-availability", "exhausted")
    assert swipe["good_ratio"] == pytest.approx(1000 / 1001)
    assert swipe["budget_burned"] == pytest.approx(1 / 1001 / 0.0005)
    assert set(swipe["queries"]) == {"total", "bad"}
    assert [day["budget_spent"] for day in swipe["days"]] == [None, swipe["budget_burned"]]


def test_a_report_is_one_page_without_anything_from_outside(url: str, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    done = ask("report", url, BROKEN, "--format", "html", "--out", str(out), "swipe-availability")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    page = out.read_text()
    assert page.count("<svg") == 2
    assert not re.search(r"""(?:src|href)=["'](?!#)""", page)
    assert '<span class="word exhausted">exhausted</span>' in page
    assert "no data before 2026-01-01 11:45" in page


def test_a_report_is_markdown_with_every_day(url: str) -> None:
    done = ask("report", url, BROKEN, "--format", "markdown", "--zone", "Asia/Tokyo", IDS[0])
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "| swipe-availability | 99.95 % | 2025-12 | no data | – | – | – | no_data |" in done.stdout
    )
    days = [line for line in done.stdout.splitlines() if line.startswith("| 2026-01-")]
    assert len(days) == 3
    assert days[1] == "| 2026-01-02 | – | – | – |"


def test_a_report_of_a_spec_has_its_slos_and_no_others(url: str, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yml"
    spec.write_text(
        "version: prometheus/v1\nservice: shop\nslos:\n"
        "  - {name: nowhere, objective: 99, sli: {raw: {error_ratio_query: 'a[{{.window}}]'}}}\n"
    )
    done = ask("report", url, GOOD, "--spec", str(spec), "--format", "json")
    assert (done.returncode, done.stdout) == (2, "")
    spec.write_text(spec.read_text().replace("'a[{{.window}}]'", "'sum(rate(a[{{.window}}]))'"))
    done = ask("report", url, GOOD, "--spec", str(spec), "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    (one,) = json.loads(done.stdout)["slos"]
    assert {span["verdict"] for span in one["spans"]} == {"no_data"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--zone", "Berlin"], "'Berlin' is no time zone, like Europe/Berlin"),
        (["--out", "x.txt"], "--out is for --format json, markdown or html"),
        (["--spec", "nowhere.yml"], "nowhere.yml"),
    ],
)
def test_a_report_asked_for_wrongly_is_misuse(arguments: list[str], said: str) -> None:
    done = run("report", "--prometheus-url", f"http://{HOST}:1", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("day", "ids", "code", "said"),
    [
        (GOOD, [], 0, ["gate: allow"]),
        (BROKEN, [], 1, ["gate: block", "  swipe-availability: exhausted, "]),
        (BROKEN, IDS[1:], 0, ["gate: allow"]),
        (LATE_DECK, [], 1, ["gate: block", "  deck-latency: exhausted, "]),
        (BURNING, IDS[:1], 1, ["gate: block", "  swipe-availability: burning, "]),
        (
            HALF,
            [],
            3,
            ["gate: undecided", *(f"  {name}: no_data, " for name in UNUSED)],
        ),
        (HALF, IDS[:2], 0, ["gate: allow"]),
        (EMPTY, ["swipe-latency"], 3, ["gate: undecided", "  swipe-latency: no_data, "]),
    ],
)
def test_the_gate_ships_only_what_was_measured_and_kept(
    day: datetime, ids: list[str], code: int, said: list[str], url: str
) -> None:
    done = ask("gate", url, day, *ids)
    assert done.returncode == code
    lines = done.stderr.splitlines()
    assert len(lines) == len(said)
    assert all(line.startswith(start) for line, start in zip(lines, said, strict=True))
    assert len(done.stdout.splitlines()) == 1 + len(ids or IDS)


def test_the_gate_measures_each_promise_over_its_own_period_by_default(url: str) -> None:
    done = run("gate", "--prometheus-url", url, "--at", "2026-01-07T12:59:00Z", "--format", "json")
    assert done.returncode == 1
    results = json.loads(done.stdout)
    assert all("[30d]" in result["queries"]["total"] for result in results)
    verdicts = {result["slo"]: result["verdict"] for result in results}
    assert verdicts == {**dict.fromkeys(IDS, "met"), "deck-latency": "exhausted"}


def test_the_gate_is_undecided_where_the_data_ended_before_its_moment(url: str) -> None:
    done = run("gate", "--prometheus-url", url, "--at", "2026-01-12T00:00:00Z", IDS[0])
    assert done.returncode == 3
    assert "whether it burns now is unknown" in done.stderr


def test_without_a_moment_it_is_now_of_which_nothing_is_known(url: str) -> None:
    done = run("gate", "--prometheus-url", url, "--period-days", "1", "swipe-latency")
    assert done.returncode == 3


@pytest.mark.parametrize("command", ["report", "gate"])
def test_an_unknown_promise_is_misuse_and_the_known_ones_are_named(command: str) -> None:
    done = run(command, "--prometheus-url", f"http://{HOST}:1", "swipes")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: there is no SLO 'swipes': one of {', '.join(IDS)}\n"


@pytest.mark.parametrize("command", ["report", "gate"])
def test_a_prometheus_that_is_not_there_leaves_it_undecided(command: str) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        address = f"http://{HOST}:{taken.getsockname()[1]}"
        done = run(command, "--prometheus-url", address)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"Error: Prometheus at {address} is not reachable: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("address", ["localhost:9090", "http://", f"http://{'a' * 64}.example"])
def test_what_is_no_address_is_misuse(address: str) -> None:
    done = run("gate", "--prometheus-url", address)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {address!r} is no address")
    assert done.stderr.count("\n") == 1


def test_an_address_of_something_else_is_misuse() -> None:
    with HTTPServer((HOST, 0), Quiet) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            address = f"http://{HOST}:{server.server_port}"
            done = run("gate", "--prometheus-url", address)
        finally:
            server.shutdown()
            thread.join()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Error: what answers at {address} is no Prometheus: HTTP 501\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--prometheus-url", "http://x", "--at", "yesterday"],
        ["--prometheus-url", "http://x", "--period-days", "0"],
        ["--prometheus-url", "http://x", "--format", "xml"],
    ],
)
def test_wrong_options_are_misuse(arguments: list[str]) -> None:
    done = run("gate", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: " in done.stderr
    assert "Traceback" not in done.stderr


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, as `python -m http.server` does."""

    def log_message(self, *_: object) -> None:
        """Leave the output of the tests alone."""
