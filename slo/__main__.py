"""The command line of the service levels: list, report, gate, import, export."""

from __future__ import annotations

import json
import math
import sys
import traceback
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from slo.backtest_commands import backtest_command
from slo.calendars import own_period
from slo.connection import connection_options
from slo.gate import decide
from slo.lint_commands import lint_command
from slo.objectives import UnknownSloError, choose
from slo.prometheus import PrometheusError, QueryError, WrongAddressError
from slo.queries import Rolling
from slo.report import measure, percent, result_document
from slo.report_command import report_command
from slo.specs.commands import export_specs, import_specs
from slo.specs.counted import ExportError
from slo.specs.locate import SpecError
from slo.tables import console, results_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from slo.connection import Connection
    from slo.model import Slo
    from slo.report import SloResult

MISUSE = 2
UNDECIDED = 3
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def main() -> None:
    """Run a command; misuse is one sentence and 2, a Prometheus that cannot answer is 3."""
    try:
        cli(prog_name="python -m slo")
    except SpecError as error:
        print(error, file=sys.stderr)
        raise SystemExit(MISUSE) from None
    except (UnknownSloError, WrongAddressError, QueryError, ExportError) as error:
        _fail(str(error), MISUSE)
    except PrometheusError as error:
        _fail(str(error), UNDECIDED)
    except Exception:  # noqa: BLE001  # Python's own code for a crash is 1, which means a breach
        traceback.print_exc()
        _fail("this is a defect of the gate, not of the service", UNDECIDED)


def _fail(sentence: str, code: int) -> None:
    print(f"Error: {sentence}", file=sys.stderr)
    raise SystemExit(code)


@click.group(context_settings=SETTINGS)
def cli() -> None:
    """Say what PetSwipe promises, whether it keeps it, and whether to ship.

    Any team's promises, too (--spec). Rules for Prometheus, and rehearsals of their alerts, are
    written by `python -m alerts build` and `test`.

    Exit codes: 0 fine, 1 a promise is broken, 2 misuse or bad configuration, 3 could not decide.
    """


def measured(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that measures."""
    options: list[Callable[[Any], Any]] = [
        click.argument("ids", nargs=-1, metavar="[SLO]..."),
        connection_options(),
        click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), help="Moment, UTC."),
        click.option(
            "--period-days",
            type=click.IntRange(1, 366),
            help="Measure this many days in place of each SLO's own period.",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(["table", "json"]),
            default="table",
            show_default=True,
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@cli.command("list")
def list_objectives() -> None:
    """List the promises."""
    for slo in choose(()):
        days = slo.length.days
        click.echo(f"{slo.id:<20}{percent(slo.objective):>9} in {days} d  {slo.description}")


@cli.command()
@measured
def gate(
    ids: tuple[str, ...],
    connection: Connection,
    at: datetime | None,
    period_days: int | None,
    form: str,
) -> None:
    """Decide whether to ship: 0 allow, 1 block, 3 undecided. No data is never a pass."""
    results = _measure(choose(ids), connection, at, period_days)
    _show(results, form)
    decision = decide(results)
    click.echo(f"gate: {decision.outcome.value}", err=True)
    for reason in decision.reasons:
        click.echo(f"  {reason}", err=True)
    raise SystemExit(decision.outcome.exit_code)


def _measure(
    slos: tuple[Slo, ...], connection: Connection, at: datetime | None, period_days: int | None
) -> list[SloResult]:
    end = datetime.now(UTC) if at is None else at.replace(tzinfo=UTC)
    with connection.open() as prometheus:
        return [
            result
            for slo in slos
            for result in measure([slo], _window(slo, end, period_days), prometheus)
        ]


def _window(slo: Slo, end: datetime, days: int | None) -> Rolling:
    span = own_period(slo, end, "UTC", None if days is None else timedelta(days=days))
    # PromQL knows windows of whole seconds only.
    return Rolling(timedelta(seconds=math.ceil((end - span.start).total_seconds())), end)


def _show(results: list[SloResult], form: str) -> None:
    if form == "json":
        click.echo(json.dumps([result_document(result) for result in results], indent=2))
    else:
        console().print(results_table(results))


cli.add_command(report_command)
cli.add_command(import_specs)
cli.add_command(export_specs)
cli.add_command(backtest_command)
cli.add_command(lint_command)

if __name__ == "__main__":
    main()
