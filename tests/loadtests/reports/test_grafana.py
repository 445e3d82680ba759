"""Annotations in Grafana, posted to a real HTTP server."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from loadtests.reports.grafana import MOST_BYTES, Grafana, annotate
from tests.loadtests.reports.building import ENDED, PASSWORD, STARTED
from tests.loadtests.reports.results import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STORED = (200, b'{"message": "Annotation added", "id": 7}')
TOKEN = "glsa_abc123"


@dataclass
class Server:
    """What a Grafana answers, and what it was asked."""

    url: str
    answer: tuple[int, bytes] | None = STORED
    # Letter by letter, as long as somebody listens.
    drips: bool = False
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@pytest.fixture
def grafana() -> Iterator[Server]:
    done = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append((self.path, dict(self.headers.items()), body))
            if server.answer is None:
                done.wait()
                return
            status, content = server.answer
            self.send_response(status)
            self.send_header("Location", "/login")
            self.end_headers()
            self.wfile.write(content)
            with suppress(OSError):
                while server.drips and not done.wait(0.02):
                    self.wfile.write(b" ")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server = Server(f"http://127.0.0.1:{listening.server_port}")
        thread = Thread(target=listening.serve_forever)
        thread.start()
        yield server
        done.set()
        listening.shutdown()
        thread.join()


def test_a_run_is_an_annotation_from_its_start_to_its_end(grafana: Server, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    run = RESULTS["all statuses"]
    assert annotate(Grafana(f"{grafana.url}/grafana/", token), run) == ""
    ((path, headers, body),) = grafana.asked
    assert path == "/grafana/api/annotations"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert body["time"] == int(STARTED.timestamp()) * 1000
    assert body["timeEnd"] == int(ENDED.timestamp()) * 1000
    assert body["tags"] == ["petswipe", "load-test", "swipe-hot-path", "block"]
    assert body["text"].startswith("Release rehearsal: block<br>")
    assert "failed-quantile over peak: failed" in body["text"]


def test_without_a_token_none_is_sent(grafana: Server) -> None:
    assert annotate(Grafana(grafana.url), RESULTS["warned"]) == ""
    assert "Authorization" not in grafana.asked[0][1]


def test_what_wants_out_stays_text(grafana: Server) -> None:
    annotate(Grafana(grafana.url), RESULTS["hostile"])
    text = grafana.asked[0][2]["text"]
    assert "<" not in text.replace("<br>", "")
    assert PASSWORD not in text


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((401, b'{"message": "Invalid API key"}'), "401"),
        ((500, b""), "500"),
        ((302, b""), "302"),
        ((200, b"<html>sign in</html>"), "no Grafana"),
        ((200, b"[]"), "no Grafana"),
        ((200, b"7"), "no Grafana"),
    ],
)
def test_what_grafana_did_not_store_is_told(
    grafana: Server, answer: tuple[int, bytes], told: str
) -> None:
    grafana.answer = answer
    problem = annotate(Grafana(grafana.url), RESULTS["warned"])
    assert told in problem
    assert problem.startswith(f"Grafana at {grafana.url} was told nothing")


def test_a_grafana_that_does_not_answer_is_given_up(grafana: Server) -> None:
    grafana.answer = None
    assert "timed out" in annotate(Grafana(grafana.url, timeout=0.2), RESULTS["warned"])


def test_a_grafana_whose_answer_never_ends_is_given_up(grafana: Server) -> None:
    grafana.drips = True
    problem = annotate(Grafana(grafana.url, timeout=0.2), RESULTS["warned"])
    assert "has not come whole in time" in problem


def test_an_answer_that_is_too_long_is_none_of_a_grafana(grafana: Server) -> None:
    grafana.answer = (200, b" " * (MOST_BYTES + 1))
    assert "more than" in annotate(Grafana(grafana.url), RESULTS["warned"])


def test_a_proxy_of_the_environment_does_not_see_the_token(
    grafana: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert annotate(Grafana(grafana.url), RESULTS["warned"]) == ""


def test_a_grafana_that_is_not_there_is_told() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert "refused" in annotate(Grafana(url), RESULTS["warned"])


@pytest.mark.parametrize(
    "url", ["grafana", "http://u:secret@grafana.example", "http://grafana.example"]
)
def test_an_address_that_gives_a_secret_away_is_not_asked(url: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    problem = annotate(Grafana(url, token), RESULTS["warned"])
    assert problem.startswith("Grafana was told nothing: ")
    assert "secret" not in problem
    assert TOKEN not in problem


def test_a_token_that_cannot_be_read_is_told_without_asking(
    grafana: Server, tmp_path: Path
) -> None:
    problem = annotate(Grafana(grafana.url, tmp_path / "none"), RESULTS["warned"])
    assert "cannot be read" in problem
    assert grafana.asked == []
