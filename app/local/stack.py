"""The embedded stack: the real servers around the API, up until asked to stop."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.local.monitoring import (
    prepare_alertmanager,
    prepare_prometheus,
    write_prometheus_folder,
)
from app.local.ports import HOST, Ports
from app.local.postgres import prepare_postgres
from app.local.probes import answers
from app.local.s3 import prepare_s3
from app.local.supervisor import Service, StackError, Supervisor
from app.local.tools import find_tool
from app.local.valkey import prepare_valkey
from app.settings import PREFIX, load_settings
from app.telemetry.catalog import DISPATCH_JOB, HEALTH_STARTUP, JOB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.local.tools import Tool
    from app.stop import Stop


# Sessions that are not the API's: the dispatcher, seeding, counting, somebody's psql.
RESERVED_CONNECTIONS = 20
KEY_BITS = 2048
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class StackOptions:
    """What `up` can be told. Ports are wishes: a taken one is avoided and named."""

    out: Path
    generated: Path
    tools: Path
    workers: int = 2
    port: int = 8000
    management_port: int = 9464
    dispatch_port: int = 9474
    scrape_interval: str | None = None
    # Without the API and what watches it: whoever measures starts servers of their own.
    bare: bool = False


@dataclass(frozen=True, slots=True)
class StackState:
    """Where everything is, empty for what a bare stack has not; for programs that drive it."""

    api: str
    prometheus: str
    alertmanager: str
    s3: str
    management: list[str]
    environment: dict[str, str]
    processes: dict[str, int]
    out: str

    def write(self, path: Path) -> None:
        """Write it in one step, readable by this user only: the addresses hold passwords."""
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(asdict(self), indent=2))
        part.replace(path)


@contextmanager
def stack(
    options: StackOptions, stop: Stop, say: Callable[[str], None]
) -> Iterator[tuple[StackState, Supervisor]]:
    """Start everything, each server when the one before it is ready; stop everything at the end.

    Raises MisconfiguredError before anything starts when the API would refuse its settings,
    StackError when a server does not come up. Passwords and data live in a temporary folder that
    goes with the stack; logs and Prometheus' data stay in `options.out`.
    """
    with ExitStack() as cleanup:
        folder = _temporary_folder(cleanup)
        logs = options.out / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        supervisor = Supervisor(logs, stop)
        cleanup.callback(supervisor.stop_all)
        yield _start_on_free_ports(options, folder, supervisor, say), supervisor


def _start_on_free_ports(
    options: StackOptions, folder: Path, supervisor: Supervisor, say: Callable[[str], None]
) -> StackState:
    """Start everything; begin again when somebody has taken a port between our look and our use."""
    for left in reversed(range(ATTEMPTS)):
        ports = Ports()
        attempt = folder / str(left)
        attempt.mkdir()
        attempt.chmod(stat.S_IMODE(folder.stat().st_mode))
        try:
            return _start(options, attempt, supervisor, ports, say)
        except StackError:
            supervisor.stop_all()
            lost = ports.lost()
            if not lost or left == 0:
                raise
            say(f"taken meanwhile: {', '.join(map(str, lost))}; starting again")
    raise AssertionError  # the last attempt returns or raises


def _temporary_folder(cleanup: ExitStack) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="petswipe-"))
    cleanup.callback(shutil.rmtree, folder)
    if os.geteuid() == 0:
        # PostgreSQL runs as nobody and must reach its folder; everything inside guards itself.
        folder.chmod(0o711)
    return folder


@dataclass(frozen=True, slots=True)
class _Plan:
    """The port of every server."""

    postgres: int
    valkey: int
    s3: int
    api: int
    management: list[int]
    dispatcher: int
    prometheus: int
    alertmanager: int


def _plan(options: StackOptions, ports: Ports, say: Callable[[str], None]) -> _Plan:
    plan = _Plan(
        postgres=ports.choose("PostgreSQL", 5432),
        valkey=ports.choose("Valkey", 6379),
        s3=ports.choose("S3", 9000),
        api=ports.choose("the API", options.port),
        management=ports.choose_run("metrics", options.management_port, options.workers),
        dispatcher=ports.choose("the dispatcher", options.dispatch_port),
        prometheus=ports.choose("Prometheus", 9090),
        alertmanager=ports.choose("Alertmanager", 9093),
    )
    for moved in ports.moved:
        say(moved)
    return plan


def _start(
    options: StackOptions,
    folder: Path,
    supervisor: Supervisor,
    ports: Ports,
    say: Callable[[str], None],
) -> StackState:
    key = _write_key(folder)
    # Checked before anything starts; the addresses are known only later.
    settings = load_settings(
        database_url=f"postgresql://{HOST}", cache_url=f"redis://{HOST}", jwt_private_key_file=key
    )
    names = () if options.bare else ("prometheus", "alertmanager")
    tools = [find_tool(name, options.tools, say) for name in names]
    plan = _plan(options, ports, say)
    # Before anything starts as well: it refuses what is missing or no interval.
    monitoring = _monitoring(options, plan, folder, tools) if tools else ()
    connections = options.workers * settings.pool_size + RESERVED_CONNECTIONS
    postgres = prepare_postgres(folder, plan.postgres, connections)
    valkey = prepare_valkey(folder, plan.valkey)
    environment = {
        f"{PREFIX}DATABASE_URL": postgres.url,
        f"{PREFIX}CACHE_URL": valkey.url,
        f"{PREFIX}JWT_PRIVATE_KEY_FILE": str(key),
    }
    storage = () if options.bare else (prepare_s3(plan.s3),)
    for service in (postgres.service, valkey.service, *storage):
        say(f"starting {service.name}")
        supervisor.start(service)
    say("migrating the schema")
    supervisor.run("migrate", [sys.executable, "-m", "app", "migrate"], environment)
    if options.bare:
        return StackState("", "", "", "", [], environment, supervisor.pids, str(options.out))
    with_s3 = {**environment, **_s3(plan)}
    supervisor.run("storage", [sys.executable, "-m", "app", "storage", "init"], with_s3)
    api = _api(plan, options.workers, with_s3)
    for service in (api, _dispatcher(plan, environment), *monitoring):
        say(f"starting {service.name}")
        supervisor.start(service)
    return _state(plan, environment, supervisor.pids, options.out)


def _write_key(folder: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "jwt.pem"
    path.touch(mode=0o600)
    path.write_bytes(pem)
    return path


def _api(plan: _Plan, workers: int, environment: dict[str, str]) -> Service:
    command = [sys.executable, "-m", "app", "serve", "--host", HOST, "--port", str(plan.api)]
    command += ["--workers", str(workers), "--management-port", str(plan.management[0])]
    metrics = [answers(port, "/metrics") for port in plan.management]
    started = answers(plan.api, HEALTH_STARTUP.template)
    return Service(
        "api",
        command,
        lambda: all(worker() for worker in metrics) and started(),
        environment,
    )


def _s3(plan: _Plan) -> dict[str, str]:
    # The server takes any credentials, and boto3 asks for some.
    credentials = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    return {f"{PREFIX}STORAGE_ENDPOINT": f"http://{HOST}:{plan.s3}", **credentials}


def _dispatcher(plan: _Plan, environment: dict[str, str]) -> Service:
    port = plan.dispatcher
    command = [sys.executable, "-m", "app", "dispatch", "--management-port", str(port)]
    return Service("dispatcher", command, answers(port, "/metrics"), environment)


def _monitoring(
    options: StackOptions, plan: _Plan, folder: Path, tools: list[Tool]
) -> tuple[Service, Service]:
    prometheus, alertmanager = tools
    config = write_prometheus_folder(
        options.generated,
        folder / "prometheus",
        {JOB: plan.management, DISPATCH_JOB: [plan.dispatcher]},
        plan.alertmanager,
        options.scrape_interval,
    )
    data = options.out / "prometheus"
    return (
        prepare_alertmanager(
            alertmanager, options.generated, folder / "alertmanager", plan.alertmanager
        ),
        prepare_prometheus(prometheus, config, data.resolve(), plan.prometheus),
    )


def _state(
    plan: _Plan, environment: dict[str, str], processes: dict[str, int], out: Path
) -> StackState:
    return StackState(
        api=f"http://{HOST}:{plan.api}",
        prometheus=f"http://{HOST}:{plan.prometheus}",
        alertmanager=f"http://{HOST}:{plan.alertmanager}",
        s3=f"http://{HOST}:{plan.s3}",
        management=[f"http://{HOST}:{port}" for port in plan.management],
        environment=environment,
        processes=processes,
        out=str(out),
    )
