"""The commands of the embedded stack: up, inspect."""

from __future__ import annotations

import secrets
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.local.archive import archived_prometheus
from app.local.notifications import FILE as NOTIFICATIONS
from app.local.plan import StackOptions
from app.local.stack import stack
from app.local.supervisor import StackError, StoppedError
from app.seed.adopters import adopter_email
from app.stop import stop_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.local.supervisor import Supervisor

FAILED = 1
TOOLS = Path(".tools")


@click.command()
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--management-port", default=9464, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--scrape-interval",
    metavar="DURATION",
    help="Replace the interval of the generated prometheus.yml, like 2s.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for logs and Prometheus' data, kept afterwards.  [default: out/up-<time>]",
)
@click.option(
    "--generated",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("alerts/generated"),
    show_default=True,
    help="Folder of the generated rules and configuration.",
)
@click.option(
    "--bare", is_flag=True, help="Only PostgreSQL, with the schema, and Valkey: for measurements."
)
@click.option(
    "--exporters/--no-exporters",
    default=True,
    show_default=True,
    help="Watch the machine, PostgreSQL and Valkey as well; a rehearsal does without.",
)
@click.option(
    "--seed", is_flag=True, help="Load the demo catalogue and print an account to log in with."
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write where everything is to this file once all is up (JSON; holds passwords).",
)
def up(
    workers: int,
    port: int,
    management_port: int,
    scrape_interval: str | None,
    out: Path | None,
    generated: Path,
    bare: bool,
    exporters: bool,
    seed: bool,
    state: Path | None,
) -> None:
    """Run the API, its dispatcher and the servers around them until Ctrl-C.

    PostgreSQL, Valkey, S3, Alertmanager and Prometheus, and exporters of what they cannot tell.

    Each server starts when the one before it is ready; all stop when one of them ends. Ports that
    are taken are avoided and named. Settings of the API (PET_*) pass through.
    """
    options = StackOptions(
        out=out or Path("out") / f"up-{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        generated=generated,
        tools=TOOLS,
        workers=workers,
        port=port,
        management_port=management_port,
        scrape_interval=scrape_interval,
        bare=bare,
        exporters=exporters,
    )
    begun = time.monotonic()
    with _one_sentence(), stop_event() as stop:
        with stack(options, stop, click.echo) as (running, supervisor):
            for name in ("api", "prometheus", "alertmanager", "s3"):
                if address := getattr(running, name):
                    click.echo(f"  {name:<13}{address}")
            if running.management:
                click.echo(f"  runbooks     {running.management[0]}/runbooks")
                click.echo(f"  messages     {options.out / NOTIFICATIONS}")
            click.echo(f"  logs         {options.out / 'logs'}")
            if seed:
                _seed_demo(running.environment, supervisor)
            seconds = time.monotonic() - begun
            click.echo(f"up after {seconds:.1f} s; Ctrl-C stops everything")
            if state is not None:
                running.write(state)
            supervisor.watch()
        click.echo("stopped")


@click.command()
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))
def inspect(out: Path) -> None:
    """Serve the Prometheus data of an earlier run in folder OUT until Ctrl-C.

    Every query printed in that run's report gives its number again.
    """
    with _one_sentence(), stop_event() as stop:
        with archived_prometheus(out, TOOLS, stop, click.echo) as (url, supervisor):
            click.echo(f"  prometheus   {url}\nup; Ctrl-C stops it")
            supervisor.watch()
        click.echo("stopped")


@contextmanager
def _one_sentence() -> Iterator[None]:
    """End with one sentence when the stack cannot start or stay up."""
    try:
        yield
    except StoppedError:
        click.echo("stopped before everything was up")
    except StackError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(FAILED) from None


def _seed_demo(environment: dict[str, str], supervisor: Supervisor) -> None:
    password = secrets.token_urlsafe(12)
    command = [sys.executable, "-m", "app", "seed"]
    supervisor.run("seed", command, {**environment, "PET_SEED_PASSWORD": password})
    click.echo(f"  log in as    {adopter_email(0)} with {password}")
