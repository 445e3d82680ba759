"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: which check, where, what is wrong and what would be right.

    `rule` names the rule that it is about, if it is about one.
    """

    check: str
    where: str
    message: str
    rule: str = ""

    def __str__(self) -> str:
        """Write it as one line, the place first."""
        return f"{self.where}: {self.message} [{self.check}]"

    def seen_from(self, folder: Path) -> Problem:
        """Return it with its place as a path from a folder, when it is below."""
        return replace(self, where=self.where.removeprefix(f"{folder}/"))

    def document(self) -> dict[str, str]:
        """Return it as its JSON writes it."""
        return {
            "check": self.check,
            "where": self.where,
            "rule": self.rule,
            "message": self.message,
        }
