"""Every series that the kit names of others, looked for in what the others really show.

Debian 12 has node_exporter 1.5, postgres_exporter 0.11, redis_exporter 1.45, blackbox_exporter
0.23, Prometheus 2.42 and Alertmanager 0.25. Today's versions use the same names, with two
differences: postgres_exporter shows `pg_replication_lag_seconds` since 0.13 without being told the
query, and has dropped the label `server` from one series after the other: no rule may need it.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client.parser import text_string_to_metric_families

from alerts.artifacts import GENERATED
from alerts.exporters import (
    BACKUP_SUCCESS,
    BLACKBOX,
    CERTIFICATE_EXPIRY,
    EXPORTED,
    EXPORTERS,
    Exported,
)
from alerts.prometheus_config import BLACKBOX_MODULE
from app.commands.backup import tell
from app.local.ports import HOST, Ports
from app.local.probes import answers
from app.local.supervisor import Service, Supervisor
from app.local.tools import find_tools
from app.stop import Stop
from app.telemetry.model import Kind
from loadtests.stack import ROOT, embedded_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loadtests.stack import Stack

TOOLS = ROOT / ".tools"
PROGRAMS = ("node_exporter", "postgres_exporter", "redis_exporter")
# Prometheus and its like make these for every target.
EVERY_ONE = "every one"
PATIENCE_SECONDS = 30
ADDED = {"__name__", "job", "instance"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run everything, with a backup that has just been made."""
    if len(find_tools(PROGRAMS, TOOLS, print)) < len(PROGRAMS):
        pytest.skip("the exporters are neither on PATH nor to be fetched")
    out = tmp_path_factory.mktemp("exporters")
    texts = out / "textfile"
    texts.mkdir(parents=True)
    tell(texts / "backup.prom", datetime.now(UTC))
    arguments = ["--workers", "1", "--scrape-interval", "2s"]
    with embedded_stack(out, arguments, {"PET_LOG_LEVEL": "WARNING"}, print) as stack:
        yield stack


@pytest.fixture(scope="module")
def look(stack: Stack) -> Callable[[str], list[dict[str, str]]]:
    """Return a function that waits for a series and returns the labels of each."""

    def look(selector: str) -> list[dict[str, str]]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if found := ask(stack, "query", query=selector)["result"]:
                return [series["metric"] for series in found]
            time.sleep(0.2)
        return []

    return look


def ask(stack: Stack, what: str, **parameters: str) -> dict[str, Any]:
    """Ask Prometheus."""
    url = f"{stack.prometheus}/api/v1/{what}"
    answer = httpx.get(url, params=parameters, trust_env=False).raise_for_status()
    data: dict[str, Any] = answer.json()["data"]
    return data


@pytest.mark.parametrize(
    "exported", [e for e in EXPORTED if e.job != BLACKBOX], ids=lambda exported: exported.name
)
def test_a_series_is_shown_with_its_labels_by_the_job_that_is_said_to(
    look: Callable[[str], list[dict[str, str]]], exported: Exported
) -> None:
    job = "" if exported.job == EVERY_ONE else f'{{job="{exported.job}"}}'
    found = look(f"{exported.name}{job}")
    assert found, f"{exported.name}{job} is not there"
    named = {label.name for label in exported.labels}
    # An empty value is none: not all series of PostgreSQL belong to a database.
    assert any(named <= set(labels) - ADDED for labels in found), found


@pytest.mark.parametrize(
    "exported", [e for e in EXPORTED if e.job in EXPORTERS], ids=lambda exported: exported.name
)
def test_a_counter_is_a_counter_to_its_exporter_too(
    stack: Stack, look: Callable[[str], list[dict[str, str]]], exported: Exported
) -> None:
    assert look(exported.name)
    kinds = ask(stack, "metadata", metric=exported.name)
    assert [kind["type"] for kind in kinds[exported.name]] == [exported.kind.value]


def test_the_backup_is_known_by_the_name_that_its_command_writes(
    look: Callable[[str], list[dict[str, str]]],
) -> None:
    assert look(f"time() - {BACKUP_SUCCESS.name} < 600")


def test_a_series_that_no_job_scrapes_is_refused() -> None:
    with pytest.raises(ValueError, match="pg_upp: say which job scrapes it"):
        Exported("pg_upp", Kind.GAUGE, "1 while it is up.", "")


def test_a_name_that_nobody_shows_is_not_found(stack: Stack) -> None:
    assert ask(stack, "query", query="pg_upp")["result"] == []


def test_the_account_of_the_postgres_exporter_may_read_statistics_and_nothing_else(
    stack: Stack, look: Callable[[str], list[dict[str, str]]]
) -> None:
    assert look("pg_up == 1")
    environ = _environment(stack.processes["postgres-exporter"])
    address, _, _ = environ["DATA_SOURCE_URI"].partition("?")

    async def ask() -> None:
        connection = await asyncpg.connect(
            f"postgresql://{address}",
            user=environ["DATA_SOURCE_USER"],
            password=environ["DATA_SOURCE_PASS"],
        )
        try:
            mine = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
            assert await connection.fetchval(mine) is False
            for query in ("SELECT email FROM users", "DELETE FROM swipes"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(query)
        finally:
            await connection.close()

    asyncio.run(ask())


def _environment(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return dict(pair.decode().split("=", 1) for pair in pairs if pair)


@pytest.fixture(scope="module")
def blackbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the blackbox exporter on the generated file; yields its address."""
    tools = find_tools(["blackbox_exporter"], TOOLS, print)
    if not tools:
        pytest.skip("blackbox_exporter is neither on PATH nor to be fetched")
    port = Ports().choose("blackbox", 19115)
    command = [
        str(tools["blackbox_exporter"].path),
        f"--config.file={GENERATED.resolve() / 'blackbox.yml'}",
        f"--web.listen-address={HOST}:{port}",
    ]
    supervisor = Supervisor(tmp_path_factory.mktemp("blackbox"), Stop())
    try:
        supervisor.start(Service("blackbox", command, answers(port, "/-/healthy")))
        yield f"http://{HOST}:{port}"
    finally:
        supervisor.stop_all()


@contextmanager
def serving(folder: Path, ends: datetime) -> Iterator[str]:
    """Serve HTTPS with a certificate that ends then; yields its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write_certificate(folder, ends))
    with HTTPServer((HOST, 0), SimpleHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def write_certificate(folder: Path, ends: datetime) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "petswipe.example")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=90))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    encoding = serialization.Encoding.PEM
    plain = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(plain + certificate.public_bytes(encoding))
    return path


@pytest.mark.parametrize("days", [10, -1], ids=["soon", "already"])
def test_a_certificate_is_told_of_before_and_after_its_end(
    blackbox: str, tmp_path: Path, days: int
) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    with serving(tmp_path, ends) as target:
        answer = httpx.get(
            f"{blackbox}/probe",
            params={"module": BLACKBOX_MODULE, "target": target},
            trust_env=False,
        )
    families = {each.name: each for each in text_string_to_metric_families(answer.text)}
    (sample,) = families[CERTIFICATE_EXPIRY.name].samples
    assert sample.value == ends.timestamp()
    assert {label.name for label in CERTIFICATE_EXPIRY.labels} == set(sample.labels)
