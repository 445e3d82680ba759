"""A real Prometheus that scrapes servers of a test every second, and can be ended and started."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.local.monitoring import prepare_prometheus
from app.local.ports import HOST
from app.local.tools import find_tool
from app.telemetry.catalog import JOB
from loadtests.judging.scrapes import UP
from slo.prometheus import NoDataError, Prometheus
from tests.ports import find_port
from tests.slo.conftest import TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

PATIENCE_SECONDS = 90.0
LOOK_EVERY_SECONDS = 0.05


class Scraping:
    """One Prometheus and its data, started and not waited for; `targets` are ports."""

    def __init__(self, folder: Path, targets: Sequence[int]) -> None:
        folder.mkdir(exist_ok=True)
        self._targets = len(targets)
        self._log = folder / "prometheus.log"
        config = folder / "prometheus.yml"
        jobs = [
            {"job_name": JOB, "static_configs": [{"targets": [f"{HOST}:{t}" for t in targets]}]}
        ]
        # YAML takes JSON as it is.
        config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
        tool = find_tool("prometheus", TOOLS, print)
        self._port = find_port()
        self._service = prepare_prometheus(tool, config, folder / "data", self._port)
        self.url = f"http://{HOST}:{self._port}"
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as sink:
            self._process = subprocess.Popen(
                self._service.command, stdout=sink, stderr=sink, cwd=self._service.cwd
            )

    def pause(self) -> None:
        """Let nobody get an answer any more."""
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def wait(self) -> None:
        """Wait until it answers and has scraped all of its targets."""
        wait_for(lambda: self._process.poll() is not None or self._service.ready(), "ready")
        # Or somebody else answers at its port.
        assert self._process.poll() is None, self._log.read_text()
        with Prometheus(self.url) as asked:
            wait_for(lambda: self._up(asked) == self._targets, "scraped")

    def _up(self, asked: Prometheus) -> int:
        try:
            return int(asked.number(f"count({UP} == 1)"))
        except NoDataError:
            return 0


@contextmanager
def scraping(folder: Path, *targets: int) -> Iterator[Scraping]:
    """Scrape these ports until the block ends."""
    found = Scraping(folder, targets)
    try:
        yield found
    finally:
        found.kill()


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never {what}"
        time.sleep(LOOK_EVERY_SECONDS)
