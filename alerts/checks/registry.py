"""Every check, in the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.checks import drift, series

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.checks.problem import Problem

CHECKS = (drift, series)


def run(folder: Path) -> list[Problem]:
    """Run every check over a folder of generated files."""
    return [problem for check in CHECKS for problem in check.check(folder)]
