"""Real PostgreSQL, real Valkey, the whole application; nothing here runs unless a test asks."""

from __future__ import annotations

import asyncio
import functools
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from sqlalchemy import delete, event, func, select, update

from app.accounts.sessions import GOOD
from app.accounts.tables import users
from app.audit.tables import audit_log
from app.auth import Principal, Role, Tokens
from app.cache import session_key
from app.database import create_engine
from app.idempotency.tables import idempotency_keys
from app.local.ports import HOST
from app.local.postgres import prepare_postgres
from app.local.s3 import prepare_s3
from app.local.supervisor import Service, Supervisor
from app.local.valkey import prepare_valkey
from app.main import build_resources, create_app
from app.migrations.runner import migrate
from app.settings import PREFIX, Environment, Settings, load_settings
from app.stop import Stop
from tests.app.gallery import gallery, picture, with_storage  # noqa: F401  # fixtures
from tests.ports import find_port, find_ports

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from typing import IO, Protocol

    from sqlalchemy import Table

    from app.dependencies import Resources

    class OpenApi(Protocol):
        """Runs the application."""

        def __call__(
            self, settings: Settings, **changes: object
        ) -> AbstractAsyncContextManager[Api]:
            """Run it with these settings, some of them changed."""

    class OpenFolder(Protocol):
        """Makes a folder that PostgreSQL can enter, and takes it away."""

        def __call__(self) -> AbstractContextManager[Path]:
            """Make it."""

    class WaitUntil(Protocol):
        """Waits for a condition."""

        def __call__(self, condition: Callable[[], bool], what: str) -> None:
            """Return once it holds; fail when it never does."""

    class Serving(Protocol):
        """Runs the service as a process."""

        def __call__(
            self, *, workers: int = 1, **environment: str
        ) -> AbstractContextManager[Server]:
            """Run it with these variables besides the addresses of the servers."""

    class Command(Protocol):
        """Runs `python -m app` to its end."""

        def __call__(
            self, *arguments: str, **environment: str | None
        ) -> subprocess.CompletedProcess[str]:
            """Run it with these variables besides the addresses; None takes one away."""


ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse battery"
# Generous, because other programs may have the processor to themselves for a while.
PATIENCE_SECONDS = 60.0
MANY = 1_000_000
CONNECTIONS = 100
FEW_CONNECTIONS = 20
LOOK_EVERY_SECONDS = 0.02
# What recognising a caller and counting the request asks of Valkey, in one round trip.
GATE_COMMANDS = Counter({"evalsha": 1, "get": 1, "incr": 2, "ttl": 2})
# Loading the certificates of the world takes longer than most of these requests.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
PASSED_ON = (
    "environment",
    "bcrypt_rounds",
    "database_url",
    "cache_url",
    "jwt_private_key_file",
    "rate_limit_user",
    "rate_limit_ip",
    "rate_limit_anonymous",
    "login_failures_ip",
    "request_deadline_seconds",
)


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers behind the service are."""

    database_url: str
    cache_url: str
    processes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL that a test may stop and start."""

    settings: Settings
    service: Service
    supervisor: Supervisor

    def start(self) -> None:
        """Return when it takes connections."""
        self.supervisor.start(self.service)

    def stop(self) -> None:
        """Return when its last process has ended."""
        self.supervisor.stop_all()


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who has signed up, and a client that is logged in."""

    id: UUID
    email: str
    client: httpx.AsyncClient


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came to a service of others."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Elsewhere:
    """A service of others, on this machine: answers what it is told to, keeps what it is asked."""

    url: str = ""
    status: int = 200
    content: bytes = b"{}"
    asked: list[Asked] = field(default_factory=list)
    # Answers nothing until the test ends.
    stuck: bool = False
    ended: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """What a block of requests asked of the servers."""

    statements: list[str] = field(default_factory=list)
    commands: Counter[str] = field(default_factory=Counter)

    def past_the_gate(self) -> Counter[str]:
        """Count the commands of one request's route."""
        return self.commands - GATE_COMMANDS


