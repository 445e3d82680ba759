"""The command that brings the schema to a revision."""

from __future__ import annotations

import click
from alembic.util import CommandError

from app.commands.database import with_engine
from app.migrations.runner import migrate as run_migrations
from app.settings import load_settings


@click.command()
@click.option("--to", default="head", show_default=True, help="A revision, head, base, or -1.")
def migrate(to: str) -> None:
    """Bring the database schema to a revision."""
    try:
        with_engine(load_settings(), lambda engine: run_migrations(engine, to))
    except CommandError as error:
        raise click.BadParameter(str(error), param_hint="--to") from None
    click.echo(f"schema is at {to}")
