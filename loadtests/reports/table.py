"""Rulings and failed checks as tables for people at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from loadtests.judging.combine import worst_first
from loadtests.judging.model import Status
from loadtests.reports.rows import row
from loadtests.reports.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.judging.model import Check, Ruling

COLOURS = {
    Status.FAILED: "red",
    Status.UNDECIDED: "magenta",
    Status.WARNED: "yellow",
    Status.PASSED: "green",
}


def rulings_table(rulings: Sequence[Ruling]) -> Table:
    """Lay out one line a ruling, worst first."""
    table = _table()
    for heading in ("rule", "over", "measured", "interval", "limit"):
        table.add_column(heading)
    for heading in ("compared", "n"):
        table.add_column(heading, justify="right")
    table.add_column("status", no_wrap=True)
    for ruling in worst_first(rulings):
        found = row(ruling)
        shown = (found.rule, found.over, found.measured, found.interval, found.limit)
        # As text, or a name like [red] would colour it.
        cells = map(Text, (*shown, found.compared, found.samples))
        table.add_row(*cells, Text(_status(ruling), COLOURS[ruling.status]))
    return table


def failed_checks_table(checks: Sequence[Check]) -> Table:
    """Lay out one line a check that failed; no line when all passed."""
    table = _table()
    table.add_column("check that failed")
    table.add_column("detail")
    for check in checks:
        if not check.passed:
            table.add_row(Text(plain(check.title), "red"), Text(plain(check.detail)))
    return table


def _table() -> Table:
    return Table(box=None, pad_edge=False, header_style="bold")


def _status(ruling: Ruling) -> str:
    marks = ["waived"] if ruling.waiver else []
    marks += ["flaky"] if ruling.flaky else []
    return ", ".join([ruling.status.value, *marks])