@dataclass(frozen=True, slots=True)
class Api:
    """The application with its lifespan begun, and a client on which nobody is logged in."""

    app: FastAPI
    held: Resources
    transport: httpx.ASGITransport
    client: httpx.AsyncClient

    def sample(self, name: str, **labels: str) -> float:
        """Read one series of this application."""
        value = self.held.instruments.registry.get_sample_value(name, labels)
        assert value is not None, f"there is no series {name} {labels}"
        return value

    async def token(self, principal: Principal) -> str:
        """Sign a token for somebody who need not exist, with a session that is good."""
        await self.held.cache.set(session_key(principal.session_id), GOOD)
        return self.held.tokens.issue(principal)

    def with_token(self, token: str) -> httpx.AsyncClient:
        """Make a client that sends this token."""
        return httpx.AsyncClient(
            transport=self.transport,
            base_url=self.client.base_url,
            headers={"Authorization": f"Bearer {token}"},
        )

    async def join(self, role: Role = Role.USER) -> Account:
        """Sign up, take the role and log in."""
        email = f"{uuid4().hex}@people.petswipe.example"
        body = {"email": email, "password": PASSWORD, "display_name": "Someone"}
        created = await self.client.post("/api/auth/signup", json=body)
        assert created.status_code == 201, created.text
        # Over HTTP everybody is an adopter; shelters are made by whoever runs the service.
        async with self.held.engine.connect() as connection:
            await connection.execute(update(users).where(users.c.email == email).values(role=role))
        del body["display_name"]
        logged = await self.client.post("/api/auth/login", json=body)
        assert logged.status_code == 200, logged.text
        token = logged.json()["access_token"]
        return Account(self.held.tokens.verify(token).user_id, email, self.with_token(token))

    async def list_pets(self, count: int, **given: object) -> list[str]:
        """Let a new shelter list so many pets and return their ids."""
        shelter = await self.join(Role.SHELTER)
        ids: list[str] = []
        for number in range(count):
            body = new_pet(**{"name": f"Pet {number}", **given})
            created = await shelter.client.post("/api/pets", json=body)
            assert created.status_code == 201, created.text
            ids.append(created.json()["id"])
        return ids

    async def rows(self, table: Table) -> int:
        """Count the rows of a table."""
        async with self.held.engine.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(table)) or 0

    @contextmanager
    def round_trips(self) -> Iterator[RoundTrips]:
        """Record the SQL statements and count the Valkey commands of a block."""
        seen = RoundTrips()

        def note(_: object, __: object, statement: str, *___: object) -> None:
            seen.statements.append(statement)

        with Redis.from_url(str(self.held.settings.cache_url)) as observer:
            before = commands(observer)
            event.listen(self.held.engine.sync_engine, "before_cursor_execute", note)
            try:
                yield seen
            finally:
                event.remove(self.held.engine.sync_engine, "before_cursor_execute", note)
                seen.commands.update(commands(observer) - before)


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of a scrape."""

    name: str
    labels: dict[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Server:
    """The service as a process of its own."""

    process: subprocess.Popen[str]
    url: str
    metrics: list[str]
    # What each worker showed before it had answered anything.
    first: list[list[Sample]]
    log: IO[str]

    def said(self) -> str:
        """Read what it has written so far."""
        self.log.seek(0)
        return self.log.read()

    def pids(self) -> list[int]:
        """List the processes that answer requests."""
        return [int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", self.said())]

    def scrape(self) -> list[Sample]:
        """Read every series of every worker."""
        return [sample for url in self.metrics for sample in scrape(url)]

    def total(self, name: str, **labels: str) -> float:
        """Add up the series that have these labels, over all workers."""
        return sum(
            sample.value
            for sample in self.scrape()
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    @contextmanager
    def log_in(self) -> Iterator[httpx.Client]:
        """Sign an adopter up and yield a client that is logged in."""
        with httpx.Client(
            base_url=self.url, timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_TLS
        ) as client:
            body = {"email": f"{uuid4().hex}@people.petswipe.example", "password": PASSWORD}
            created = client.post("/api/auth/signup", json={**body, "display_name": "Someone"})
            assert created.status_code == 201, created.text
            token = client.post("/api/auth/login", json=body).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield client


def new_pet(**given: object) -> dict[str, object]:
    """Describe a pet that a shelter may list."""
    return {
        "name": "Rex",
        "pet_type": "dog",
        "breed": "Boxer",
        "age_months": 12,
        "gender": "male",
        "size": "large",
        "latitude": 30.2672,
        "longitude": -97.7431,
        "description": "Rex is a calm Boxer.",
        **given,
    }


def commands(observer: Redis) -> Counter[str]:
    """Return how often each command has run, but for the one that asks."""
    stats = observer.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in stats.items()}
    calls.pop("info", None)
    return Counter(calls)


def fetch(url: str) -> httpx.Response:
    """Get a page of this machine; proxies and certificates of its user have no part in it."""
    return httpx.get(url, timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_TLS)


def scrape(url: str) -> list[Sample]:
    """Read the series of one metrics port."""
    text = fetch(url).text
    return [
        Sample(sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def answers(url: str) -> bool:
    """Say whether somebody answers 200 there."""
    try:
        return fetch(url).status_code == 200
    except httpx.TransportError:
        return False


def poll_until(condition: Callable[[], bool], what: str) -> None:
    """Return once the condition holds; fail when it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(LOOK_EVERY_SECONDS)


def is_alive(pid: int) -> bool:
    """Say whether a process is there; one that has ended and was not collected is not."""
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat").read_text() if sys.platform == "linux" else ""
    except (ProcessLookupError, FileNotFoundError):
        return False
    return not status.rpartition(")")[2].startswith(" Z")


