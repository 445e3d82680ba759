"""Reading a run back: from a Prometheus that has only a part of it, and of a load of a day."""

from __future__ import annotations

import json
import threading
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from app.local.ports import HOST
from app.telemetry.catalog import SWIPE_CREATE
from loadtests.measurement import charts
from slo.prometheus import Prometheus
from tests.loadtests.gates import REPORTS, arguments, gate
from tests.loadtests.pretend import pretending
from tests.loadtests.scraping import scraping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def lacking_a_part(url: str, when: Callable[[], bool]) -> Iterator[str]:
    """Answer as another Prometheus does, but from a part of the data, as Thanos says it."""

    class Forward(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kind = {"content-type": self.headers["content-type"]}
            asked = urllib.request.Request(url + self.path, body, kind)  # noqa: S310  # of the test
            with urllib.request.urlopen(asked) as answer:  # noqa: S310  # of the test
                document = json.load(answer)
            if when():
                document["warnings"] = ["a store did not answer"]
            text = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((HOST, 0), Forward) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{served.server_port}"
        served.shutdown()


def test_a_run_that_is_read_back_in_part_has_its_reports_and_decides_nothing(
    tmp_path: Path,
) -> None:
    with (
        pretending() as api,
        scraping(tmp_path, api.port) as prometheus,
        lacking_a_part(prometheus.url, lambda: api.loaded > 0) as part,
    ):
        prometheus.wait()
        ended = gate(tmp_path, "run", *arguments(tmp_path, api=api.url, prometheus=part))
    assert ended.code == 3, ended.said
    assert "a store did not answer" in ended.said
    assert "read-back" in ended.failed_checks
    assert all((ended.out / name).is_file() for name in REPORTS)


def test_a_load_of_a_day_can_be_drawn_at_scrapes_of_a_second(tmp_path: Path) -> None:
    end = datetime.now(UTC)
    with scraping(tmp_path) as server:
        server.wait()
        with Prometheus(server.url) as prometheus:
            found = charts(
                prometheus, end - timedelta(days=1), end, timedelta(seconds=1), (SWIPE_CREATE,)
            )
    assert [chart.title for chart in found][:2] == ["Requests", "Server errors"]
