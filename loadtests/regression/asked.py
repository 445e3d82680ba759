"""What commands that measure in rounds are asked for: the load, the rules, how often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from loadtests import flags
from loadtests.errors import MisuseError
from loadtests.generator import read_accounts
from loadtests.options import plan_of, planned
from loadtests.plan import LoadOptions
from loadtests.regression.judge import relative_rules
from loadtests.regression.rounds import refuse_few
from loadtests.rules.read import read_rules
from loadtests.scenarios.registry import SCENARIOS
from loadtests.target import check_target
from loadtests.waivers.known import known_rules
from loadtests.waivers.read import read_waivers

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.plan import LoadPlan
    from loadtests.rules.model import Rule
    from loadtests.waivers.model import Waiver

HERE = Path(__file__).parent
Command = TypeVar("Command", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options as they were given; what is asked of them is checked."""

    rules: Path | None
    waivers: Path
    rounds: int
    scenario: str
    shape: str
    rate: float | None
    seconds: int
    sessions: int
    processes: int
    poisson: int | None
    accounts: Path | None
    password: str
    out: Path | None

    @property
    def plan(self) -> LoadPlan:
        """Return the load of every single measurement, the same as that of a judged run."""
        return plan_of(
            self.scenario,
            self.shape,
            self.rate,
            self.seconds,
            self.sessions,
            self.processes,
            self.poisson,
            closed=False,
        )

    def read(self) -> tuple[tuple[Rule, ...], tuple[Waiver, ...]]:
        """Return the rules that compare, and all waivers.

        Raises MisuseError when there is no such rule, or when the rounds are too few.
        """
        refuse_few(self.rounds)
        file = self.rules or comparing_rules(self.scenario)
        rules = read_rules(file, planned(SCENARIOS[self.scenario], self.plan))
        return relative_rules(rules), read_waivers(self.waivers, known_rules(rules))

    def load(self, out: Path, *targets: str) -> LoadOptions:
        """Return one load; raises MisuseError unless all of it and every target are there."""
        plan, scenario = self.plan, SCENARIOS[self.scenario]
        if scenario.accounts:
            if self.accounts is None or not self.password:
                raise MisuseError(
                    f"people of {self.scenario} log in: give --accounts and PET_LOAD_PASSWORD"
                )
            read_accounts(self.accounts, plan.sessions)
        for target in targets:
            check_target(target, scenario.operations)
        accounts = self.accounts if scenario.accounts else None
        return LoadOptions(targets[0], plan, accounts, self.password, out, self.processes)

    def folder(self, name: str) -> Path:
        """Return where results and logs go."""
        return self.out or Path("out") / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def comparing_rules(scenario: str) -> Path:
    """Return the file of the rules by which this scenario is compared.

    Raises MisuseError for one that nobody has written any for.
    """
    file = HERE / f"{scenario.replace('-', '_')}.yml"
    if not file.exists():
        raise MisuseError(f"there are no rules to compare {scenario} by; give --rules")
    return file


OPTIONS = (
    flags.rules("loadtests/regression/SCENARIO.yml"),
    flags.WAIVERS,
    click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 200)),
    flags.SCENARIO,
    flags.SHAPE,
    flags.RATE,
    click.option(
        "--seconds",
        default=30,
        show_default=True,
        type=click.IntRange(5, 3600),
        help="Of each measurement; a round has four.",
    ),
    flags.sessions(),
    flags.PROCESSES,
    flags.POISSON,
    flags.ACCOUNTS,
    flags.PASSWORD,
    flags.out("<command>-<time>"),
)


def asking(command: Command) -> Command:
    """Give a command the options of Asked."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
