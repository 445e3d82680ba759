"""Prometheus' own checkers, on the committed files."""

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
# Other programs may have the cores to themselves for a while; nothing here measures time.
PATIENCE_SECONDS = 110


@pytest.fixture(scope="session")
def promtool() -> Run:
    """Return a function that runs promtool."""
    return runner("promtool")


@pytest.fixture(scope="session")
def amtool() -> Run:
    """Return a function that runs amtool."""
    return runner("amtool")


def runner(name: str) -> Run:
    """Find a tool, and return a function that runs it on absolute paths."""
    tool = find_tool(name, TOOLS, print)

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
