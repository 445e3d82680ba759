"""workflows/gates: no step of a workflow or an action may fail without failing its gate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alerts.reading.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alerts.reading.loaded import Loaded

ID = "workflows/gates"
FILES = ("workflows/*.yml", "workflows/*.yaml", "actions/**/action.yml", "actions/**/action.yaml")
# A `#` begins a comment at the start of a line, or after a space and outside quotes.
COMMENT = re.compile(r"""^((?:[^'"#]|'[^']*'|"[^"]*"|(?<=\S)#)*)(?:(?:^|(?<=\s))#.*)?$""")
OPENINGS = (
    (re.compile(r"\|\|\s*(true|:|exit\s+0|/bin/true)(\s|;|$|[\"')])"), "hides a failure"),
    (re.compile(r"(^|[\s;&])set\s+\+(e|o\s+errexit)\b"), "lets a script go on after a failure"),
    (re.compile(r"(^|\s|-)continue-on-error\s*:\s*(?!false\b)\S"), "passes a job that has failed"),
)


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a line that turns red into green; no workflows are fine."""
    folder = loaded.root / ".github"
    for path in sorted(path for glob in FILES for path in folder.glob(glob)):
        yield from _of(path)


def _of(path: Path) -> Iterator[Problem]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = COMMENT.match(line)
        said = match[1] if match else line
        for pattern, what in OPENINGS:
            if pattern.search(said):
                yield Problem(ID, f"{path}:{number}", f"`{said.strip()}` {what}: let it fail")
