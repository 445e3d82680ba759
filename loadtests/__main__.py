"""The command line of the load tests: rehearse, run, bench."""

from __future__ import annotations

import signal
import sys
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from loadtests.bench.commands import bench
from loadtests.errors import InvalidRun, LoadTestError, MisuseError
from loadtests.generator import LoadOptions, read_accounts
from loadtests.progress import Screen
from loadtests.rehearsal import RehearsalOptions, rehearse
from loadtests.reports.files import write_reports
from loadtests.result import RunPlan
from loadtests.run import judged_run, unread_run
from loadtests.scenarios.swipe_hot_path import SLO_IDS, STEPS
from loadtests.target import check_target
from slo.objectives import UnknownSloError, choose
from slo.prometheus import Prometheus, PrometheusError, UnreachableError, WrongAddressError
from slo.tables import console, results_table

if TYPE_CHECKING:
    from loadtests.result import RunResult

MISUSE = 2
UNDECIDED = 3
FAULTS = ("none", "errors", "slow")


def main() -> None:
    """Run a command; misuse is one sentence and 2, what could not be decided is 3."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(UNDECIDED))
    try:
        cli(prog_name="python -m loadtests")
    except (MisuseError, UnknownSloError, WrongAddressError) as error:
        _fail(str(error), MISUSE)
    except (LoadTestError, PrometheusError) as error:
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


IDS = click.argument("ids", nargs=-1, metavar="[SLO]...")
ADOPTERS = click.option("--adopters", default=200, show_default=True, type=click.IntRange(1, 5000))
SECONDS = click.option("--seconds", default=60, show_default=True, type=click.IntRange(5, 3600))
OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for reports and logs.  [default: out/<time>]",
)


@cli.command("rehearse")
@IDS
@ADOPTERS
@SECONDS
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--fault",
    default="none",
    show_default=True,
    type=click.Choice(FAULTS),
    help="Disturb the swipe path to see the verdict change.",
)
@OUT
def rehearse_command(
    ids: tuple[str, ...],
    adopters: int,
    seconds: int,
    workers: int,
    fault: str,
    out: Path | None,
) -> None:
    """Rehearse a release: start the stack, drive the swipe hot path, judge it, stop.

    Every adopter logs in first; then all swipe for the given time, and the promises (those about
    what they do, or the ones named) are measured in Prometheus over just that run.
    """
    options = RehearsalOptions(
        slos=choose(ids or SLO_IDS),
        adopters=adopters,
        seconds=seconds,
        workers=workers,
        fault=fault,
        out=out or _new_folder(),
    )
    with Screen(Console(stderr=True)) as screen:
        result = rehearse(options, screen.say, screen.show)
        _conclude(result, options.out, screen)


@cli.command()
@IDS
@ADOPTERS
@SECONDS
@click.option("--host", required=True, help="The API, like https://staging.example.org.")
@click.option("--prometheus-url", required=True, help="The Prometheus that scrapes it.")
@click.option(
    "--accounts",
    required=True,
    type=click.Path(path_type=Path),
    help="File of adopters' e-mails, one a line (`python -m app seed --accounts`).",
)
@click.option(
    "--password",
    envvar="PET_LOAD_PASSWORD",
    required=True,
    help="Password of these accounts; better given as PET_LOAD_PASSWORD.",
)
@click.option(
    "--scrape-interval",
    "interval",
    default=15,
    show_default=True,
    type=click.IntRange(1, 300),
    help="Seconds between the scrapes of that Prometheus.",
)
@OUT
def run(
    ids: tuple[str, ...],
    adopters: int,
    seconds: int,
    host: str,
    prometheus_url: str,
    accounts: Path,
    password: str,
    interval: int,
    out: Path | None,
) -> None:
    """Drive the swipe hot path of a running service and judge it.

    Everything is checked before the first request: the promises, the accounts, that the URL is the
    API, and that Prometheus answers.
    """
    slos = choose(ids or SLO_IDS)
    read_accounts(accounts, adopters)
    check_target(host, STEPS)
    folder = out or _new_folder()
    load = LoadOptions(host, adopters, seconds, accounts, password, folder)
    plan = RunPlan("Load run", slos, load, timedelta(seconds=interval), datetime.now(UTC))
    with Prometheus(prometheus_url) as prometheus, Screen(Console(stderr=True)) as screen:
        _check_prometheus(prometheus)
        try:
            result = judged_run(plan, prometheus, lambda: None, screen.show, rows=None)
        except (InvalidRun, UnreachableError) as error:
            result = unread_run(plan, str(error))
        _conclude(result, folder, screen)


def _check_prometheus(prometheus: Prometheus) -> None:
    """Raise MisuseError when nobody answers: before any load it is the address that is wrong."""
    try:
        prometheus.check()
    except UnreachableError as error:
        raise MisuseError(str(error)) from None


def _new_folder() -> Path:
    return Path("out") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def _conclude(result: RunResult, out: Path, screen: Screen) -> None:
    """Write the reports, print the table, and exit with the decision's code."""
    screen.say("writing reports")
    written = write_reports(result, out)
    screen.close()
    screen_out = console()
    screen_out.print(results_table(result.slos))
    decision = result.decision
    screen_out.print(f"\nverdict: {decision.outcome.value}")
    for line in (*decision.reasons, *map(str, written)):
        screen_out.print(f"  {line}", soft_wrap=True)
    raise SystemExit(decision.outcome.exit_code)


cli.add_command(bench)

if __name__ == "__main__":
    main()
