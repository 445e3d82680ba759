"""Workflows and actions of the repository, as far as they are checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = tuple(sorted(GITHUB.glob("workflows/*.yml")))
ACTIONS = tuple(sorted(GITHUB.glob("actions/*/action.yml")))
FILES = (*WORKFLOWS, *ACTIONS)


def read(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text())
    return document


def steps(document: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    """Yield every step of a workflow or an action."""
    for job in document.get("jobs", {}).values():
        yield from job.get("steps", ())
    yield from document.get("runs", {}).get("steps", ())


def scripts(document: dict[Any, Any]) -> Iterator[str]:
    yield from (step["run"] for step in steps(document) if "run" in step)


def lines(script: str) -> Iterator[str]:
    """Yield the lines of a script as a shell joins them, without comments and indentation."""
    for line in script.replace("\\\n", " ").splitlines():
        if (said := line.strip()) and not said.startswith("#"):
            yield said
