"""The command line of lint, as a team would run it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

import pytest

from app.local.ports import HOST
from slo.__main__ import main
from slo.lint import IDS
from tests.ports import find_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SPEC = """version: prometheus/v1
service: shop
slos:
  - name: buying
    objective: {objective}
    sli:
      events:
        error_query: sum(rate(requests_total{{job="shop",code=~"5.."}}[{{{{.window}}}}]))
        total_query: sum(rate(requests_total{{job="shop"}}[{{{{.window}}}}]))
"""
SCRAPE = """# TYPE requests_total counter
requests_total{code="200"} 7
requests_total{code="500"} 0
"""


class Done(NamedTuple):
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def lint(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command in this process, and says what it did."""

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["slo", "lint", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return write(tmp_path, "99.9")


def write(folder: Path, objective: str) -> Path:
    file = folder / f"{objective}.yml"
    file.write_text(SPEC.format(objective=objective))
    return file


@pytest.fixture
def target() -> Iterator[str]:
    """A target that shows its metrics, to whoever asks for the format."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown = SCRAPE if "text/plain" in self.headers["Accept"] else "unknown format"
            self.send_response(200 if self.path == "/metrics" else 404)
            self.end_headers()
            self.wfile.write(shown.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer((HOST, 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_address[1]}"
        server.shutdown()


def test_our_own_promises_want_a_month_of_samples(lint: Run) -> None:
    done = lint("--retention", "31d")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = lint("--retention", "15d", "swipe-latency")
    assert done.returncode == 1
    assert done.stdout == (
        "swipe-latency: its window of 30d needs more than the 15d that Prometheus keeps: keep more,"
        " or make the period shorter [window-over-retention]\n"
    )
    assert "--explain" in done.stderr


def test_findings_of_a_spec_name_file_and_line(spec: Path, lint: Run) -> None:
    done = lint("--spec", spec, "--format", "json")
    assert done.returncode == 1
    (finding,) = json.loads(done.stdout)
    assert (finding["id"], finding["slo"]) == ("window-over-retention", "buying")
    assert finding["place"] == f"{spec}:4"


@pytest.mark.parametrize(
    ("objective", "line", "found"),
    [
        ("100", 5, "slos[0].objective: the objective must lie between"),
        ("90", 4, "slos[0]: buying: a burn rate of 14.4 can never be reached"),
    ],
)
def test_what_cannot_become_an_slo_is_a_finding(
    objective: str, line: int, found: str, tmp_path: Path, lint: Run
) -> None:
    broken, good = write(tmp_path, objective), tmp_path / "good.yml"
    good.write_text(SPEC.format(objective="99.9").replace("service: shop", "service: other"))
    done = lint("--spec", broken, "--spec", good)
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{broken}:{line}: {found}")
    assert first.endswith("[objective-100]" if objective == "100" else "[dead-alert]")
    # The others are checked as well.
    assert second.startswith(f"{good}:4: buying: ")


def test_an_objective_of_100_percent_is_found_in_openslo_too(tmp_path: Path, lint: Run) -> None:
    data = ROOT / "tests/slo/specs/data/openslo/slices.yaml"
    file = tmp_path / "slo.yaml"
    file.write_text(data.read_text().replace("target: 0.995", "target: 1"))
    assert file.read_text() != data.read_text()
    done = lint("--spec", file)
    assert (done.returncode, done.stdout.count("[objective-100]")) == (1, 1)


def test_a_broken_spec_is_misuse_and_findings_are_told_all_the_same(
    tmp_path: Path, lint: Run
) -> None:
    broken = write(tmp_path, "100")
    broken.write_text(broken.read_text() + "    objectve: 3\n")
    done = lint("--spec", broken)
    assert done.returncode == 2
    assert "[objective-100]" in done.stdout
    assert f"{broken}:10: slos[0].objectve: there is no such field" in done.stderr


def test_a_scrape_is_a_file_or_a_target(spec: Path, target: str, tmp_path: Path, lint: Run) -> None:
    scrape = tmp_path / "metrics.txt"
    scrape.write_text(SCRAPE)
    plain = ("--spec", spec, "--retention", "31d")
    # The scrape has no label job: Prometheus adds it.
    for source in (scrape, f"{target}/metrics"):
        done = lint(*plain, "--metrics", source)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    scrape.write_text(SCRAPE.replace("requests_total", "request_total"))
    done = lint(*plain, "--metrics", scrape, "--format", "json")
    found = [finding["id"] for finding in json.loads(done.stdout)]
    assert (done.returncode, found) == (1, ["selector-matches-nothing", "not-initialised"])


def test_openmetrics_is_read_as_well(spec: Path, tmp_path: Path, lint: Run) -> None:
    scrape = tmp_path / "metrics.txt"
    scrape.write_text(SCRAPE.replace("TYPE requests_total", "TYPE requests") + "# EOF\n")
    done = lint("--spec", spec, "--retention", "31d", "--metrics", scrape)
    assert (done.returncode, done.stdout) == (0, "")


def test_labels_that_prometheus_adds_can_be_named(spec: Path, tmp_path: Path, lint: Run) -> None:
    spec.write_text(spec.read_text().replace('job="shop"', 'namespace="shop"'))
    scrape = tmp_path / "metrics.txt"
    scrape.write_text(SCRAPE)
    plain = ("--spec", spec, "--retention", "31d", "--metrics", scrape)
    assert lint(*plain).returncode == 1
    assert lint(*plain, "--target-label", "namespace").returncode == 0


def test_misuse_is_one_sentence_and_a_silent_target_is_undecided(
    target: str, spec: Path, tmp_path: Path, lint: Run
) -> None:
    noise = tmp_path / "noise"
    noise.write_text("{{{ 7")
    empty = tmp_path / "empty"
    empty.touch()
    for arguments, sentence in (
        (["--retention", "soon"], "'soon' is no duration, like 5m"),
        (["--metrics", tmp_path / "none"], "cannot be read: No such file or directory"),
        (["--metrics", noise], "is no scrape"),
        (["--metrics", empty], "is no scrape: it has no series"),
        (["--spec", spec, "selling"], "there is no SLO 'selling': one of buying"),
        (["selling"], "there is no SLO 'selling'"),
        (["--explain", "typo"], "'typo' is not one of"),
    ):
        done = lint(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert sentence in done.stderr
    for url in (f"{target}/missing", f"http://{HOST}:{find_port()}/metrics"):
        done = lint("--metrics", url)
        assert (done.returncode, done.stdout) == (3, "")
        assert "does not show its metrics" in done.stderr


@pytest.mark.parametrize("finding", ["dead-alert", IDS[-1]])
def test_an_id_is_explained_by_its_paragraph(finding: str, lint: Run) -> None:
    done = lint("--explain", finding)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"**{finding}.** ")
    assert done.stdout.count("**") == 2
