from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from app.local.supervisor import StackError
from app.local.tools import find_tool, find_tools

if TYPE_CHECKING:
    from pathlib import Path


def put_program(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_program_on_the_path_is_preferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = put_program(tmp_path / "bin", "prometheus")
    put_program(tmp_path / "tools" / "usr" / "bin", "prometheus")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    said: list[str] = []
    tool = find_tool("prometheus", tmp_path / "tools", said.append)
    assert (tool.path, tool.cwd) == (installed, None)
    assert said == []


def test_a_program_that_was_fetched_before_starts_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    # As Debian names it.
    fetched = put_program(tools / "usr" / "bin", "prometheus-alertmanager")
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    tool = find_tool("alertmanager", tools, said.append)
    assert (tool.path, tool.cwd) == (fetched, tools)
    assert said == []


def test_a_program_that_nobody_has_is_named_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No package manager is there either.
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    with pytest.raises(StackError, match=r"^prometheus is not to be found: put `prometheus`"):
        find_tool("prometheus", tmp_path / "tools", said.append)
    assert said == ["prometheus is not on PATH; fetching it once"]


# What stands in for Debian's package manager: it downloads what it has, or nothing at all.
APT_GET = """#!{sh}
echo "$*" >> {log}
while [ $# -gt 0 ] && [ "$1" != download ]; do shift; done
[ $# -gt 0 ] || exit 0
shift
for package in "$@"; do [ -e {archive}/$package.deb ] || exit 100; done
for package in "$@"; do cp {archive}/$package.deb .; done
"""
DPKG = """#!{sh}
mkdir -p "$3/usr/bin"
cp "$2" "$3/usr/bin/$(basename "$2" .deb)"
chmod +x "$3/usr/bin/$(basename "$2" .deb)"
"""


def put_package_manager(folder: Path, archive: Path, *packages: str) -> Path:
    """Put an archive of packages and what fetches from it into a folder; returns its log."""
    archive.mkdir()
    log = archive / "log"
    for package in packages:
        (archive / f"{package}.deb").write_text("#!/bin/sh\n")
    words = {"sh": shutil.which("sh"), "log": log, "archive": archive}
    for name, script in (("apt-get", APT_GET), ("dpkg", DPKG)):
        put_program(folder, name).write_text(script.format(**words))
    for name in ("sh", "cp", "mkdir", "chmod", "basename"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return log


def test_all_that_is_missing_is_fetched_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = ("prometheus", "prometheus-node-exporter", "prometheus-redis-exporter")
    log = put_package_manager(tmp_path / "bin", tmp_path / "archive", *packages)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    said: list[str] = []
    wanted = ("prometheus", "node_exporter", "redis_exporter")
    found = find_tools(wanted, tmp_path / "tools", said.append)
    assert set(found) == set(wanted)
    assert said == ["prometheus, node_exporter, redis_exporter are not on PATH; fetching them once"]
    assert log.read_text() == f"-qq download {' '.join(packages)}\n"
    assert find_tools(wanted, tmp_path / "tools", said.append) == found
    assert len(said) == 1


def test_a_package_that_is_not_there_keeps_none_of_the_others_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_package_manager(tmp_path / "bin", tmp_path / "archive", "prometheus")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    found = find_tools(("prometheus", "redis_exporter"), tmp_path / "tools", print)
    assert set(found) == {"prometheus"}


def test_a_program_that_runs_is_replaced_and_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_package_manager(tmp_path / "bin", tmp_path / "archive", "prometheus")
    sleep = shutil.which("sleep")
    assert sleep is not None
    # The package has two programs; one was fetched before, and runs.
    running = tmp_path / "tools" / "usr" / "bin" / "prometheus"
    running.parent.mkdir(parents=True)
    shutil.copy(sleep, running)
    process = subprocess.Popen([running, "60"])
    try:
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        find_tools(["promtool"], tmp_path / "tools", print)
        assert running.read_text() == "#!/bin/sh\n"
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    assert [path.name for path in running.parent.iterdir()] == ["prometheus"]
