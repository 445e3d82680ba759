"""The command line of the load tests: list, rehearse, run, regress, baseline, bench."""

from __future__ import annotations

import signal
import sys
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console

from loadtests import flags
from loadtests.bench.commands import bench
from loadtests.errors import LoadTestError, MisuseError, StoppedError
from loadtests.generator import read_accounts
from loadtests.options import load_options
from loadtests.plan import LoadOptions
from loadtests.progress import Screen
from loadtests.regression.commands import baseline, regress
from loadtests.rehearsal import RehearsalOptions, rehearse
from loadtests.reports.grafana import Grafana
from loadtests.reports.words import without_credentials
from loadtests.run import Around, judged_run
from loadtests.scenarios.registry import SCENARIOS
from loadtests.shapes import SHAPES
from loadtests.target import check_target
from loadtests.telling import tell
from slo.connection import connection_options
from slo.objectives import UnknownSloError
from slo.prometheus import PrometheusError, UnreachableError, WrongAddressError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from loadtests.options import Asked
    from loadtests.result import RunResult
    from slo.connection import Connection
    from slo.prometheus import Prometheus

MISUSE = 2
UNDECIDED = 3
STOPPING = (signal.SIGTERM, signal.SIGINT)
FAULTS = ("none", "errors", "slow")


def main() -> None:
    """Run a command; misuse is one sentence and 2, what could not be decided is 3."""
    for number in STOPPING:
        signal.signal(number, _stop)
    try:
        cli(prog_name="python -m loadtests")
    except (MisuseError, UnknownSloError, WrongAddressError) as error:
        _fail(str(error), MISUSE)
    except (LoadTestError, PrometheusError) as error:
        _fail(str(error), UNDECIDED)
    except Exception:  # noqa: BLE001  # Python's own code for a crash is 1, which means a breach
        traceback.print_exc()
        _fail("this is a defect of the load test, not of the service", UNDECIDED)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    """End the run, but not what it has to say; whoever cannot wait for that sends SIGKILL."""
    _let_nothing_stop()
    raise StoppedError(f"the run was stopped by {signal.Signals(number).name}")


def _let_nothing_stop() -> None:
    """Let reports be written to their end; they take a moment, and Grafana has a time limit."""
    for number in STOPPING:
        # Python complains of one that has come and whose handler is then SIG_IGN.
        signal.signal(number, lambda *_: None)


def _fail(sentence: str, code: int) -> None:
    # The address of the API may have a password in it.
    print(f"Error: {without_credentials(sentence)}", file=sys.stderr)
    raise SystemExit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Put load on the service, and judge it by rules and by its service levels.

    Exit codes: 0 all rules kept, 1 one is broken, 2 misuse or bad configuration, 3 undecided: a
    run that is no evidence, or too little of it.
    """


def reporting(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that reports to others than the one who has started it."""
    options: list[Callable[[Any], Any]] = [
        click.option("--grafana-url", help="Mark the run in this Grafana's dashboards."),
        click.option(
            "--grafana-token-file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A file that holds the token of a Grafana service account.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@cli.command("list")
def list_command() -> None:
    """List what people can do, and how its rate can go."""
    for heading, known in (("scenario", SCENARIOS), ("shape", SHAPES)):
        click.echo(f"{heading}s:")
        for name, one in known.items():
            click.echo(f"  {name:<17}{one.description}")


@cli.command("rehearse")
@load_options()
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--fault",
    default="none",
    show_default=True,
    type=click.Choice(FAULTS),
    help="Disturb the swipe path to see the verdict change.",
)
@reporting
def rehearse_command(
    asked: Asked,
    workers: int,
    fault: str,
    grafana_url: str | None,
    grafana_token_file: Path | None,
) -> None:
    """Rehearse a release: start the stack, send the load, judge it, stop.

    Everybody prepares first, like logging in; then requests are sent as planned, and rules and
    promises (all of the scenario's, or the ones named) are measured over just that run.
    """
    options = RehearsalOptions(asked, workers, fault)
    with Screen(Console(stderr=True)) as screen:
        result = rehearse(options, screen.say, screen.show)
        _conclude(result, asked.out, screen, _grafana(grafana_url, grafana_token_file))


@cli.command()
@load_options()
@click.option("--host", required=True, help="The API, like https://staging.example.org.")
@flags.ACCOUNTS
@flags.PASSWORD
@click.option(
    "--scrape-interval",
    "interval",
    default=15,
    show_default=True,
    type=click.IntRange(1, 300),
    help="Seconds between the scrapes of that Prometheus.",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65_535),
    help="Show the generator's own metrics on this port of this machine while it runs.",
)
@connection_options()
@reporting
def run(
    asked: Asked,
    host: str,
    accounts: Path | None,
    password: str,
    interval: int,
    metrics_port: int | None,
    connection: Connection,
    grafana_url: str | None,
    grafana_token_file: Path | None,
) -> None:
    """Send the load to a running service and judge it.

    Everything is checked before the first request: rules, waivers, the accounts, that the URL is
    the API, and that Prometheus answers.

    Like: python -m loadtests run --host http://localhost:8000 --prometheus-url
    http://localhost:9090 --accounts accounts.txt --shape spike --rate 50
    """
    grafana = _grafana(grafana_url, grafana_token_file)
    if asked.scenario.accounts:
        if accounts is None or not password:
            raise MisuseError(
                f"the scenario {asked.scenario.name} needs accounts: give --accounts and "
                "PET_LOAD_PASSWORD"
            )
        read_accounts(accounts, asked.plan.sessions)
    check_target(host, asked.scenario.operations)
    load = LoadOptions(
        host, asked.plan, accounts, password, asked.out, asked.processes, metrics_port
    )
    plan = asked.run_plan("Load run", load, timedelta(seconds=interval), datetime.now(UTC))
    with connection.open() as prometheus, Screen(Console(stderr=True)) as screen:
        _check_prometheus(prometheus)
        around = Around(prometheus, lambda: None, screen.say, screen.show)
        _conclude(judged_run(plan, around), asked.out, screen, grafana)


def _check_prometheus(prometheus: Prometheus) -> None:
    """Raise MisuseError when nobody answers: before any load it is the address that is wrong."""
    try:
        prometheus.check()
    except UnreachableError as error:
        raise MisuseError(str(error)) from None


def _grafana(url: str | None, token_file: Path | None) -> Grafana | None:
    if url is None and token_file is not None:
        raise MisuseError("--grafana-token-file is for --grafana-url, which is not given")
    return None if url is None else Grafana(url, token_file)


def _conclude(result: RunResult, out: Path, screen: Screen, grafana: Grafana | None) -> NoReturn:
    """Tell everybody who waits for it, and exit with the decision's code."""
    _let_nothing_stop()
    unwritten = tell(result, out, screen, grafana)
    # A gate that leaves no trace of why has not let anything pass.
    raise SystemExit(result.decision.outcome.exit_code or (UNDECIDED if unwritten else 0))


for command in (regress, baseline, bench):
    cli.add_command(command)

if __name__ == "__main__":
    main()
