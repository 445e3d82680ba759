from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import PostgresDsn
from sqlalchemy import make_url, text

from app.database import connection_limit, create_engine, create_reads
from app.settings import MisconfiguredError, Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio
# What a client sends before anything else when it would like TLS.
WANTS_TLS = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"


@dataclass
class Guard:
    """A PostgreSQL that speaks TLS: takes it off and passes everything on to the real one."""

    url: str
    certificate: Path
    tls: list[bool] = field(default_factory=list)


def write_certificate(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path.write_bytes(certificate.public_bytes(pem))
    path.with_suffix(".key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(65_536):
        writer.write(part)
        await writer.drain()


@asynccontextmanager
async def guard(database_url: str, folder: Path) -> AsyncIterator[Guard]:
    certificate = folder / "server.pem"
    write_certificate(certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    real = make_url(database_url)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, on = await asyncio.open_connection(real.host, real.port)
        try:
            first = await reader.readexactly(8)
            stands.tls.append(first == WANTS_TLS)
            if first == WANTS_TLS:
                writer.write(b"S")
                await writer.start_tls(context)
            else:
                on.write(first)
            answers = asyncio.create_task(pump(there, writer))
            answers.add_done_callback(lambda _: writer.close())
            await pump(reader, on)
            on.write_eof()
            await answers
        except (OSError, asyncio.IncompleteReadError):
            # A client that does not like the certificate.
            pass
        finally:
            writer.close()
            on.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    stands = Guard(real.set(port=port).render_as_string(hide_password=False), certificate)
    async with server:
        yield stands


@pytest.fixture
async def guarded(settings: Settings, tmp_path: Path) -> AsyncIterator[Guard]:
    async with guard(str(settings.database_url), tmp_path) as stands:
        yield stands


async def connect(settings: Settings, url: str) -> None:
    engine = create_engine(settings.model_copy(update={"database_url": PostgresDsn(url)}))
    try:
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
    finally:
        await engine.dispose()


@pytest.mark.parametrize(
    ("host", "query", "tls"),
    [
        ("127.0.0.1", "sslmode=disable", False),
        ("127.0.0.1", "sslmode=prefer", True),
        ("127.0.0.1", "sslmode=require", True),
        ("127.0.0.1", "sslmode=require&sslrootcert={certificate}", True),
        ("127.0.0.1", "sslmode=verify-ca&sslrootcert={certificate}", True),
        ("localhost", "sslmode=verify-full&sslrootcert={certificate}", True),
    ],
)
async def test_an_address_says_how_much_tls_is_wanted(
    settings: Settings, guarded: Guard, host: str, query: str, *, tls: bool
) -> None:
    url = guarded.url.replace("127.0.0.1", host)
    await connect(settings, f"{url}?{query.format(certificate=guarded.certificate)}")
    assert guarded.tls == [tls]


@pytest.mark.parametrize(
    "query",
    [
        # The certificate is made out to localhost.
        "sslmode=verify-full&sslrootcert={certificate}",
        "sslmode=verify-ca",
        "sslmode=verify-full&sslrootcert=system",
    ],
)
async def test_a_server_that_cannot_prove_who_it_is_gets_no_password(
    settings: Settings, guarded: Guard, query: str
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await connect(settings, f"{guarded.url}?{query.format(certificate=guarded.certificate)}")


async def test_a_server_without_tls_is_refused_where_tls_is_required(settings: Settings) -> None:
    with pytest.raises(ConnectionError, match="SSL"):
        await connect(settings, f"{settings.database_url}?sslmode=require")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sslmode=sometimes", "its sslmode must be one of disable, allow, prefer, require, ver"),
        ("sslmode=verify-ca&sslrootcert=/no/such/file", "its sslrootcert is no file of certificat"),
    ],
)
def test_an_address_that_asks_for_no_known_tls_is_refused(
    settings: Settings, query: str, reason: str
) -> None:
    url = PostgresDsn(f"postgresql://somebody:canary-password@127.0.0.1/x?{query}")
    changed = settings.model_copy(update={"database_url": url, "replica_url": url})
    with pytest.raises(MisconfiguredError, match=f"^PET_DATABASE_URL: {reason}") as refused:
        create_engine(changed)
    assert "canary-password" not in str(refused.value)
    with pytest.raises(MisconfiguredError, match=f"^PET_REPLICA_URL: {reason}"):
        create_reads(changed, create_engine(settings))


async def test_postgresql_says_how_many_sessions_it_has(settings: Settings) -> None:
    engine = create_engine(settings)
    try:
        # 100, of which it keeps 3 for its superusers.
        assert await connection_limit(engine) == 97
    finally:
        await engine.dispose()
