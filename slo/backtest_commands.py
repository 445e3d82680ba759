"""The command that replays traffic through the alerts."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slo.backtest import backtest
from slo.backtest_output import document, table
from slo.dump import ANSWER_SECONDS, DumpError, served
from slo.indicators import SliceSli
from slo.prometheus import Prometheus
from slo.recorded import Span, recorded
from slo.specs.commands import chosen
from slo.tables import console
from slo.traffic import SHAPES, in_slices, make
from slo.windows import MINUTE, tile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slo.backtest import Backtest
    from slo.model import Slo
    from slo.traffic import Traffic

ALL = "all"
UNDECIDED = 3
# Two of the pictures that matplotlib draws, and a page of them.
DRAWN = (".svg", ".png", ".html")
# Scrapes begin and end within minutes, so a few have none.
MOST_MISSING = 0.01
MOST = timedelta(days=366)
UTC_TIME = click.DateTime(["%Y-%m-%dT%H:%M:%SZ"])
SHAPES_TEXT = "\n".join(f"  {name:<15}{shape.words}" for name, shape in SHAPES.items())
HELP = f"""Replay traffic through the alerts: who would have been told, and when.

Tells of every objective and of each pair of windows: how often it would have fired, how often for
next to nothing, when first, how much of the budget was gone by then, and when it reset.
An alert is wrong when less than half of the budget that it stands for was spent.

The traffic is made up (--shape), from a Prometheus (--prometheus-url with --start and --end), or
from a file that `promtool tsdb dump-openmetrics` has written (--openmetrics). Windows look back no
further than where the traffic begins.

\b
Shapes, three days each, trouble from the second:
  {ALL:<15}every one of these
{SHAPES_TEXT}

Exit codes: 0 done, whatever it finds; 2 misuse; 3 no data, which is never a pass.
"""


@click.command("backtest", help=HELP)
@click.argument("ids", nargs=-1, metavar="[SLO]...")
@click.option(
    "--spec",
    "files",
    multiple=True,
    metavar="FILE",
    help="Take the SLOs of these specs, in place of PetSwipe's own.",
)
@click.option(
    "--shape",
    "names",
    multiple=True,
    metavar="NAME",
    type=click.Choice([ALL, *SHAPES]),
    help="Made-up traffic of this name; give more than one, or all.",
)
@click.option("--prometheus-url", help="Recorded traffic, like from http://localhost:9090.")
@click.option("--start", type=UTC_TIME, help="Where recorded traffic begins, UTC.")
@click.option("--end", type=UTC_TIME, help="Where it ends, UTC.")
@click.option(
    "--openmetrics",
    "dump",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Recorded traffic in a file; all of it, or between --start and --end.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Chance of made-up traffic.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw it: one result as .svg or .png, any number of them as .html.",
)
def backtest_command(
    ids: tuple[str, ...],
    files: tuple[str, ...],
    names: tuple[str, ...],
    prometheus_url: str | None,
    start: datetime | None,
    end: datetime | None,
    dump: Path | None,
    seed: int,
    form: str,
    plot: Path | None,
) -> None:
    """Replay traffic; its help is above."""
    slos = chosen(files, ids)
    if sum(map(bool, (names, prometheus_url, dump))) != 1:
        raise click.UsageError("give one of --shape, --prometheus-url and --openmetrics")
    if plot is not None and plot.suffix not in DRAWN:
        raise click.UsageError(f"--plot {plot}: its name ends in one of {' '.join(DRAWN)}")
    if names:
        if start or end:
            raise click.UsageError("--start and --end are of recorded traffic; a shape has none")
        traffics = [(slo, _made(slo, names, seed)) for slo in slos]
    else:
        with _source(prometheus_url, dump, start, end) as (prometheus, span):
            traffics = [(slo, recorded(slo, prometheus, span)) for slo in slos]
    empty = [slo.id for slo, found in traffics if not any(sum(t.total) for t in found)]
    results = [backtest(slo, t) for slo, found in traffics for t in found if sum(t.total)]
    if plot is not None and results:
        _draw(results, plot)
    _show(results, form)
    for result in results:
        _note_gaps(result)
    if empty:
        click.echo(
            f"Error: no events of {', '.join(empty)} in that time; no data is never a pass",
            err=True,
        )
        raise SystemExit(UNDECIDED)


def _made(slo: Slo, names: Sequence[str], seed: int) -> list[Traffic]:
    wanted = list(SHAPES) if ALL in names else list(dict.fromkeys(names))
    found = [make(name, seed) for name in wanted]
    if not isinstance(slo.sli, SliceSli):
        return found
    minutes = int(tile(slo) / MINUTE)
    return [in_slices(traffic, minutes, float(1 - slo.sli.target)) for traffic in found]


@contextmanager
def _source(
    url: str | None, dump: Path | None, start: datetime | None, end: datetime | None
) -> Iterator[tuple[Prometheus, Span]]:
    if url is not None:
        if start is None or end is None:
            raise click.UsageError("--prometheus-url needs --start and --end")
        with Prometheus(url, ANSWER_SECONDS) as prometheus:
            yield prometheus, _span(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC))
        return
    assert dump is not None  # noqa: S101  # one of them is given, as was just checked
    try:
        with served(dump) as (prometheus, first, last):
            begins = first if start is None else start.replace(tzinfo=UTC)
            yield prometheus, _span(begins, last if end is None else end.replace(tzinfo=UTC))
    except DumpError as error:
        raise click.UsageError(str(error)) from None


def _span(start: datetime, end: datetime) -> Span:
    """Return the whole minutes between two moments."""
    span = Span(start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0))
    if not MINUTE <= span.end - span.start <= MOST:
        raise click.UsageError(
            f"from {start:%Y-%m-%dT%H:%M:%SZ} to {end:%Y-%m-%dT%H:%M:%SZ} is no time to replay: "
            f"one minute to {MOST.days} days"
        )
    return span


def _draw(results: Sequence[Backtest], plot: Path) -> None:
    if plot.suffix != ".html" and len(results) != 1:
        raise click.UsageError(
            f"{len(results)} results do not fit into one picture; name one SLO and one shape, "
            "or write .html"
        )
    from slo.plots import write_plot  # noqa: PLC0415  # matplotlib takes a while, and is optional

    write_plot(results, plot)


def _note_gaps(result: Backtest) -> None:
    missing, minutes = result.traffic.missing, len(result.traffic.total)
    if missing > MOST_MISSING * minutes:
        click.echo(
            f"note: {result.slo.id}, {result.traffic.name}: nothing is known of {missing} of "
            f"{minutes} minutes; they count as minutes without events",
            err=True,
        )


def _show(results: Sequence[Backtest], form: str) -> None:
    if form == "json":
        click.echo(json.dumps([document(result) for result in results], indent=2))
    elif results:
        console().print(table(results))
