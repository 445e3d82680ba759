"""Where everything of a running stack is, for programs that drive it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class StackState:
    """Where everything is, empty for what a bare stack has not; for programs that drive it.

    `targets` is the folder of files, one a job, that name what Prometheus scrapes; it reads them
    again when they change.
    """

    api: str
    prometheus: str
    targets: str
    alertmanager: str
    webhook: str
    s3: str
    management: list[str]
    environment: dict[str, str]
    processes: dict[str, int]
    out: str

    def write(self, path: Path) -> None:
        """Write it in one step, readable by this user only: the addresses hold passwords."""
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(asdict(self), indent=2))
        part.replace(path)
