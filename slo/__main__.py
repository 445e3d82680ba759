"""The command line of the service levels: list, report, gate, import, export."""

from __future__ import annotations

import sys
import traceback

import click

from slo.backtest_commands import backtest_command
from slo.canary.commands import canary_command
from slo.gate_command import gate_command
from slo.lint_commands import lint_command
from slo.objectives import UnknownSloError, choose
from slo.prometheus import PrometheusError, QueryError, WrongAddressError
from slo.report import percent
from slo.report_command import report_command
from slo.specs.commands import export_specs, import_specs
from slo.specs.counted import ExportError
from slo.specs.locate import SpecError

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


@cli.command("list")
def list_objectives() -> None:
    """List the promises."""
    slos = choose(())
    width = max(len(slo.id) for slo in slos)
    for slo in slos:
        days, objective = slo.length.days, percent(slo.objective)
        click.echo(f"{slo.id:<{width}}  {objective:>9} in {days} d  {slo.description}")


cli.add_command(gate_command)
cli.add_command(report_command)
cli.add_command(import_specs)
cli.add_command(export_specs)
cli.add_command(backtest_command)
cli.add_command(lint_command)
cli.add_command(canary_command)

if __name__ == "__main__":
    main()
