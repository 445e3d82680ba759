"""Serving the API: one process a worker, each with a management port of its own."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import uvicorn

from app.allocator import keep_free_memory
from app.children import dies_with_parent
from app.database import connection_limit, create_engine, create_reads
from app.main import build_resources, create_app
from app.management import management
from app.settings import PREFIX, MisconfiguredError
from app.stop import Stop
from app.telemetry.catalog import JOB
from app.telemetry.logs import configure_logs
from app.telemetry.protocol import counting

if TYPE_CHECKING:
    from types import FrameType

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.settings import Settings
    from app.telemetry.logs import Logs, NullLogs

BACKLOG = 2048
DRAIN_SECONDS = 10
# Longer than the 60 s after which load balancers drop an idle connection: whoever closes first must
# be the side that knows no request is under way.
KEEP_ALIVE_SECONDS = 75
# A worker that has not ended this long after its drain time never will.
KILL_SECONDS = DRAIN_SECONDS + 5


def check_connections(settings: Settings, workers: int) -> None:
    """Make sure that all workers together get their connections.

    Raises MisconfiguredError when they could not; a PostgreSQL that does not answer is only told
    of, because readiness waits for it.
    """
    for name, limit in asyncio.run(_connection_limits(settings)).items():
        wanted, free = workers * settings.pool_size, limit - settings.connection_reserve
        if wanted > free:
            raise MisconfiguredError(
                f"--workers={workers} with {PREFIX}POOL_SIZE={settings.pool_size} want {wanted} "
                f"connections, and {name} has {max(free, 0)} for them once "
                f"{PREFIX}CONNECTION_RESERVE={settings.connection_reserve} are kept: lower these "
                "or raise its max_connections"
            )


async def _connection_limits(settings: Settings) -> dict[str, int]:
    engine = create_engine(settings)
    reads = create_reads(settings, engine)
    engines: dict[str, AsyncEngine] = {"PostgreSQL": engine}
    if reads is not engine:
        engines["the replica"] = reads
    limits: dict[str, int] = {}
    for name, asked in engines.items():
        try:
            limits[name] = await connection_limit(asked)
        except Exception as error:  # noqa: BLE001  # whatever the driver raises, there is no answer
            reason = type(error).__name__
            print(f"Warning: {name} does not answer yet: {reason}", file=sys.stderr)
        finally:
            await asked.dispose()
    return limits


def listen(host: str, port: int) -> socket.socket:
    """Open the public socket; raises MisconfiguredError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise MisconfiguredError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    sock.listen(BACKLOG)
    return sock


def serve_worker(settings: Settings, sock: socket.socket, management_port: int) -> None:
    """Serve in this process until SIGTERM, with metrics on the management port.

    The metrics have a thread and a port of their own, so that a scrape is answered while the event
    loop is busy and never from the public port.
    """
    with closing(configure_logs(settings, JOB)) as logs:
        _serve(settings, sock, management_port, logs)


def _serve(
    settings: Settings, sock: socket.socket, management_port: int, logs: Logs | NullLogs
) -> None:
    keep_free_memory()
    held = build_resources(settings, logs)
    config = uvicorn.Config(
        create_app(held),
        log_config=None,
        access_log=False,
        http=counting(held.instruments.http),
        # There is none to speak to: the request is answered like any other.
        ws="none",
        server_header=False,
        # The gate reads X-Forwarded-For, as far as PET_TRUSTED_PROXIES says.
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        backlog=BACKLOG,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again once it has drained: the end that was asked for.
        signal.signal(number, lambda *_: sys.exit(0))
    with management(settings, management_port, held.instruments.registry):
        uvicorn.Server(config).run(sockets=[sock])


def serve_workers(sock: socket.socket, workers: int, management_port: int) -> int:
    """Run one child process a worker on the shared socket and return the exit code.

    All end when one does: a service that has quietly lost a worker promises more than it has, and
    whoever started this process knows how to start it again.
    """
    stop = Stop()

    def on_signal(_: int, __: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    children = [_spawn(sock, management_port + index) for index in range(workers)]
    sock.close()
    ended = None
    while not stop.wait(0.2) and ended is None:
        ended = next((child for child in children if child.poll() is not None), None)
    _stop(children)
    if ended is None:
        return 0
    print(f"worker {ended.pid} ended with {ended.returncode}", file=sys.stderr)
    return 2 if ended.returncode == 2 else 1  # 2 is a worker's misconfiguration


def _spawn(sock: socket.socket, management_port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "app", "serve", "--fd", str(sock.fileno())]
    command += ["--management-port", str(management_port)]
    return subprocess.Popen(  # noqa: S603  # our own command
        command,
        pass_fds=[sock.fileno()],
        preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509  # no thread runs here
    )


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(KILL_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
