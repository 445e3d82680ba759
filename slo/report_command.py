"""The command that reports whether promises were kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from slo.compliance import report
from slo.connection import connection_options
from slo.report_output import as_json, as_markdown, as_table, table_notes
from slo.specs.commands import chosen
from slo.tables import console

if TYPE_CHECKING:
    from slo.compliance import Report
    from slo.connection import Connection

# A month of a busy service's counters takes Prometheus longer than a gate may wait.
TIMEOUT_SECONDS = 60


def _page(report: Report) -> str:
    from slo.report_page import report_page  # noqa: PLC0415  # matplotlib takes a while

    return report_page(report)


TEXTS = {"json": as_json, "markdown": as_markdown, "html": _page}


def _zone(_: click.Context, __: click.Parameter, value: str) -> ZoneInfo:
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise click.BadParameter(f"{value!r} is no time zone, like Europe/Berlin") from None


@click.command("report")
@click.argument("ids", nargs=-1, metavar="[SLO]...")
@click.option(
    "--spec",
    "files",
    multiple=True,
    metavar="FILE",
    help="Report on the SLOs of these specs (OpenSLO v1, Sloth), in place of PetSwipe's own.",
)
@connection_options(TIMEOUT_SECONDS)
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), help="Moment, UTC.")
@click.option(
    "--period-days",
    type=click.IntRange(1, 366),
    help="Measure this many days in place of each SLO's own period.",
)
@click.option(
    "--zone",
    default="UTC",
    show_default=True,
    callback=_zone,
    help="Where days and months begin, like Europe/Berlin.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", *TEXTS]),
    default="table",
    show_default=True,
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write it to this file.",
)
def report_command(
    ids: tuple[str, ...],
    files: tuple[str, ...],
    connection: Connection,
    at: datetime | None,
    period_days: int | None,
    zone: ZoneInfo,
    form: str,
    out: Path | None,
) -> None:
    """Report whether promises were kept, and which days spent the error budget.

    Over each SLO's own period, the running month and the last one, up to the last full quarter of
    an hour. Events are those that the generated rules have recorded; from before, or without such
    rules, those of the counters. What was not measured is no_data, and a month of which a part is
    unknown says so. Exits 0 whatever it finds: `gate` is what decides.
    """
    if out is not None and form == "table":
        raise click.UsageError("--out is for --format json, markdown or html")
    end = datetime.now(UTC) if at is None else at.replace(tzinfo=UTC)
    period = None if period_days is None else timedelta(days=period_days)
    slos = chosen(files, ids)
    with connection.open() as prometheus:
        found = report(slos, end, zone, period, prometheus)
    if form == "table":
        console().print(as_table(found))
        for note in table_notes(found):
            click.echo(note)
    elif out is None:
        click.echo(TEXTS[form](found), nl=False)
    else:
        out.write_text(TEXTS[form](found), encoding="utf-8")
