"""The runbooks as the management port serves them."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client import CollectorRegistry

from app.local.ports import HOST
from app.management import MOST_THREADS, management
from app.settings import MisconfiguredError, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.runbooks.conftest import Answering, Serve

OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}
ONE_SERIES = b"""{"status": "success", "data": {"resultType": "vector", "result": [
  {"metric": {"__name__": "up", "job": "<script>alert(1)</script>"}, "value": [1, "0.98765432"]}
]}}"""

# What leads out of the folder, to what is no page, or to nothing.
NO_NAMES = (
    "../secret",
    "..%2fsecret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "disaster/../../secret",
    "disaster%2f..%2f..%2fsecret",
    "DatabaseDown.md",
    "README",
    "_template",
    "disaster",
    "disaster/DatabaseDown",
    "region-lost",
    "%00",
    "..%5csecret",
    "/etc/passwd",
)


class Outline(HTMLParser):
    """Collects tags and attributes; fails on what would load something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        assert not {"src", "style", "onclick", "onload", "srcset"} & given.keys()
        if tag == "a":
            self.links.append(given["href"] or "")


def test_a_page_is_complete_without_prometheus(
    serve: Serve, folder: Path, web: httpx.Client
) -> None:
    with serve(folder) as url:
        answer = web.get(f"{url}/runbooks/DatabaseDown")
    assert answer.status_code == 200
    assert "PET_PROMETHEUS_URL is not set" in answer.text
    assert "<h1>DatabaseDown</h1>" in answer.text
    assert "team dba" in answer.text
    assert "dashboard database, panel PostgreSQL up" in answer.text
    assert "<code>up\n</code>" in answer.text
    assert "---" not in answer.text


def test_a_page_loads_nothing_and_fits_a_telephone(
    serve: Serve, folder: Path, web: httpx.Client
) -> None:
    with serve(folder) as url:
        answer = web.get(f"{url}/runbooks/DatabaseDown")
    outline = Outline(answer.text)
    assert not {"script", "link", "img", "iframe"} & set(outline.tags)
    assert '<meta name="viewport" content="width=device-width' in answer.text
    assert "prefers-color-scheme: dark" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/runbooks", "/runbooks/"])
def test_the_list_is_by_severity_and_its_links_work(
    path: str, serve: Serve, folder: Path, web: httpx.Client
) -> None:
    with serve(folder) as url:
        page = web.get(f"{url}{path}").text
        links = Outline(page).links
        assert links == [
            "/runbooks/",
            "/runbooks/DatabaseDown",
            "/runbooks/CacheDown",
            "/runbooks/disaster/region-lost",
            "/runbooks/queries",
        ]
        assert {web.get(f"{url}{link}").status_code for link in links} == {200}
    order = ["Critical", "Warning", "Disaster scenarios", "More"]
    assert re.findall("<h2>(.*?)</h2>", page) == order
    assert "The server <code>postgres</code> is <em>away</em>." in page


def test_only_names_of_the_list_are_pages(serve: Serve, folder: Path) -> None:
    with serve(folder) as url:
        for path in NO_NAMES:
            # A client that leaves the path as it is.
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
            connection.request("GET", f"/runbooks/{path}")
            answer = connection.getresponse()
            text = answer.read().decode()
            connection.close()
            assert answer.status == 404, path
            assert "The secret" not in text


def test_an_unknown_name_lists_near_ones_and_is_escaped(
    serve: Serve, folder: Path, web: httpx.Client
) -> None:
    with serve(folder) as url:
        near = web.get(f"{url}/runbooks/databasedwn")
        strange = web.get(f"{url}/runbooks/<b>x")
    assert near.status_code == 404
    assert Outline(near.text).links[:2] == ["/runbooks/", "/runbooks/DatabaseDown"]
    assert "No runbook &lt;b&gt;x" in strange.text


def test_without_a_folder_pages_say_so_and_metrics_go_on(
    serve: Serve, tmp_path: Path, web: httpx.Client
) -> None:
    with serve(tmp_path / "nowhere") as url:
        page = web.get(f"{url}/runbooks/DatabaseDown")
        metrics = web.get(f"{url}/metrics")
    assert page.status_code == 404
    assert "PET_RUNBOOKS_DIR" in page.text
    assert metrics.status_code == 200


def test_values_of_now_are_shown_escaped_with_a_link_that_tells_no_password(
    serve: Serve, folder: Path, answering: Answering, web: httpx.Client
) -> None:
    with answering(ONE_SERIES) as prometheus:
        secret = prometheus.replace("http://", "http://reader:hunter2@")
        with serve(folder, prometheus_url=secret) as url:
            page = web.get(f"{url}/runbooks/DatabaseDown").text
    assert "0.987654" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "hunter2" not in page
    link = f"{prometheus}/graph?g0.expr=up&g0.tab=0&g0.range_input=3h"
    assert link in Outline(page).links


