"""Pets as lines of a CSV file: the header, and cells that no spreadsheet runs.

A text that a spreadsheet could take for a formula is written with an apostrophe before it, and one
apostrophe before such a text is taken away when it is read: every text comes back as it was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.pets.schemas import NewPet

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = tuple(NewPet.model_fields)
# Signs that begin a formula, the wide ones of East Asian keyboards too; white space hides them.
FORMULA = re.compile(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")


def write_cells(values: Sequence[object]) -> list[str]:
    """Write the values of a pet in the order of the header."""
    return [_write(value) for value in values]


def read_cell(cell: str) -> str:
    """Return the text that `write_cells` has written."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _write(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # A negative number begins like a formula and is none.
    if isinstance(value, str) and FORMULA.match(value):
        return f"'{value}"
    return str(value)
