"""The embedded stack: the real servers around the API, up until asked to stop."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.local.exporters import PROGRAMS, plan_exporters, prepare_exporters
from app.local.monitoring import (
    TARGETS,
    Places,
    prepare_alertmanager,
    prepare_prometheus,
    write_alertmanager_folder,
    write_prometheus_folder,
)
from app.local.notifications import FILE as NOTIFICATIONS
from app.local.notifications import Receiver
from app.local.plan import plan_ports
from app.local.ports import HOST, Ports
from app.local.postgres import prepare_postgres
from app.local.probes import answers
from app.local.s3 import prepare_s3
from app.local.state import StackState
from app.local.supervisor import Service, StackError, Supervisor
from app.local.tools import HELP, find_tools
from app.local.valkey import prepare_valkey
from app.settings import PREFIX, load_settings
from app.telemetry.catalog import DISPATCH_JOB, HEALTH_STARTUP, JOB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.local.exporters import Exporters
    from app.local.plan import Plan, StackOptions
    from app.local.tools import Tool
    from app.stop import Stop


# Sessions that are not the API's: the dispatcher, seeding, counting, somebody's psql.
RESERVED_CONNECTIONS = 20
KEY_BITS = 2048
ATTEMPTS = 3
# What commands tell of themselves, like `backup --textfile`.
TEXTS = "textfile"
# The job of a load generator.
LOAD = "load"
CONFIGURATION = "prometheus"
MONITORING = ("prometheus", "alertmanager")


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
        ports = Ports(wishing=left == ATTEMPTS - 1)
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
    tools = {} if options.bare else _find_tools(options, say)
    plan, exporters = plan_ports(options, ports), plan_exporters(tools, ports)
    # Before anything starts as well: it refuses what is missing or no interval.
    monitoring = _monitoring(options, plan, folder, tools, exporters) if tools else ()
    for moved in ports.moved:
        say(moved)
    connections = options.workers * settings.pool_size + RESERVED_CONNECTIONS
    postgres = prepare_postgres(folder, plan.postgres, connections)
    valkey = prepare_valkey(folder, plan.valkey)
    environment = {
        f"{PREFIX}DATABASE_URL": postgres.url,
        f"{PREFIX}CACHE_URL": valkey.url,
        f"{PREFIX}JWT_PRIVATE_KEY_FILE": str(key),
    }
    start = _starter(supervisor, say)
    start(postgres.service, valkey.service)
    say("migrating the schema")
    supervisor.run("migrate", [sys.executable, "-m", "app", "migrate"], environment)
    if options.bare:
        return StackState(
            "", "", "", "", "", "", [], environment, supervisor.pids, str(options.out)
        )
    start(prepare_s3(plan.s3))
    with_s3 = {**environment, **_s3(plan), f"{PREFIX}PROMETHEUS_URL": plan.prometheus_url}
    supervisor.run("storage", [sys.executable, "-m", "app", "storage", "init"], with_s3)
    supervisor.attend(Receiver(plan.webhook, options.out / NOTIFICATIONS, say))
    start(_api(plan, options.workers, with_s3), _dispatcher(plan, environment))
    texts = options.out / TEXTS
    start(*prepare_exporters(exporters, folder, texts, postgres.url, valkey.url), *monitoring)
    return _state(plan, environment, supervisor.pids, options.out, folder / CONFIGURATION)


def _starter(supervisor: Supervisor, say: Callable[[str], None]) -> Callable[..., None]:
    def start(*services: Service) -> None:
        for service in services:
            say(f"starting {service.name}")
            supervisor.start(service)

    return start


def _find_tools(options: StackOptions, say: Callable[[str], None]) -> dict[str, Tool]:
    """Find Prometheus and Alertmanager, and those exporters that can be had."""
    wanted = [name for name, _ in PROGRAMS.values()] if options.exporters else []
    found = find_tools([*MONITORING, *wanted], options.tools, say)
    for name in MONITORING:
        if name not in found:
            raise StackError(f"{name} is not to be found: {HELP}")
    if missing := [name for name in wanted if name not in found]:
        say(f"{', '.join(missing)} cannot be had; going on without")
    return found


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


def _api(plan: Plan, workers: int, environment: dict[str, str]) -> Service:
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


def _s3(plan: Plan) -> dict[str, str]:
    # The server takes any credentials, and boto3 asks for some.
    credentials = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    return {f"{PREFIX}STORAGE_ENDPOINT": f"http://{HOST}:{plan.s3}", **credentials}


def _dispatcher(plan: Plan, environment: dict[str, str]) -> Service:
    port = plan.dispatcher
    command = [sys.executable, "-m", "app", "dispatch", "--management-port", str(port)]
    return Service("dispatcher", command, answers(port, "/metrics"), environment)


def _monitoring(
    options: StackOptions, plan: Plan, folder: Path, tools: dict[str, Tool], exporters: Exporters
) -> tuple[Service, Service]:
    runbooks = f"http://{HOST}:{plan.management[0]}/runbooks"
    places = Places(plan.webhook_url, runbooks, plan.alertmanager_url)
    targets = {
        JOB: plan.management,
        DISPATCH_JOB: [plan.dispatcher],
        **exporters.targets(),
        "blackbox": [],  # nothing here has a certificate
        "prometheus": [plan.prometheus],
        "alertmanager": [plan.alertmanager],
        LOAD: [],  # named by whoever sends one
    }
    config = write_prometheus_folder(
        options.generated, folder / CONFIGURATION, targets, places, options.scrape_interval
    )
    routes = write_alertmanager_folder(options.generated, folder / "routes", places)
    data = folder / "alertmanager"
    series = (options.out / "prometheus").resolve()
    return (
        prepare_alertmanager(tools["alertmanager"], routes, data, plan.alertmanager),
        prepare_prometheus(tools["prometheus"], config, series, plan.prometheus),
    )


def _state(
    plan: Plan,
    environment: dict[str, str],
    processes: dict[str, int],
    out: Path,
    prometheus: Path,
) -> StackState:
    return StackState(
        api=f"http://{HOST}:{plan.api}",
        prometheus=plan.prometheus_url,
        targets=str(prometheus / TARGETS),
        alertmanager=plan.alertmanager_url,
        webhook=plan.webhook_url,
        s3=f"http://{HOST}:{plan.s3}",
        management=[f"http://{HOST}:{port}" for port in plan.management],
        environment=environment,
        processes=processes,
        out=str(out),
    )
