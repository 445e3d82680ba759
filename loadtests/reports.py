"""Writing a result down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from loadtests.result import run_document

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.result import RunResult


def write_reports(result: RunResult, out: Path) -> list[Path]:
    """Write every report of a result and return the paths."""
    path = out / "report.json"
    path.write_text(json.dumps(run_document(result), indent=2) + "\n")
    return [path]
