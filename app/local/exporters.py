"""The exporters of the node, of PostgreSQL and of Valkey, as children of the supervisor."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncpg

from app.local.ports import HOST
from app.local.probes import answers
from app.local.supervisor import Service, StackError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from app.local.ports import Ports
    from app.local.tools import Tool

# The program of each job, and the port that its authors gave it.
PROGRAMS = {
    "node": ("node_exporter", 9100),
    "postgres": ("postgres_exporter", 9187),
    "redis": ("redis_exporter", 9121),
}
MONITOR = "petswipe_monitor"
HELP_SECONDS = 10
# Since 0.13 a collector of its own shows this, under the same name.
REPLICATION_QUERY = """\
pg_replication:
  query: >-
    SELECT CASE WHEN pg_is_in_recovery()
    AND pg_last_wal_receive_lsn() IS DISTINCT FROM pg_last_wal_replay_lsn()
    THEN GREATEST(0, EXTRACT(EPOCH FROM now() - pg_last_xact_replay_timestamp()))
    ELSE 0 END AS lag_seconds
  metrics:
    - lag_seconds:
        usage: GAUGE
        description: Replication lag behind the primary in seconds
"""


@dataclass(frozen=True, slots=True)
class Exporters:
    """What is there to start, and its port by job."""

    tools: Mapping[str, Tool]
    ports: Mapping[str, int]

    def targets(self) -> dict[str, list[int]]:
        """List the ports of every job, none where its exporter cannot be had."""
        return {job: [self.ports[job]] if job in self.ports else [] for job in PROGRAMS}


def plan_exporters(found: Mapping[str, Tool], ports: Ports) -> Exporters:
    """Choose a port for each exporter among the found programs."""
    there = {job: wish for job, wish in PROGRAMS.items() if wish[0] in found}
    return Exporters(
        {job: found[name] for job, (name, _) in there.items()},
        {job: ports.choose(f"the {job} exporter", port) for job, (_, port) in there.items()},
    )


def prepare_exporters(
    exporters: Exporters, folder: Path, texts: Path, database_url: str, cache_url: str
) -> list[Service]:
    """Say how to start them, once PostgreSQL runs: its exporter gets an account of its own.

    What commands leave in the folder `texts`, such as the time of a backup, is shown as well.
    Addresses and passwords travel by environment, because any user can read a command line.
    """
    makers: dict[str, Callable[[Tool, int], Service]] = {
        "node": lambda tool, port: _node(tool, port, texts),
        "postgres": lambda tool, port: _postgres(tool, port, folder, database_url),
        "redis": lambda tool, port: _redis(tool, port, cache_url),
    }
    return [makers[job](tool, exporters.ports[job]) for job, tool in exporters.tools.items()]


def _node(tool: Tool, port: int, texts: Path) -> Service:
    texts.mkdir(exist_ok=True)
    command = [
        str(tool.path),
        f"--web.listen-address={HOST}:{port}",
        f"--collector.textfile.directory={texts.resolve()}",
        # Nothing here is a unit of systemd.
        "--no-collector.systemd",
        "--log.level=warn",
    ]
    return Service("node-exporter", command, answers(port, "/metrics"), cwd=tool.cwd)


def _postgres(tool: Tool, port: int, folder: Path, database_url: str) -> Service:
    command = [
        str(tool.path),
        f"--web.listen-address={HOST}:{port}",
        # Before 0.17 it asks for columns that PostgreSQL 17 has moved elsewhere.
        "--no-collector.bgwriter",
        "--log.level=warn",
    ]
    if not _knows(tool, "collector.replication"):
        queries = folder / "postgres-exporter.yml"
        queries.write_text(REPLICATION_QUERY)
        command.append(f"--extend.query-path={queries}")
    address = urlsplit(database_url)
    environment = {
        "DATA_SOURCE_URI": f"{HOST}:{address.port}{address.path}?sslmode=disable",
        "DATA_SOURCE_USER": MONITOR,
        "DATA_SOURCE_PASS": asyncio.run(_create_monitor(database_url)),
    }
    ready = answers(port, "/metrics")
    return Service("postgres-exporter", command, ready, environment, cwd=tool.cwd)


def _redis(tool: Tool, port: int, cache_url: str) -> Service:
    address = urlsplit(cache_url)
    environment = {
        "REDIS_ADDR": f"redis://{HOST}:{address.port}",
        "REDIS_PASSWORD": address.password or "",
        "REDIS_EXPORTER_WEB_LISTEN_ADDRESS": f"{HOST}:{port}",
        # A cache that hangs must be told of before the scrape gives up, or nobody is told.
        "REDIS_EXPORTER_CONNECTION_TIMEOUT": "500ms",
    }
    ready = answers(port, "/metrics")
    return Service("redis-exporter", [str(tool.path)], ready, environment, cwd=tool.cwd)


def _knows(tool: Tool, option: str) -> bool:
    """Ask a program whether it has an option; versions differ more than their numbers tell."""
    done = subprocess.run(  # noqa: S603  # our own command
        [tool.path, "--help"], check=False, capture_output=True, timeout=HELP_SECONDS
    )
    return option.encode() in done.stdout + done.stderr


async def _create_monitor(database_url: str) -> str:
    """Create the account that may read statistics and nothing else; returns its password."""
    password = secrets.token_urlsafe(24)
    try:
        connection = await asyncpg.connect(database_url.replace("+asyncpg", "", 1))
        # A statement of this kind takes no parameters; the password is letters, digits, - and _.
        await connection.execute(f"CREATE ROLE {MONITOR} LOGIN PASSWORD '{password}'")
        await connection.execute(f"GRANT pg_monitor TO {MONITOR}")
        await connection.close()
    except (OSError, asyncpg.PostgresError) as error:
        raise StackError(f"the account {MONITOR} cannot be made: {error}") from None
    return password
