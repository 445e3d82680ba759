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
    over = False
    for name, instruments in PROCESSES.items():
        shown = count_series(instruments("", ""))
        over = over or shown > SERIES_BUDGET
        click.echo(f"{name}: {shown} series of at most {SERIES_BUDGET}")
    if over:
        raise click.ClickException("fewer labels, values or bucket edges are needed")


def count_series(instruments: Instruments) -> int:
    """Count what a scrape would show now."""
    return sum(len(family.samples) for family in instruments.registry.collect())


def _list_metrics() -> None:
    for metric in METRICS:
        click.echo(f"{metric.name}  {metric.kind}, for {' and '.join(metric.uses)}")
        click.echo(f"    {metric.help}")
        for label in metric.labels:
            values = ", ".join(value or '""' for value in label.values) or label.bound
            click.echo(click.style(f"    {label.name}: ", dim=True) + values)
