"""Results as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from slo.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from slo.report import SloResult

COLOURS = {
    Verdict.MET: "green",
    Verdict.BURNING: "yellow",
    Verdict.EXHAUSTED: "red",
    Verdict.NO_DATA: "magenta",
}


# A log file has no width of its own, and rich would cut the table to 80 columns.
PLAIN_WIDTH = 140


def console() -> Console:
    """Return the console for results: stdout, wide enough for the table in a log."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


def results_table(results: Sequence[SloResult]) -> Table:
    """Lay out one line an SLO: objective, measured, budget burned, verdict."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("SLO", "objective", "measured"):
        table.add_column(heading, no_wrap=True)
    for heading in ("events", "bad", "budget burned"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for result in results:
        colour = COLOURS[result.verdict]
        table.add_row(
            result.name,
            result.limit,
            result.measured,
            count(result.total),
            count(result.bad),
            share(result.budget_burned),
            f"[{colour}]{result.verdict.value}[/]",
        )
    return table


def count(value: Fraction | None) -> str:
    """Write a count of events; extrapolated ones have a fraction."""
    if value is None:
        return "–"
    return f"{int(value):,}" if value.denominator == 1 else f"{float(value):,.1f}"


def share(value: Fraction | None) -> str:
    """Write a share of the budget as a percentage."""
    return "–" if value is None else f"{float(value * 100):.1f} %"