def test_a_reader_is_sent_to_the_public_addresses(
    serve: Serve, folder: Path, answering: Answering, web: httpx.Client
) -> None:
    public = {"prometheus_public_url": "https://metrics.example/p/", "grafana_url": "https://g"}
    with (
        answering(ONE_SERIES) as prometheus,
        serve(folder, prometheus_url=prometheus, **public) as url,
    ):
        links = Outline(web.get(f"{url}/runbooks/DatabaseDown").text).links
    assert any(link.startswith("https://metrics.example/p/graph?g0.expr=up&") for link in links)
    assert "https://g/d/database/?from=now-3h&to=now" in links


def test_the_link_opens_the_panel_that_the_page_names(
    serve: Serve, folder: Path, web: httpx.Client
) -> None:
    page = folder / "DatabaseDown.md"
    page.write_text(page.read_text().replace("panel: ", "panel_id: 7\npanel: "))
    with serve(folder, grafana_url="https://g") as url:
        links = Outline(web.get(f"{url}/runbooks/DatabaseDown").text).links
    assert "https://g/d/database/?viewPanel=panel-7&from=now-3h&to=now" in links


@pytest.mark.parametrize("name", ["DatabaseDown", "disaster/region-lost"])
def test_a_name_with_a_slash_leads_to_the_page_whose_links_work(
    name: str, serve: Serve, folder: Path, web: httpx.Client
) -> None:
    with serve(folder) as url:
        moved = web.get(f"{url}/runbooks/{name}/", follow_redirects=False)
        nobody = web.get(f"{url}/runbooks/Nobody/", follow_redirects=False)
        page = web.get(f"{url}{moved.headers['Location']}")
    assert (moved.status_code, moved.headers["Location"]) == (308, f"/runbooks/{name}")
    assert page.status_code == 200
    assert nobody.status_code == 404


def test_a_prometheus_that_never_ends_its_answer_delays_a_page_by_two_seconds(
    serve: Serve, folder: Path, dripping: str, web: httpx.Client
) -> None:
    with serve(folder, prometheus_url=dripping) as url:
        begun = time.monotonic()
        page = web.get(f"{url}/runbooks/DatabaseDown")
        taken = time.monotonic() - begun
    assert page.status_code == 200
    assert "Prometheus took longer than 2 s: values of now are missing" in page.text
    assert "Healthy: 1." in page.text
    assert 1.9 < taken < 5


def test_head_has_the_headers_only_and_other_methods_are_refused(
    serve: Serve, folder: Path, web: httpx.Client
) -> None:
    with serve(folder) as url:
        address = f"{url}/runbooks/DatabaseDown"
        got, head = web.get(address), web.head(address)
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            refused = web.request(method, address)
            assert refused.status_code == 405
            assert refused.headers["Allow"] == "GET, HEAD"


def test_every_other_path_is_the_metrics_with_exemplars(
    serve: Serve, folder: Path, web: httpx.Client
) -> None:
    with serve(folder) as url:
        for path in ("/metrics", "/actuator/prometheus", "/", "/runbooksx"):
            plain = web.get(f"{url}{path}")
            assert plain.headers["Content-Type"].startswith("text/plain")
            assert plain.headers["Content-Encoding"] == "gzip"
            assert "petswipe_signups_total 1.0" in plain.text
        open_metrics = web.get(f"{url}/metrics", headers=OPENMETRICS)
        none = web.get(f"{url}/metrics", params={"name[]": "nothing"})
    assert open_metrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert '# {trace_id="abc"}' in open_metrics.text
    assert none.text == ""


def test_many_readers_at_once_are_all_served(serve: Serve, folder: Path, web: httpx.Client) -> None:
    with serve(folder) as url, ThreadPoolExecutor(2 * MOST_THREADS) as readers:
        addresses = [f"{url}/runbooks/DatabaseDown", f"{url}/metrics"] * MOST_THREADS
        codes = set(readers.map(lambda address: web.get(address).status_code, addresses))
    assert codes == {200}


def test_clients_that_say_nothing_do_not_end_the_port(
    serve: Serve, folder: Path, web: httpx.Client
) -> None:
    with serve(folder) as url, ExitStack() as silent:
        address = (HOST, urlsplit(url).port)
        clients = [
            silent.enter_context(socket.create_connection(address)) for _ in range(MOST_THREADS)
        ]
        with pytest.raises(httpx.TransportError):
            # One more is sent away, and does not wait for those.
            web.get(f"{url}/metrics")
        for client in clients:
            client.close()
        assert web.get(f"{url}/metrics").status_code == 200


def test_nothing_is_left_running_behind(serve: Serve, folder: Path, web: httpx.Client) -> None:
    before = threading.active_count()
    with serve(folder) as url:
        web.get(f"{url}/runbooks/")
    assert threading.active_count() <= before
    with pytest.raises(OSError, match="refused"):
        http.client.HTTPConnection(urlsplit(url).netloc, timeout=5).request("GET", "/")


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.touch()
    settings = load_settings(
        database_url=f"postgresql://{HOST}", cache_url=f"redis://{HOST}", jwt_private_key_file=key
    )
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        complaint = f"cannot serve metrics on {HOST}:{port}: Address already in use"
        with (
            pytest.raises(MisconfiguredError, match=complaint),
            management(settings, port, CollectorRegistry()),
        ):
            pass
