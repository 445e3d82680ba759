"""The command line of backtests, on made-up traffic, a real Prometheus and a dump."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from app.local.ports import HOST
from app.local.tools import find_tool
from slo.__main__ import main
from slo.dump import running
from slo.prometheus import UnreachableError
from tests.ports import find_port
from tests.slo.conftest import TOOLS, openmetrics

if TYPE_CHECKING:
    from tests.slo.conftest import Serve

ROOT = Path(__file__).parents[2]
START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES, BROKEN = 300, range(120, 140)
TIMES = ("--start", "2026-01-01T00:00:00Z", "--end", "2026-01-01T05:00:00Z")
SPEC = """version: prometheus/v1
service: shop
slos:
  - name: buying
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(bad_total[{{.window}}]))
        total_query: sum(rate(all_total[{{.window}}]))
  - name: selling
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(no_bad_total[{{.window}}]))
        total_query: sum(rate(nothing_total[{{.window}}]))
"""
PAIRS = ["1h/5m", "6h/30m", "1d/2h", "3d/6h"]


class Done(NamedTuple):
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def backtest(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command in this process, and says what it did."""

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["slo", "backtest", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return run


def history() -> dict[str, list[tuple[float, int]]]:
    found: dict[str, list[tuple[float, int]]] = {"all_total": [], "bad_total": []}
    total = bad = 0
    for minute in range(MINUTES):
        for at in range(0, 60, 15):
            total += 50
            bad += 25 if minute in BROKEN else 0
            moment = START.timestamp() + minute * 60 + at
            found["all_total"].append((moment, total))
            found["bad_total"].append((moment, bad))
    return found


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(history())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("backtest")
    (found / "spec.yml").write_text(SPEC)
    (found / "dump").write_text(openmetrics(history()))
    return found


def test_recorded_traffic_tells_who_was_told_and_when(
    url: str, folder: Path, backtest: Run
) -> None:
    spec = folder / "spec.yml"
    done = backtest("buying", "--spec", spec, "--prometheus-url", url, *TIMES, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    (found,) = json.loads(done.stdout)
    assert (found["slo"], found["traffic"], found["minutes"]) == ("buying", "recorded", MINUTES)
    assert (found["from"], found["to"]) == ("2026-01-01T00:00:00Z", "2026-01-01T05:00:00Z")
    assert found["bad"] == pytest.approx(len(BROKEN) * 100, rel=0.01)
    assert found["budget_spent"] == pytest.approx(
        len(BROKEN) * 0.5 / (30 * 24 * 60 * 0.001), rel=0.01
    )
    assert [alert["windows"] for alert in found["alerts"]] == PAIRS
    (page,) = found["alerts"][0]["firings"]
    # Half fails: two minutes of it are 1.67 % of the hour, and one is waited for.
    assert page["at"] in ("2026-01-01T02:03:00Z", "2026-01-01T02:04:00Z")
    assert page["budget_gone"] == pytest.approx(3 * 0.5 / 43.2, rel=0.4)
    assert page["wrong"] is False
    # The 5-minute window is clean at 02:25, and its end is doubted for 5.
    assert "2026-01-01T02:29:00Z" <= page["reset_at"] <= "2026-01-01T02:32:00Z"


def test_a_dump_says_the_same_as_the_prometheus_it_is_from(
    url: str, folder: Path, backtest: Run
) -> None:
    plain = ("buying", "--spec", folder / "spec.yml", "--format", "json", *TIMES)
    asked = backtest(*plain, "--prometheus-url", url)
    dumped = backtest(*plain, "--openmetrics", folder / "dump")
    assert (dumped.returncode, dumped.stderr) == (0, "")
    assert json.loads(dumped.stdout) == json.loads(asked.stdout)
    whole = backtest(*plain[:-4], "--openmetrics", folder / "dump")
    (found,) = json.loads(whole.stdout)
    assert (found["from"], found["to"]) == ("2026-01-01T00:00:00Z", "2026-01-01T04:59:00Z")


def test_gaps_are_told(url: str, folder: Path, backtest: Run) -> None:
    # The first scrape came at midnight, the end of the last minute of the year.
    wide = ("--start", "2025-12-31T00:00:00Z", *TIMES[2:])
    done = backtest("buying", "--spec", folder / "spec.yml", "--prometheus-url", url, *wide)
    assert done.returncode == 0
    assert "note: buying, recorded: nothing is known of 1439 of 1740 minutes" in done.stderr


def test_no_data_is_undecided_and_others_are_told_all_the_same(
    url: str, folder: Path, backtest: Run
) -> None:
    done = backtest("--spec", folder / "spec.yml", "--prometheus-url", url, *TIMES)
    assert done.returncode == 3
    assert done.stderr == "Error: no events of selling in that time; no data is never a pass\n"
    heading, row, *alerts = done.stdout.splitlines()
    assert heading.split() == [
        "SLO",
        "traffic",
        "alert",
        "fired",
        "wrong",
        "first",
        *["budget", "gone", "reset", "after"],
    ]
    assert row.split()[:2] == ["buying", "recorded"]
    assert [" ".join(line.split()[:2]) for line in alerts] == [
        f"{severity} {pair}"
        for severity, pair in zip(["page", "page", "ticket", "ticket"], PAIRS, strict=True)
    ]
    assert " 2026-01-01 02:0" in alerts[0]
    empty = backtest("selling", "--spec", folder / "spec.yml", "--prometheus-url", url, *TIMES)
    assert (empty.returncode, empty.stdout) == (3, "")


def test_shapes_are_listed_and_played(tmp_path: Path, backtest: Run) -> None:
    help_text = backtest("--help").stdout
    assert re.search(r"^ +outage-10m +all fail for 10 minutes$", help_text, re.MULTILINE)
    done = backtest(
        "deck-latency", "swipe-availability", "--shape", "outage-10m", "--shape", "healthy"
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split()[:2] for line in done.stdout.splitlines() if "all, in the end" in line]
    ids = ["deck-latency", "swipe-availability"]
    assert rows == [[slo, shape] for slo in ids for shape in ("outage-10m", "healthy")]
    page = next(
        line for line in done.stdout.splitlines() if "page 1h/5m" in line and "after" in line
    )
    assert "after 2 m" in page
    assert list(tmp_path.iterdir()) == []


def test_a_plot_is_a_picture_of_one_result_or_a_page_of_many(
    url: str, folder: Path, backtest: Run
) -> None:
    drawn = folder / "one.svg"
    recorded = ("buying", "--spec", folder / "spec.yml", "--prometheus-url", url, *TIMES)
    assert backtest(*recorded, "--plot", drawn).returncode == 0
    texts = "".join(ET.parse(drawn).getroot().itertext())  # noqa: S314  # our own file
    for word in ("buying: recorded", "page 1h/5m", "ticket 3d/6h", "gone, %", "UTC"):
        assert word in texts
    shapes = ("swipe-latency", "--shape", "outage-2h", "--shape", "healthy")
    assert backtest(*shapes, "--plot", folder / "page.html").returncode == 0
    page = (folder / "page.html").read_text()
    assert page.count("<svg") == 2
    assert "<h2>swipe-latency: outage-2h</h2>" in page
    assert backtest(*shapes[:3], "--plot", folder / "one.png").returncode == 0
    assert (folder / "one.png").read_bytes().startswith(b"\x89PNG")
    refused = backtest(*shapes, "--plot", folder / "two.svg")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "2 results do not fit into one picture" in refused.stderr
    assert not (folder / "two.svg").exists()


def test_misuse_is_told_before_anything_is_asked(folder: Path, backtest: Run) -> None:
    silent = f"http://{HOST}:{find_port()}"
    noise = folder / "noise"
    noise.write_text("this is no dump\n")
    empty = folder / "empty"
    empty.write_text("# EOF\n")
    for code, sentence, arguments in (
        (2, "give one of --shape, --prometheus-url and --openmetrics", []),
        (2, "give one of", ["--shape", "healthy", "--prometheus-url", silent]),
        (2, "'storm' is not one of 'all', 'healthy'", ["--shape", "storm"]),
        (2, "a shape has none", ["--shape", "healthy", *TIMES]),
        (2, "--prometheus-url needs --start and --end", ["--prometheus-url", silent]),
        (2, "is no time to replay", ["--prometheus-url", silent, *TIMES[:3], TIMES[1]]),
        (2, "its name ends in one of .svg", ["--shape", "healthy", "--plot", "x.pdf"]),
        (2, "there is no SLO 'x'", ["x", "--shape", "healthy"]),
        (2, "is no address", ["--prometheus-url", "prometheus", *TIMES]),
        (3, "is not reachable", ["--prometheus-url", silent, *TIMES]),
        (2, "is no file", ["--openmetrics", folder / "none"]),
        (2, "is no dump in OpenMetrics format; promtool says", ["--openmetrics", noise]),
        (2, "the dump has no samples", ["--openmetrics", empty]),
    ):
        done = backtest(*arguments)
        assert (done.returncode, done.stdout) == (code, ""), arguments
        assert sentence in " ".join(done.stderr.split()), arguments


def test_a_prometheus_that_has_taken_the_port_of_ours_is_not_believed(
    url: str, tmp_path: Path
) -> None:
    found, port = Path(find_tool("prometheus", TOOLS, print).path), urlsplit(url).port
    assert port is not None
    with (
        pytest.raises(UnreachableError, match=r"it says: .*address already in use"),
        running(found, tmp_path, port),
    ):
        pytest.fail("what answers there has another's data")


def test_whoever_ends_a_backtest_of_a_dump_ends_its_prometheus(folder: Path) -> None:
    running = subprocess.Popen(
        [
            *(sys.executable, "-m", "slo", "backtest", "buying"),
            *("--spec", folder / "spec.yml", "--openmetrics", folder / "dump"),
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"TMPDIR": str(folder), "PATH": "/usr/bin:/bin"},
    )
    deadline = time.monotonic() + 60
    while not list(folder.glob("slo-backtest-*/data")) and running.poll() is None:
        assert time.monotonic() < deadline
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) in (128 + signal.SIGTERM, 0)
    assert list(folder.glob("slo-backtest-*")) == []
