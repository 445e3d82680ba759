"""A real Prometheus for the gate, and the kit as a workflow of another repository gets it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.slo.conftest import serve
from tests.workflows.reading import ROOT

__all__ = ["serve"]


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out the repository beside no workspace, with the environment of these tests in it."""
    folder = tmp_path_factory.mktemp("kit")
    for path in ROOT.iterdir():
        if path.name not in {".venv", ".git", "out"}:
            (folder / path.name).symlink_to(path)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    return folder
