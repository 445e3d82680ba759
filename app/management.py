"""The management port of a process: its metrics and the runbooks, in threads of their own."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app
from pydantic import HttpUrl

from app.runbooks.site import PREFIX, RunbookSite
from app.settings import MisconfiguredError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from prometheus_client import CollectorRegistry

    from app.settings import Settings

# Requests at the same time; who comes later waits a moment for one to end, or is sent away.
MOST_THREADS = 32
WAIT_SECONDS = 1.0
# A client that sends or takes nothing for this long is gone.
IDLE_SECONDS = 10.0
logger = logging.getLogger(__name__)


@contextmanager
def management(settings: Settings, port: int, registry: CollectorRegistry) -> Iterator[None]:
    """Serve on a port until the block ends, so that a busy event loop keeps no scrape waiting.

    Raises MisconfiguredError when the port cannot be had.
    """
    server = _listen(settings.management_host, port, registry, runbook_site(settings))
    thread = threading.Thread(target=server.serve_forever, daemon=True, name="management")
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def runbook_site(settings: Settings) -> RunbookSite:
    """Build the pages as the settings say; a missing folder shows when one asks for a page."""
    asked = "" if settings.prometheus_url is None else str(settings.prometheus_url)
    public = settings.prometheus_public_url or settings.prometheus_url
    grafana = "" if settings.grafana_url is None else str(settings.grafana_url)
    return RunbookSite(settings.runbooks_dir, asked, _without_password(public), grafana)


def _without_password(url: HttpUrl | None) -> str:
    if url is None:
        return ""
    path = (url.path or "").lstrip("/")
    return str(HttpUrl.build(scheme=url.scheme, host=url.host or "", port=url.port, path=path))


def _listen(host: str, port: int, registry: CollectorRegistry, site: WSGIApplication) -> WSGIServer:
    server_class = _Server6 if ":" in host else _Server
    try:
        return make_server(host, port, _paths(registry, site), server_class, _Handler)
    except OSError as error:
        where = f"{host}:{port}"
        raise MisconfiguredError(f"cannot serve metrics on {where}: {error.strerror}") from None


def _paths(registry: CollectorRegistry, site: WSGIApplication) -> WSGIApplication:
    """Send runbooks to their site and every other path to the metrics, as it was before both."""
    metrics = make_wsgi_app(registry)

    def choose(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_page = f"{environ['PATH_INFO']}/".startswith(PREFIX)
        return (site if is_page else metrics)(environ, start_response)

    return choose


class _Server(ThreadingMixIn, WSGIServer):
    """A thread a request, and only so many of them."""

    daemon_threads = True

    def __init__(self, *given: Any) -> None:  # noqa: ANN401  # what make_server gives its class
        self._free = threading.BoundedSemaphore(MOST_THREADS)
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # socketserver's
        if not self._free.acquire(timeout=WAIT_SECONDS):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # the same
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # the same
        """Tell of our own mistakes; a client that has left is none."""
        del request, client_address
        error = sys.exception()
        if not isinstance(error, OSError):
            logger.error("a request to the management port failed", exc_info=error)


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = IDLE_SECONDS

    def log_message(self, *_: object) -> None:
        """Log nothing: a scrape every few seconds is no news."""
