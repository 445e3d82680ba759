"""Serving the Prometheus data that an earlier run has left behind."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.local.monitoring import prepare_prometheus
from app.local.ports import HOST, Ports
from app.local.supervisor import StackError, Supervisor
from app.local.tools import find_tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.stop import Stop


@contextmanager
def archived_prometheus(
    out: Path, tools: Path, stop: Stop, say: Callable[[str], None]
) -> Iterator[tuple[str, Supervisor]]:
    """Start Prometheus on the data in `out`, scraping nothing; yields its address.

    Raises StackError when there is no such data.
    """
    data = out / "prometheus"
    if not (data / "wal").is_dir():
        raise StackError(f"{out} holds no Prometheus data: give a folder that a run has written")
    ports = Ports()
    port = ports.choose("Prometheus", 9090)
    for moved in ports.moved:
        say(moved)
    with tempfile.TemporaryDirectory(prefix="petswipe-") as scratch:
        config = Path(scratch) / "prometheus.yml"
        config.write_text("scrape_configs: []\n")
        supervisor = Supervisor(Path(scratch), stop)
        tool = find_tool("prometheus", tools, say)
        try:
            supervisor.start(prepare_prometheus(tool, config, data.resolve(), port))
            yield f"http://{HOST}:{port}", supervisor
        finally:
            supervisor.stop_all()
