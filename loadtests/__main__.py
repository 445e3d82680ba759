"""The command line of the load tests: rehearse."""

from __future__ import annotations

import signal
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from loadtests.errors import LoadTestError, MisuseError
from loadtests.progress import Screen
from loadtests.rehearsal import RehearsalOptions, rehearse
from loadtests.reports.files import write_reports
from slo.objectives import UnknownSloError, choose
from slo.tables import console, results_table

MISUSE = 2
UNDECIDED = 3
FAULTS = ("none", "errors", "slow")


def main() -> None:
    """Run a command; misuse is one sentence and 2, what could not be decided is 3."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(UNDECIDED))
    try:
        cli(prog_name="python -m loadtests")
    except (MisuseError, UnknownSloError) as error:
        _fail(str(error), MISUSE)
    except LoadTestError as error:
        _fail(str(error), UNDECIDED)
    except Exception:  # noqa: BLE001  # Python's own code for a crash is 1, which means a breach
        traceback.print_exc()
        _fail("this is a defect of the load test, not of the service", UNDECIDED)


def _fail(sentence: str, code: int) -> None:
    print(f"Error: {sentence}", file=sys.stderr)
    raise SystemExit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Put load on the swipe hot path and judge it by the service levels.

    Exit codes: 0 all promises kept, 1 one is broken, 2 misuse or bad configuration, 3 undecided.
    """


@cli.command("rehearse")
@click.argument("ids", nargs=-1, metavar="[SLO]...")
@click.option("--adopters", default=200, show_default=True, type=click.IntRange(1, 5000))
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(5, 3600))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--fault",
    default="none",
    show_default=True,
    type=click.Choice(FAULTS),
    help="Disturb the swipe path to see the verdict change.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for reports and logs.  [default: out/<time>]",
)
def rehearse_command(
    ids: tuple[str, ...],
    adopters: int,
    seconds: int,
    workers: int,
    fault: str,
    out: Path | None,
) -> None:
    """Rehearse a release: start the stack, drive the swipe hot path, judge it, stop.

    Every adopter logs in first; then all swipe for the given time, and the promises (all, or the
    ones named) are measured in Prometheus over just that run.
    """
    options = RehearsalOptions(
        slos=choose(ids),
        adopters=adopters,
        seconds=seconds,
        workers=workers,
        fault=fault,
        out=out or Path("out") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
    )
    with Screen(Console(stderr=True)) as screen:
        result = rehearse(options, screen.say, screen.show)
        screen.say("writing reports")
        written = write_reports(result, options.out)
    screen_out = console()
    screen_out.print(results_table(result.slos))
    decision = result.decision
    screen_out.print(f"\nverdict: {decision.outcome.value}")
    for line in (*decision.reasons, *map(str, written)):
        screen_out.print(f"  {line}", soft_wrap=True)
    raise SystemExit(decision.outcome.exit_code)


if __name__ == "__main__":
    main()
