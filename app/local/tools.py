"""Finding Prometheus, Alertmanager and exporters: on PATH, fetched before, or by a package manager.

Packages are unpacked into a folder of ours and not installed: an installed one would start
services on the very ports we want, and would need root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.local.supervisor import StackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Debian's names differ from their authors'.
NAMES = {
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
    "blackbox_exporter": ("blackbox_exporter", "prometheus-blackbox-exporter"),
    "node_exporter": ("node_exporter", "prometheus-node-exporter"),
    "postgres_exporter": ("postgres_exporter", "prometheus-postgres-exporter"),
    "redis_exporter": ("redis_exporter", "prometheus-redis-exporter"),
}
# The package that has a program: Debian's, and Homebrew's where it has one.
PACKAGES = {
    "prometheus": ("prometheus", "prometheus"),
    "promtool": ("prometheus", "prometheus"),
    "alertmanager": ("prometheus-alertmanager", "alertmanager"),
    "amtool": ("prometheus-alertmanager", "alertmanager"),
    "blackbox_exporter": ("prometheus-blackbox-exporter", None),
    "node_exporter": ("prometheus-node-exporter", "node_exporter"),
    "postgres_exporter": ("prometheus-postgres-exporter", None),
    "redis_exporter": ("prometheus-redis-exporter", None),
    # No part of the stack: another server that the gate of production must understand.
    "victoria-metrics": ("victoria-metrics", "victoriametrics"),
}
FETCH_SECONDS = 300
# Debian's builds read templates and web pages from this absolute path. A relative one of the same
# length, read with the unpack folder as working directory, needs no root and no installation.
BUILT_IN = b"/usr/share/prometheus"
RELOCATED = b"usr/share//prometheus"
HELP = (
    "put `prometheus`, `promtool`, `alertmanager` and `amtool` on PATH "
    "(apt-get install prometheus prometheus-alertmanager, brew install prometheus alertmanager, "
    "or the release archives of the Prometheus project)"
)


@dataclass(frozen=True, slots=True)
class Tool:
    """A program and the folder to start it in; an unpacked one finds its own files only there."""

    path: Path
    cwd: Path | None


def find_tool(name: str, folder: Path, say: Callable[[str], None]) -> Tool:
    """Find a program, fetching it into `folder` when it is nowhere.

    Raises StackError with one sentence that says how to get it when it cannot be had.
    """
    found = find_tools([name], folder, say)
    if name not in found:
        raise StackError(f"{name} is not to be found: {HELP}")
    return found[name]


def find_tools(names: Iterable[str], folder: Path, say: Callable[[str], None]) -> dict[str, Tool]:
    """Find programs, fetching all missing ones at once; leaves out what cannot be had."""
    found = {name: _look(name, folder) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        is_are = "is" if len(missing) == 1 else "are"
        what = "it" if len(missing) == 1 else "them"
        say(f"{', '.join(missing)} {is_are} not on PATH; fetching {what} once")
        _fetch(missing, folder)
        found |= {name: _look(name, folder) for name in missing}
    return {name: _tool(path, folder) for name, path in found.items() if path is not None}


def _tool(path: Path, folder: Path) -> Tool:
    path, folder = path.resolve(), folder.resolve()
    return Tool(path, folder if path.is_relative_to(folder) else None)


def _look(name: str, folder: Path) -> Path | None:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(folder / "usr" / "bin")])
    for candidate in NAMES.get(name, (name,)):
        found = shutil.which(candidate, path=path)
        if found is not None:
            return Path(found)
    return None


def _fetch(names: Iterable[str], folder: Path) -> None:
    debian, brew = zip(*(PACKAGES[name] for name in names), strict=True)
    if shutil.which("apt-get") and shutil.which("dpkg"):
        _fetch_from_debian(sorted(set(debian)), folder)
    elif shutil.which("brew") and (formulas := sorted({name for name in brew if name})):
        _run(["brew", "install", *formulas])


def _fetch_from_debian(packages: list[str], folder: Path) -> None:
    """Download the packages and unpack them; nothing on the system changes, no root needed."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="petswipe-apt-") as scratch:
        here = Path(scratch)
        _download(packages, here)
        for package in here.glob("*.deb"):
            _run(["dpkg", "-x", str(package), str(here / "unpacked")])
        _relocate(here / "unpacked" / "usr" / "bin")
        _merge(here / "unpacked", folder)


def _download(packages: list[str], here: Path) -> None:
    download = ["apt-get", "-qq", "download"]
    if _run([*download, *packages], here) == 0:
        return
    # No package lists yet, or old ones: make our own beside the system's.
    private = _private_lists(here)
    if _run(["apt-get", "-qq", *private, "update"], here) != 0:
        return
    download = ["apt-get", "-qq", *private, "download"]
    if _run([*download, *packages], here) != 0:
        # One that this system does not have keeps apt-get from fetching the others.
        for package in packages:
            _run([*download, package], here)


def _merge(unpacked: Path, folder: Path) -> None:
    """Add files in one step each: a program that somebody runs can be replaced, not written to."""
    for path in unpacked.rglob("*"):
        target = folder / path.relative_to(unpacked)
        if path.is_dir() and not path.is_symlink():
            target.mkdir(parents=True, exist_ok=True)
        else:
            part = target.with_name(f"{target.name}.{os.getpid()}")
            shutil.copy2(path, part, follow_symlinks=False)
            part.replace(target)


def _relocate(programs: Path) -> None:
    """Make unpacked programs find their files relative to the working directory."""
    for program in programs.glob("*"):
        built = program.read_bytes()
        if BUILT_IN in built:
            program.write_bytes(built.replace(BUILT_IN, RELOCATED))


def _private_lists(here: Path) -> list[str]:
    for name in ("lists/partial", "cache/archives/partial"):
        (here / name).mkdir(parents=True)
    options = {
        "Dir::State::Lists": here / "lists",
        "Dir::Cache": here / "cache",
        "APT::Sandbox::User": "",
    }
    return [part for key, value in options.items() for part in ("-o", f"{key}={value}")]


def _run(command: list[str], cwd: Path | None = None) -> int:
    """Run a package manager's command and return its exit code; it prints only when it fails."""
    try:
        done = subprocess.run(  # noqa: S603  # commands are built here, not read
            command, check=False, cwd=cwd, capture_output=True, timeout=FETCH_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return 1
    return done.returncode
