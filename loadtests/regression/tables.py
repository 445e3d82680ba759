"""Noise floors and baselines as tables for people at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.baseline.model import Recorded
    from loadtests.regression.noise import Noise


def noise_table(found: Sequence[Noise]) -> Table:
    """Lay out one line a rule and step: what noise alone looks like."""
    table = _table("rule", "over", "ratio to itself", "smallest tolerance")
    for noise in found:
        table.add_row(
            Text(noise.rule),
            Text(noise.over),
            f"{noise.ratio.low:.3f} to {noise.ratio.high:.3f}",
            f"{noise.tolerance:.1%}",
        )
    return table


def baseline_table(recorded: Recorded) -> Table:
    """Lay out one line a rule and step, in seconds, as shares of 1, or a second."""
    table = _table("rule", "over", "value", "interval", "rounds")
    for (rule, over), value in recorded.values.items():
        rounds = len(recorded.rounds[rule, over])
        table.add_row(
            Text(rule),
            Text(over),
            f"{value.value:.6g}",
            f"{value.low:.6g} to {value.high:.6g}",
            str(rounds),
        )
    return table


def _table(*headings: str) -> Table:
    return Table(*headings, box=None, pad_edge=False, header_style="bold")
