"""A waiver: for some days somebody else than its owner has agreed that a rule may be broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver, and where it is written; it ends with the day `expires`, UTC."""

    id: str
    owner: str
    approver: str
    reason: str
    rules: tuple[str, ...]
    expires: date
    file: str
    line: int
