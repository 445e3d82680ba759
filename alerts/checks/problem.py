"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: which check, where, what is wrong and what would be right."""

    check: str
    where: str
    message: str

    def __str__(self) -> str:
        """Write it as one line, the place first."""
        return f"{self.where}: {self.message} [{self.check}]"
