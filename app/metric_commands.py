"""The command that lists what the processes show."""

from __future__ import annotations

import click

from app.telemetry.catalog import METRICS, SERIES_BUDGET
from app.telemetry.instruments import ApiInstruments, DispatchInstruments, Instruments

PROCESSES: dict[str, type[Instruments]] = {
    "API": ApiInstruments,
    "dispatcher": DispatchInstruments,
}


@click.command()
@click.option("--summary", is_flag=True, help="Only the number of series of each process.")
def metrics(summary: bool) -> None:
    """List every metric, what it feeds, and how many series a process begins with.

    Exit codes: 0 within the budget of a process, 1 above it.
    """
    if not summary:
        _list_metrics()
    counts = {name: _count_series(make("", "")) for name, make in PROCESSES.items()}
    for name, count in counts.items():
        click.echo(f"{name}: {count} series of at most {SERIES_BUDGET}")
    if not check_budget(counts):
        raise click.ClickException("fewer labels, values or bucket edges are needed")


def check_budget(counts: dict[str, int]) -> bool:
    """Say whether no process shows more series than it may."""
    return max(counts.values()) <= SERIES_BUDGET


def _count_series(instruments: Instruments) -> int:
    return sum(len(family.samples) for family in instruments.registry.collect())


def _list_metrics() -> None:
    for metric in METRICS:
        click.echo(f"{metric.name}  {metric.kind}, for {' and '.join(metric.uses)}")
        click.echo(f"    {metric.help}")
        for label in metric.labels:
            values = ", ".join(value or '""' for value in label.values) or label.bound
            click.echo(click.style(f"    {label.name}: ", dim=True) + values)