def write_key(path: Path) -> Path:
    """Write a new RSA key that can sign access tokens."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@contextmanager
def run_elsewhere() -> Iterator[Elsewhere]:
    """Serve what a test says, on a port of its own."""
    there = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            there.asked.append(Asked(self.path, dict(self.headers), body))
            if there.stuck:
                there.ended.wait(PATIENCE_SECONDS)
                return
            with suppress(ConnectionError):
                self.send_response(there.status)
                self.send_header("Content-Length", str(len(there.content)))
                self.end_headers()
                self.wfile.write(there.content)

        do_GET = do_POST = answer  # noqa: N815  # the names that the library looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        there.url = f"http://{HOST}:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=[LOOK_EVERY_SECONDS])
        thread.start()
        try:
            yield there
        finally:
            there.ended.set()
            server.shutdown()
            thread.join()


@contextmanager
def make_folder() -> Iterator[Path]:
    """Make a folder that PostgreSQL can enter under whichever user it runs."""
    folder = Path(tempfile.mkdtemp(prefix="petswipe-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def run_servers(folder: Path) -> Iterator[Servers]:
    """Start PostgreSQL and Valkey with nothing in them."""
    logs = folder / "logs"
    logs.mkdir()
    supervisor = Supervisor(logs, Stop())
    try:
        postgres = prepare_postgres(folder, find_port(), CONNECTIONS)
        valkey = prepare_valkey(folder, find_port())
        supervisor.start(postgres.service)
        supervisor.start(valkey.service)
        yield Servers(postgres.url, valkey.url, supervisor.pids)
    finally:
        supervisor.stop_all()


async def prepare(settings: Settings) -> None:
    """Bring the schema to its newest revision."""
    engine = create_engine(settings)
    await migrate(engine)
    await engine.dispose()


async def forget(settings: Settings) -> None:
    """Take away what other tests have stored: nearly everything hangs on its account."""
    tables = (users, idempotency_keys, audit_log)
    await execute(str(settings.database_url), ";".join(str(delete(table)) for table in tables))
    with Redis.from_url(str(settings.cache_url)) as cache:
        cache.flushdb()


async def execute(database_url: str, statement: str) -> None:
    """Run one statement in a session of its own."""
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def start(
    *arguments: str, environment: dict[str, str], output: IO[str] | int = subprocess.PIPE
) -> Iterator[subprocess.Popen[str]]:
    """Start `python -m app`; what is left of it at the end is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def run_server(environment: dict[str, str], workers: int) -> Iterator[Server]:
    """Run `python -m app serve` until it answers."""
    port, management = find_port(), find_ports(workers)
    arguments = ["serve", "--port", str(port), "--workers", str(workers)]
    arguments += ["--management-port", str(management[0])]
    with (
        make_folder() as folder,
        # Appended to, because reading moves the position that it shares with the processes.
        (folder / "log").open("a+") as log,
        start(*arguments, environment=environment, output=log) as process,
    ):
        url = f"http://{HOST}:{port}"
        metrics = [f"http://{HOST}:{port}/metrics" for port in management]

        def wait_for(address: str) -> None:
            poll_until(lambda: process.poll() is not None or answers(address), address)
            log.seek(0)
            assert process.poll() is None, log.read()

        for address in metrics:
            wait_for(address)
        first = [scrape(address) for address in metrics]
        wait_for(f"{url}/health")
        yield Server(process, url, metrics, first, log)


