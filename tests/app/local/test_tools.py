from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.local.supervisor import StackError
from app.local.tools import find_tool

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
