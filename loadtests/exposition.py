"""Where Prometheus finds a load while it is sent: a port of its own, in the process that conducts.

Whatever is wrong with it, the load goes on without.
"""

from __future__ import annotations

import logging
import time
from itertools import pairwise
from typing import TYPE_CHECKING

from gevent.event import Event
from gevent.pywsgi import WSGIServer
from prometheus_client import CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from prometheus_client.registry import Collector

log = logging.getLogger(__name__)
# Who has looked once or twice may look as seldom as this; the usual interval is 15 s.
FIRST_WAIT_SECONDS = 20.0
MOST_WAIT_SECONDS = 60.0
# A scrape may be late by one.
MISSED = 2


class Exposition:
    """Answers `/metrics`, and knows how often somebody asks."""

    def __init__(self, collector: Collector) -> None:
        """Show what this collects, and nothing of the process itself."""
        registry = CollectorRegistry()
        registry.register(collector)
        self._answer: Any = make_wsgi_app(registry, disable_compression=True)
        self._asked: list[float] = []
        self._asked_again = Event()

    def start(self, host: str, port: int) -> None:
        """Listen, on a free port for 0; an address that cannot be had is one line in the log."""
        server = WSGIServer((host, port), self._serve, log=None, error_log=log)
        try:
            server.start()
        except (OSError, OverflowError) as error:
            log.warning("Prometheus is told nothing: %s:%d cannot be had: %s", host, port, error)
            return
        log.info("Prometheus is told at http://%s:%d/metrics", host, server.server_port)

    def wait_for_scrape(self) -> None:
        """Wait until somebody who has looked looks again, and so has seen the end; not for long."""
        gaps = [later - earlier for earlier, later in pairwise(self._asked)]
        if self._asked:
            self._asked_again.clear()
            longest = MISSED * max(gaps) if gaps else FIRST_WAIT_SECONDS
            self._asked_again.wait(min(longest, MOST_WAIT_SECONDS))

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401  # WSGI's own
        answer: Iterable[bytes] = self._answer(environ, start_response)
        self._asked.append(time.monotonic())
        self._asked_again.set()
        return answer
