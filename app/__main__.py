"""The command line of the service: serve, dispatch, prepare, seed, grant, up, inspect."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from alembic.util import CommandError
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from app.accounts.profile import grant_role
from app.auth import Role
from app.cache import create_cache
from app.database import create_engine
from app.local.commands import inspect, up
from app.metric_commands import metrics
from app.migrations.runner import migrate as run_migrations
from app.notifications.commands import dispatch
from app.seed.catalogue import build_catalogue
from app.seed.load import adopter_email, load
from app.server import check_connections, listen, serve_worker, serve_workers
from app.settings import Environment, MisconfiguredError, Settings, load_settings
from app.storage_commands import storage
from app.tables import metadata
from app.work import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

MISUSE = 2
# Classes of SQLSTATE: invalid authorization, invalid catalog (there is no such database).
REFUSED_STATES = ("28", "3D")


def main() -> None:
    """Run a command; what is wrong with its configuration is one sentence and exit code 2."""
    try:
        cli(prog_name="python -m app")
    except MisconfiguredError as error:
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(MISUSE) from None


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Run the PetSwipe adoption API and its embedded stack.

    Configuration comes from the environment: PET_DATABASE_URL, PET_CACHE_URL and
    PET_JWT_PRIVATE_KEY_FILE are required by all commands but `up`, which brings its own.

    Exit codes: 0 fine, 1 something failed, 2 misuse or bad configuration.
    """


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Public address.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--management-port",
    default=9464,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Metrics of the first worker; each further worker takes the next port.",
)
@click.option("--fd", type=int, hidden=True, help="Socket inherited from the parent process.")
def serve(host: str, port: int, workers: int, management_port: int, fd: int | None) -> None:
    """Serve the API until SIGTERM.

    One process in a container is `--workers 1`; every worker is one scrape target.
    """
    settings = load_settings()
    if fd is None:
        check_connections(settings, workers)
    with listen(host, port) if fd is None else socket.socket(fileno=fd) as sock:
        if workers == 1:
            serve_worker(settings, sock, management_port)
            return
        raise SystemExit(serve_workers(sock, workers, management_port))


@cli.command()
@click.option("--to", default="head", show_default=True, help="A revision, head, base, or -1.")
def migrate(to: str) -> None:
    """Bring the database schema to a revision."""
    try:
        _with_engine(load_settings(), lambda engine: run_migrations(engine, to))
    except CommandError as error:
        raise click.BadParameter(str(error), param_hint="--to") from None
    click.echo(f"schema is at {to}")


@cli.command()
@click.option("--pets", default=2400, show_default=True, type=click.IntRange(1, 200_000))
@click.option("--adopters", default=200, show_default=True, type=click.IntRange(0, 100_000))
@click.option("--seed", default=20_261_121, show_default=True, help="Same number, same animals.")
@click.option(
    "--password",
    envvar="PET_SEED_PASSWORD",
    required=True,
    help="Password of every demo account; better given as PET_SEED_PASSWORD.",
)
@click.option(
    "--accounts",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the adopters' e-mails to this file, one a line, for a load test.",
)
def seed(pets: int, adopters: int, seed: int, password: str, accounts: Path | None) -> None:
    """Load a reproducible catalogue: real breeds and shelters, invented animals.

    Loading it twice changes nothing. Refused in production.
    """
    settings = load_settings()
    if settings.environment is Environment.PRODUCTION:
        raise MisconfiguredError("seed puts accounts with a shared password: not in production")
    catalogue = build_catalogue(pets, seed)
    _with_engine(
        settings,
        lambda engine: load(engine, catalogue, adopters, password, settings.bcrypt_rounds),
    )
    if accounts is not None:
        accounts.write_text("".join(f"{adopter_email(n)}\n" for n in range(adopters)))
    click.echo(
        f"{len(catalogue.pets)} pets of {len(catalogue.shelters)} shelters, {adopters} adopters"
    )


@cli.command()
def rows() -> None:
    """Print the number of rows of every table, as JSON."""
    counts: dict[str, int] = {}

    async def count(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            for table in metadata.sorted_tables:
                found = await connection.scalar(select(func.count()).select_from(table))
                counts[table.name] = found or 0

    _with_engine(load_settings(), count)
    click.echo(json.dumps(counts))


@cli.command()
@click.argument("email")
@click.argument("role", type=click.Choice([str(role) for role in Role]))
def grant(email: str, role: str) -> None:
    """Give the account with EMAIL a ROLE: this makes the first administrator.

    Whoever it is logs in again to have it.
    """
    settings = load_settings()
    known = False

    async def change(engine: AsyncEngine) -> None:
        nonlocal known
        work, cache = Work(engine, "command-line"), create_cache(settings)
        try:
            known = await grant_role(work, cache, email, Role(role))
            await work.commit()
        finally:
            await work.abandon()
            await cache.aclose()

    _with_engine(settings, change)
    if not known:
        raise click.ClickException(f"{email} has no account: sign up first")
    click.echo(f"{email} is {role} now")


def _with_engine(settings: Settings, use: Callable[[AsyncEngine], Awaitable[None]]) -> None:
    async def run() -> None:
        engine = create_engine(settings)
        try:
            await use(engine)
        finally:
            await engine.dispose()

    try:
        asyncio.run(run())
    except OSError as error:
        reason = error.strerror or "no answer"
        raise MisconfiguredError(
            f"PET_DATABASE_URL: PostgreSQL does not answer: {reason}"
        ) from None
    except DBAPIError as error:
        # Its own words name users, databases and tables, never a password.
        reason = str(error.orig).partition("\n")[0]
        if str(getattr(error.orig, "sqlstate", "")).startswith(REFUSED_STATES):
            raise MisconfiguredError(f"PET_DATABASE_URL: PostgreSQL refuses it: {reason}") from None
        raise click.ClickException(f"PostgreSQL: {reason}") from None


cli.add_command(dispatch)
cli.add_command(metrics)
cli.add_command(storage)
cli.add_command(up)
cli.add_command(inspect)

if __name__ == "__main__":
    main()