@asynccontextmanager
async def run_api(settings: Settings, **changes: object) -> AsyncIterator[Api]:
    """Build the application, begin its lifespan, end it."""
    held = build_resources(Settings.model_validate({**settings.model_dump(), **changes}))
    wrapped = create_app(held)
    app: Any = wrapped
    while not isinstance(app, FastAPI):
        app = app.app
    # Like a real server, the transport answers 500 where the application raises.
    transport = httpx.ASGITransport(wrapped, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://petswipe.example") as client,
    ):
        yield Api(app, held, transport, client)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def no_settings() -> Iterator[None]:
    """Keep settings of whoever runs the tests away from them and from their processes."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def key_file() -> Iterator[Path]:
    """A key that signs access tokens."""
    with make_folder() as folder, pytest.MonkeyPatch.context() as patch:
        # Checking the primes of a key takes longer than building the rest of an application, and
        # every test builds one: this process checks each key once.
        load = functools.cache(serialization.load_pem_private_key)
        patch.setattr(serialization, "load_pem_private_key", load)
        yield write_key(folder / "jwt.pem")


@pytest.fixture(scope="session")
def servers(no_settings: None) -> Iterator[Servers]:  # noqa: ARG001  # asked for what it does
    with make_folder() as folder, run_servers(folder) as servers:
        yield servers


@pytest.fixture(scope="session")
def s3(no_settings: None) -> Iterator[str]:  # noqa: ARG001  # asked for what it does
    """Address of an S3 with nothing in it; the environment has credentials, any will do."""
    with make_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        supervisor = Supervisor(folder, Stop())
        port = find_port()
        try:
            supervisor.start(prepare_s3(port))
            yield f"http://{HOST}:{port}"
        finally:
            supervisor.stop_all()


@pytest.fixture(scope="session")
def settings_for(key_file: Path) -> Callable[..., Settings]:
    def settings(database_url: str, cache_url: str, **given: object) -> Settings:
        return load_settings(
            environment=Environment.TEST,
            bcrypt_rounds=4,
            # All tests come from one address; those about limits set their own.
            rate_limit_user=MANY,
            rate_limit_ip=MANY,
            rate_limit_anonymous=MANY,
            login_failures_ip=MANY,
            # Hundreds of requests at once on a busy machine take their time.
            request_deadline_seconds=30,
            # A busy machine is no cache that is away: PostgreSQL does not know these sessions.
            cache_timeout_seconds=2,
            jwt_private_key_file=key_file,
            database_url=database_url,
            cache_url=cache_url,
            **given,
        )

    return settings


@pytest.fixture(scope="session")
def migrated(servers: Servers, settings_for: Callable[..., Settings]) -> Settings:
    settings = settings_for(servers.database_url, servers.cache_url)
    asyncio.run(prepare(settings))
    return settings


@pytest.fixture
def settings(migrated: Settings) -> Settings:
    """Settings of an application whose database and cache are empty."""
    asyncio.run(forget(migrated))
    return migrated


@pytest.fixture
def empty_database(servers: Servers) -> Iterator[str]:
    """Address of a new database without a schema."""
    name = f"test_{uuid4().hex}"
    asyncio.run(execute(servers.database_url, f"CREATE DATABASE {name}"))
    yield servers.database_url.rpartition("/")[0] + f"/{name}"
    asyncio.run(execute(servers.database_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def cluster(servers: Servers, settings_for: Callable[..., Settings]) -> Iterator[Cluster]:
    """A migrated PostgreSQL of a test's own, with room for few sessions."""
    with make_folder() as folder:
        postgres = prepare_postgres(folder, find_port(), FEW_CONNECTIONS)
        settings = settings_for(postgres.url, servers.cache_url, database_timeout_seconds=30)
        cluster = Cluster(settings, postgres.service, Supervisor(folder, Stop()))
        try:
            cluster.start()
            asyncio.run(prepare(settings))
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(scope="session")
def environment(migrated: Settings) -> dict[str, str]:
    """The variables of a process that serves the same as `api`."""
    return {f"{PREFIX}{name.upper()}": str(getattr(migrated, name)) for name in PASSED_ON}


@pytest.fixture(scope="session")
def serving(environment: dict[str, str]) -> Serving:
    def serve(*, workers: int = 1, **given: str) -> AbstractContextManager[Server]:
        return run_server({**environment, **given}, workers)

    return serve


@pytest.fixture(scope="session")
def command(environment: dict[str, str]) -> Command:
    def run(*arguments: str, **given: str | None) -> subprocess.CompletedProcess[str]:
        wanted = {**environment, **given}
        variables = {name: value for name, value in wanted.items() if value is not None}
        with start(*arguments, environment=variables) as process:
            said, complained = process.communicate(timeout=PATIENCE_SECONDS)
        return subprocess.CompletedProcess(arguments, process.returncode, said, complained)

    return run


@pytest.fixture(scope="session")
def web() -> Iterator[httpx.Client]:
    """A client for servers of this machine."""
    with httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_TLS) as client:
        yield client


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with run_elsewhere() as there:
        yield there


@pytest.fixture(scope="session")
def open_folder() -> OpenFolder:
    return make_folder


@pytest.fixture(scope="session")
def wait_until() -> WaitUntil:
    return poll_until


@pytest.fixture(scope="session")
def alive() -> Callable[[int], bool]:
    return is_alive


@pytest.fixture
def key_token(migrated: Settings) -> str:
    """A token that every server of these tests lets in, without an account."""
    session_id = uuid4()
    with Redis.from_url(str(migrated.cache_url)) as cache:
        cache.set(session_key(session_id), GOOD)
    return Tokens(migrated).issue(Principal(uuid4(), Role.USER, session_id))


@pytest.fixture
def free_port() -> int:
    return find_port()


@pytest.fixture
def open_api() -> OpenApi:
    return run_api


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    async with run_api(settings) as api:
        yield api


@pytest.fixture
async def adopter(api: Api) -> Account:
    return await api.join()


@pytest.fixture
async def shelter(api: Api) -> Account:
    return await api.join(Role.SHELTER)
