from __future__ import annotations

from io import StringIO

from rich.console import Console

from alerts.rehearsal.progress import Progress


def shown(patience: float, *, terminal: bool = False) -> str:
    stream = StringIO()
    progress = Progress(Console(file=stream, force_terminal=terminal), patience)
    progress(1, 3)
    progress(2, 3)
    progress.close()
    return stream.getvalue()


def test_what_is_soon_over_shows_nothing() -> None:
    assert shown(60) == ""


def test_a_log_gets_a_line_and_not_one_of_every_file() -> None:
    assert shown(0) == "rehearsed 1 of 3 files of cases\n"


def test_a_terminal_gets_a_live_line() -> None:
    assert "rehearsed 2 of 3 files of cases" in shown(0, terminal=True)
