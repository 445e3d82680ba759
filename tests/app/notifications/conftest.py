"""Users, events of theirs, and a channel that notes what it is given."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import aio_pika
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import insert, select

from app.accounts.tables import users
from app.auth import Role
from app.database import create_engine
from app.local.ports import Ports
from app.notifications.channels.amqp import DEAD, EXCHANGE, QUEUE
from app.notifications.delivery import Retries
from app.notifications.dispatcher import Dispatcher
from app.notifications.events import Event
from app.outbox.tables import outbox
from app.telemetry.instruments import DispatchInstruments

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path
    from typing import Protocol

    from aio_pika.abc import AbstractChannel
    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.notifications.events import Channel
    from app.settings import Settings

    class Dispatching(Protocol):
        """Runs a dispatcher."""

        def __call__(
            self, *channels: Channel, attempts: int = 8, lease: float = 60
        ) -> AbstractAsyncContextManager[Dispatcher]:
            """Run it with these channels until the block ends."""


# Read now: the variables of whoever runs the tests are taken away from them later.
AMQP_URL = os.environ.get("PET_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/")
TIMEOUT_SECONDS = 5
PATIENCE_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.01
QUICK = 0.005


@dataclass(slots=True)
class Recorder:
    """A channel that notes every attempt, and fails when it is told to."""

    name: str = "webhook"
    fails: Callable[[Event], Exception | None] = lambda _: None
    # Delivered, and yet a failure: the answer was lost on the way.
    fails_late: Callable[[Event], Exception | None] = lambda _: None
    hangs: bool = False
    seen: list[Event] = field(default_factory=list)
    delivered: list[Event] = field(default_factory=list)
    in_flight: Counter[UUID] = field(default_factory=Counter)
    most_at_once: int = 0

    def wants(self, event: Event) -> bool:
        del event
        return True

    async def deliver(self, event: Event) -> None:
        self.seen.append(event)
        self.in_flight[event.user_id] += 1
        self.most_at_once = max(self.most_at_once, self.in_flight[event.user_id])
        try:
            await asyncio.sleep(random.random() * QUICK)  # noqa: S311  # no secret
            if self.hangs:
                await asyncio.Event().wait()
            if failure := self.fails(event):
                raise failure
            self.delivered.append(event)
            if failure := self.fails_late(event):
                raise failure
        finally:
            self.in_flight[event.user_id] -= 1

    async def aclose(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class Outbox:
    """What tests put into the outbox and read of it."""

    engine: AsyncEngine

    async def add_users(self, count: int = 1, name: str = "Someone") -> list[UUID]:
        """Store accounts that nobody can log in to."""
        ids = [uuid4() for _ in range(count)]
        rows = [
            {
                "id": user_id,
                "email": f"{user_id.hex}@people.petswipe.example",
                "password_hash": "none",
                "display_name": name,
                "role": Role.USER,
            }
            for user_id in ids
        ]
        async with self.engine.connect() as connection:
            await connection.execute(insert(users), rows)
        return ids

    async def add(self, user_id: UUID, kind: str = "match.created", **payload: Any) -> UUID:
        """Store one event."""
        row = insert(outbox).values(user_id=user_id, kind=kind, payload=payload)
        async with self.engine.connect() as connection:
            added: UUID = (await connection.execute(row.returning(outbox.c.id))).scalar_one()
        return added

    async def read(self, event_id: UUID) -> Row[Any]:
        """Read one event as it is now."""
        async with self.engine.connect() as connection:
            return (await connection.execute(select(outbox).where(outbox.c.id == event_id))).one()

    async def settled(self) -> None:
        """Return once every event is delivered or dead."""
        waiting = select(outbox.c.id).where(
            outbox.c.delivered_at.is_(None), outbox.c.dead_at.is_(None)
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with self.engine.connect() as connection:
                    if await connection.scalar(waiting.limit(1)) is None:
                        return
                await asyncio.sleep(LOOK_EVERY_SECONDS)


async def until(condition: Callable[[], bool]) -> None:
    """Return once a condition holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        # Conditions of other processes and libraries, which set no event for us.
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_SECONDS)


def make_event(**given: Any) -> Event:
    """Make an event as a dispatcher has it in hand."""
    fields = {
        "id": uuid4(),
        "user_id": uuid4(),
        "kind": "match.created",
        "payload": {"pet_name": "Rex"},
        "created_at": datetime.now(UTC),
        "attempts": 1,
        "channels_done": (),
        "email": "someone@people.petswipe.example",
        "display_name": "Someone",
        "email_wanted": True,
        "webhook_url": None,
    }
    return Event(**{**fields, **given})


def make_certificate(
    folder: Path, name: str, address: str
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a server's context for a name and an address, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    names = [x509.DNSName(name), x509.IPAddress(ip_address(address))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(path)
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusted.load_verify_locations(path)
    return served, trusted


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(settings)
    yield engine
    await engine.dispose()


@pytest.fixture
def store(pool: AsyncEngine) -> Outbox:
    return Outbox(pool)


@pytest.fixture
def instruments() -> DispatchInstruments:
    return DispatchInstruments("1.0", "abc")


def dispatch_with(settings: Settings, instruments: DispatchInstruments) -> Dispatching:
    """Make what runs a dispatcher on a database."""

    @asynccontextmanager
    async def run(
        *channels: Channel, attempts: int = 8, lease: float = 60
    ) -> AsyncIterator[Dispatcher]:
        engine = create_engine(settings)
        retries = Retries(attempts, QUICK)
        dispatcher = Dispatcher(engine, channels, instruments, retries, lease, poll_seconds=QUICK)
        stop = asyncio.Event()
        running = asyncio.create_task(dispatcher.run(stop))
        try:
            yield dispatcher
        finally:
            stop.set()
            await running
            await engine.dispose()

    return run


@pytest.fixture
def dispatching(settings: Settings, instruments: DispatchInstruments) -> Dispatching:
    return dispatch_with(settings, instruments)


@pytest.fixture
def dispatching_with(instruments: DispatchInstruments) -> Callable[[Settings], Dispatching]:
    return lambda settings: dispatch_with(settings, instruments)


@pytest.fixture
def outbox_of() -> type[Outbox]:
    return Outbox


@pytest.fixture
def recorder() -> type[Recorder]:
    return Recorder


@pytest.fixture
def event() -> Callable[..., Event]:
    return make_event


@pytest.fixture
def wait_for() -> Callable[..., Any]:
    return until


@pytest.fixture(scope="session")
def certificate(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context, and a client's that trusts it as `hooks.people.example`."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "hooks.people.example", "127.0.0.1")


@pytest.fixture(scope="module")
def port() -> int:
    return Ports().choose_run("a test", 18100, 1)[0]


@pytest.fixture
def amqp_url() -> str:
    return AMQP_URL


@pytest.fixture
async def broker() -> AsyncIterator[AbstractChannel]:
    """A channel of a broker that has none of our queues yet."""
    try:
        connection = await aio_pika.connect(AMQP_URL, timeout=TIMEOUT_SECONDS)
    except (OSError, TimeoutError):
        pytest.skip("no RabbitMQ answers at PET_TEST_AMQP_URL or on this machine")
    async with connection:
        channel = await connection.channel()
        for name in (QUEUE, DEAD):
            await channel.queue_delete(name)
        await channel.exchange_delete(EXCHANGE)
        yield channel
