"""A Prometheus of our own for a while, on what `promtool tsdb dump-openmetrics` has written.

Every kind of indicator is PromQL, so nothing but Prometheus counts a dump exactly. promtool
streams the file into blocks; memory does not grow with it.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from slo.ports import HOST, free_port
from slo.prometheus import Prometheus, PrometheusError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where `python -m app up` unpacks Prometheus, when it is installed nowhere else.
FETCHED = Path(__file__).parents[1] / ".tools"
# Larger blocks are fewer passes over the file, and more memory.
BLOCK = "54h"
KEEP_ALL = "100y"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
PAUSE_SECONDS = 0.05
ANSWER_SECONDS = 120.0


class DumpError(ValueError):
    """The dump cannot be served: it is none, or there is no Prometheus to serve it."""


@contextmanager
def served(dump: Path, block: str = BLOCK) -> Iterator[tuple[Prometheus, datetime, datetime]]:
    """Serve a dump on loopback; gives a connection, and its first and last moment.

    Every block, of at most so long a time, is one pass over the file. Raises DumpError for a file
    that is no dump, and for one without samples.
    """
    promtool, prometheus = _tool("promtool"), _tool("prometheus")
    if not dump.is_file():
        raise DumpError(f"{dump} is no file: write it by `promtool tsdb dump-openmetrics`")
    with tempfile.TemporaryDirectory(prefix="slo-backtest-") as name, _ended_by_signals():
        folder = Path(name)
        _fill(promtool, dump, folder / "data", block)
        start, end = _times(folder / "data")
        with (
            running(prometheus, folder, free_port()) as url,
            Prometheus(url, ANSWER_SECONDS) as connection,
        ):
            yield connection, start, end


def _tool(name: str) -> Path:
    found = shutil.which(name) or shutil.which(name, path=str(FETCHED / "usr" / "bin"))
    if found is None:
        raise DumpError(f"{name} is not to be found: put it on PATH (it comes with Prometheus)")
    return Path(found).resolve()


def _fill(promtool: Path, dump: Path, data: Path, block: str) -> None:
    done = subprocess.run(  # noqa: S603  # a promtool that was found, and a file that was named
        [
            promtool,
            *("tsdb", "create-blocks-from", "openmetrics"),
            *(f"--max-block-duration={block}", "--quiet", dump.resolve(), data),
        ],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise DumpError(f"{dump} is no dump in OpenMetrics format; promtool says: {said}")


def _times(data: Path) -> tuple[datetime, datetime]:
    metas = [json.loads(file.read_text()) for file in data.glob("*/meta.json")]
    if not metas:
        raise DumpError("the dump has no samples")
    first, last = min(m["minTime"] for m in metas), max(m["maxTime"] for m in metas)
    return datetime.fromtimestamp(first / 1000, UTC), datetime.fromtimestamp(last / 1000, UTC)


@contextmanager
def running(prometheus: Path, folder: Path, port: int) -> Iterator[str]:
    """Run a Prometheus on the blocks in `folder / "data"` until the block ends; gives its address.

    Raises UnreachableError, with its own words, when it does not start.
    """
    config, log = folder / "prometheus.yml", folder / "log"
    config.write_text("scrape_configs: []\n")
    with log.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603  # a Prometheus that was found
            [
                prometheus,
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--storage.tsdb.retention.time={KEEP_ALL}",
                f"--web.listen-address={HOST}:{port}",
                # Whoever has taken the port meanwhile does not answer to that name.
                f"--web.route-prefix=/{folder.name}",
            ],
            # Debian's build, unpacked, finds its own files only there.
            cwd=FETCHED if prometheus.is_relative_to(FETCHED.resolve()) else folder,
            stdout=written,
            stderr=written,
        )
    try:
        url = f"http://{HOST}:{port}/{folder.name}"
        _wait(process, url, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with Prometheus(url) as connection:
                connection.check()
        except PrometheusError:
            time.sleep(PAUSE_SECONDS)
        else:
            return
    said = (log.read_text(errors="replace").strip().splitlines() or ["nothing"])[-1]
    raise UnreachableError(f"our own Prometheus did not start; it says: {said}")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM end us like Ctrl-C, or Prometheus and its folder would stay behind."""

    def leave(number: int, _: object) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
