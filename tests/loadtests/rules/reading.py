"""Reads the good file with one place of it made wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.rules.read import Planned, RulesError, read_rules

GOOD = Path(__file__).with_name("good.yml")
PLANNED = Planned(("warm-up", "steady", "peak"), ("POST /api/swipes", "GET /api/deck"))


def refusal(text: str, folder: Path) -> str:
    """Return what is told about a file, whose name is rules.yml."""
    file = folder / "rules.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RulesError) as caught:
        read_rules(file, PLANNED)
    return str(caught.value).replace(f"{folder}/", "")


def refusal_with(right: str, wrong: str, folder: Path) -> str:
    """Return what is told when the first place with one text has another one."""
    good = GOOD.read_text(encoding="utf-8")
    assert right in good
    return refusal(good.replace(right, wrong, 1), folder)
