"""dashboards/described: every panel says in sentences what it shows, and in which unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.checks.shown import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/described"
FEWEST_WORDS = 4


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a panel or board whose reader is left to guess."""
    for board in loaded.boards:
        if message := _wrong(board.document, str(board.document.get("title"))):
            yield board.problem(ID, message, "$.description")
        for panel in board.panels:
            if message := _wrong(panel.document, panel.title):
                yield panel.problem(ID, message, ".description")
            if panel.kind not in WORDS and not panel.defaults.get("unit"):
                message = "say what its values are counted in"
                yield panel.problem(ID, message, ".fieldConfig.defaults.unit")


def _wrong(document: dict[str, object], title: str) -> str:
    text = str(document.get("description") or "").strip()
    if not text:
        return "say what it shows"
    if not text.endswith((".", "!", "?")) or len(text.split()) < FEWEST_WORDS:
        return f"{text!r} is no sentence of {FEWEST_WORDS} words or more"
    if text.rstrip(".!?").lower() == title.lower():
        return "its description only repeats its title"
    return ""
