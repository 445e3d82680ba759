"""The command that loads the demo catalogue."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands.database import with_engine
from app.seed.adopters import adopter_email
from app.seed.catalogue import build_catalogue
from app.seed.load import load
from app.settings import Environment, MisconfiguredError, load_settings


@click.command()
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
@click.option(
    "--shelter-accounts",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the shelters' e-mails to this file, for a load test of what shelters do.",
)
def seed(
    pets: int,
    adopters: int,
    seed: int,
    password: str,
    accounts: Path | None,
    shelter_accounts: Path | None,
) -> None:
    """Load a reproducible catalogue: real breeds and shelters, invented animals.

    Loading it twice changes nothing. Refused in production.
    """
    settings = load_settings()
    if settings.environment is Environment.PRODUCTION:
        raise MisconfiguredError("seed puts accounts with a shared password: not in production")
    catalogue = build_catalogue(pets, seed)
    with_engine(
        settings,
        lambda engine: load(engine, catalogue, adopters, password, settings.bcrypt_rounds),
    )
    if accounts is not None:
        accounts.write_text("".join(f"{adopter_email(n)}\n" for n in range(adopters)))
    if shelter_accounts is not None:
        shelter_accounts.write_text("".join(f"{each.email}\n" for each in catalogue.shelters))
    click.echo(
        f"{len(catalogue.pets)} pets of {len(catalogue.shelters)} shelters, {adopters} adopters"
    )
