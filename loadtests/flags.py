"""Options that several commands have: what is sent, by whom, and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from loadtests.scenarios.registry import SCENARIOS
from loadtests.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable

    Option = Callable[[Any], Any]

MOST_RATE = 100_000
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
WAIVERS_FILE = Path(__file__).parent / "waivers.yml"

SCENARIO = click.option(
    "--scenario",
    type=click.Choice(list(SCENARIOS)),
    default="swipe-hot-path",
    show_default=True,
    help="What people do; `python -m loadtests list` describes each.",
)
SHAPE = click.option(
    "--shape",
    type=click.Choice(list(SHAPES)),
    default="load",
    show_default=True,
    help="How the rate goes over time.",
)
RATE = click.option(
    "--rate",
    type=click.FloatRange(0, MOST_RATE, min_open=True),
    help="Requests per second, whatever is answered.  [default: of shape and scenario]",
)
PROCESSES = click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes of the generator; one core sends some thousand requests a second.",
)
POISSON = click.option(
    "--poisson",
    type=click.IntRange(0),
    metavar="SEED",
    help="Let arrivals be random, the same for the same seed.",
)
WAIVERS = click.option(
    "--waivers", type=FILE, default=WAIVERS_FILE, help="Rules that may be broken for some days."
)
# Whether it is there is said when it is read: not every scenario takes one.
ACCOUNTS = click.option(
    "--accounts",
    type=click.Path(path_type=Path),
    help="File of e-mails, one a line (`python -m app seed --accounts`).",
)
PASSWORD = click.option(
    "--password",
    envvar="PET_LOAD_PASSWORD",
    default="",
    help="Password of these accounts; better given as PET_LOAD_PASSWORD.",
)


def sessions(default: int = 100) -> Option:
    """Return the option of how many people there are."""
    return click.option(
        "--sessions",
        type=click.IntRange(1, 50_000),
        default=default,
        show_default=True,
        help="People who send; each has one request under way at most.",
    )


def rules(default: str) -> Option:
    """Return the option of the rules, which says where they are unless it is given."""
    return click.option("--rules", type=FILE, help=f"The rules to judge by.  [default: {default}]")


def out(default: str) -> Option:
    """Return the option of the folder for what is written."""
    return click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        help=f"Folder for reports and logs.  [default: out/{default}]",
    )
