"""The command that gives an account a role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.accounts.profile import grant_role
from app.auth import Role
from app.cache import create_cache
from app.commands.database import with_engine
from app.settings import load_settings
from app.work import Work

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine


@click.command()
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

    with_engine(settings, change)
    if not known:
        raise click.ClickException(f"{email} has no account: sign up first")
    click.echo(f"{email} is {role} now")
