"""Prometheus' own checker, for what panels ask."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.local.tools import find_tool

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

TOOLS = Path(__file__).parents[2] / ".tools"
PATIENCE_SECONDS = 60


@pytest.fixture(scope="session")
def promtool() -> Run:
    """Return a function that runs promtool on absolute paths."""
    tool = find_tool("promtool", TOOLS, print)

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tool.path, *arguments],
            cwd=tool.cwd,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    return run
