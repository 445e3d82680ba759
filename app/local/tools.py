"""Finding Prometheus and Alertmanager: on PATH, fetched before, or by the package manager.

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
    from collections.abc import Callable

# Debian's name for Alertmanager differs from its authors'.
NAMES = {"alertmanager": ("alertmanager", "prometheus-alertmanager")}
DEBIAN_PACKAGES = ("prometheus", "prometheus-alertmanager")
BREW_PACKAGES = ("prometheus", "alertmanager")
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
    found = _look(name, folder)
    if found is None:
        say(f"{name} is not on PATH; fetching it once")
        _fetch(folder)
        found = _look(name, folder)
    if found is None:
        raise StackError(f"{name} is not to be found: {HELP}")
    found = found.resolve()
    return Tool(found, folder.resolve() if found.is_relative_to(folder.resolve()) else None)


def _look(name: str, folder: Path) -> Path | None:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(folder / "usr" / "bin")])
    for candidate in NAMES.get(name, (name,)):
        found = shutil.which(candidate, path=path)
        if found is not None:
            return Path(found)
    return None


def _fetch(folder: Path) -> None:
    if shutil.which("apt-get") and shutil.which("dpkg"):
        _fetch_from_debian(folder)
    elif shutil.which("brew"):
        _run(["brew", "install", *BREW_PACKAGES])


def _fetch_from_debian(folder: Path) -> None:
    """Download the packages and unpack them; nothing on the system changes, no root needed."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="petswipe-apt-") as scratch:
        here = Path(scratch)
        download = ["apt-get", "-qq", "download", *DEBIAN_PACKAGES]
        if _run(download, here) != 0:
            # No package lists yet, or old ones: make our own beside the system's.
            private = _private_lists(here)
            if _run(["apt-get", "-qq", *private, "update"], here) != 0:
                return
            _run(["apt-get", "-qq", *private, *download[2:]], here)
        for package in here.glob("*.deb"):
            _run(["dpkg", "-x", str(package), str(here / "unpacked")])
        _relocate(here / "unpacked" / "usr" / "bin")
        shutil.copytree(here / "unpacked", folder, symlinks=True, dirs_exist_ok=True)


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
