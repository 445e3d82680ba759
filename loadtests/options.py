"""The options of every command that sends a load and judges it by rules."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from loadtests import flags
from loadtests.baseline.compare import pinned
from loadtests.baseline.configuration import configuration, keys_of, read_settings
from loadtests.baseline.runner import runner
from loadtests.errors import MisuseError
from loadtests.plan import Closed, LoadPlan
from loadtests.result import RunPlan
from loadtests.rules.limits import Relative
from loadtests.rules.read import Planned, read_rules
from loadtests.scenarios.registry import SCENARIOS
from loadtests.shapes import SHAPES
from loadtests.waivers.known import known_rules
from loadtests.waivers.read import read_waivers
from slo.objectives import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from loadtests.judging.model import Baseline
    from loadtests.plan import LoadOptions
    from loadtests.rules.model import Rule
    from loadtests.scenarios.model import Scenario
    from loadtests.waivers.model import Waiver
    from slo.model import Slo

HERE = Path(__file__).parent
SMOKE = "smoke"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command was told to send, and by what to judge it; all of it read and checked."""

    scenario: Scenario
    plan: LoadPlan
    processes: int
    slos: tuple[Slo, ...]
    rules: tuple[Rule, ...]
    waivers: tuple[Waiver, ...]
    baseline: Baseline
    notes: tuple[str, ...]
    again: bool
    out: Path

    def run_plan(
        self,
        title: str,
        load: LoadOptions,
        interval: timedelta,
        started: datetime,
        fault: str = "none",
    ) -> RunPlan:
        """Return the plan of a judged run that sends this load."""
        return RunPlan(
            title=title,
            slos=self.slos,
            rules=self.rules,
            load=load,
            scrape_interval=interval,
            started=started,
            fault=fault,
            waivers=self.waivers,
            baseline=self.baseline,
            notes=self.notes,
            again=self.again,
        )


def load_options() -> Callable[[Any], Any]:
    """Add the options to a command, which gets them as one argument, `asked`."""
    options: list[Callable[[Any], Any]] = [
        click.argument("ids", nargs=-1, metavar="[SLO]..."),
        flags.SCENARIO,
        flags.SHAPE,
        flags.RATE,
        click.option(
            "--seconds",
            type=click.IntRange(5, 86_400),
            help="How long the load lasts.  [default: the shape's]",
        ),
        flags.sessions(),
        flags.PROCESSES,
        flags.POISSON,
        click.option(
            "--closed",
            is_flag=True,
            help="Let people come back by themselves; to explore, a slow service is asked less.",
        ),
        flags.rules("those of the scenario"),
        flags.WAIVERS,
        click.option(
            "--baseline",
            metavar="PLACE",
            help="A file or s3://bucket/key, for rules that are relative to one.",
        ),
        click.option(
            "--setting",
            "settings",
            multiple=True,
            metavar="NAME=VALUE",
            help="A setting of the service, as the baseline was recorded with; once for each.",
        ),
        click.option(
            "--once",
            is_flag=True,
            help="Do not repeat the load to confirm a failure, or for more samples.",
        ),
        flags.out("<time>"),
    ]

    def add(command: Callable[..., None]) -> Callable[..., None]:
        found: Callable[..., None] = _asked(command)
        for option in reversed(options):
            found = option(found)
        return found

    return add


def _asked(command: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(command)
    def asked(
        *arguments: object,
        ids: tuple[str, ...],
        scenario: str,
        shape: str,
        rate: float | None,
        seconds: int | None,
        sessions: int,
        processes: int,
        poisson: int | None,
        closed: bool,
        rules: Path | None,
        waivers: Path,
        baseline: str | None,
        settings: tuple[str, ...],
        once: bool,
        out: Path | None,
        **others: object,
    ) -> None:
        chosen = SCENARIOS[scenario]
        plan = plan_of(chosen.name, shape, rate, seconds, sessions, processes, poisson, closed)
        read = read_rules(rules or own_rules(scenario, shape), planned(chosen, plan))
        slos = choose(ids or chosen.slos)
        values, notes = _baseline(baseline, plan, processes, read, read_settings(settings))
        command(
            *arguments,
            asked=Asked(
                chosen,
                plan,
                processes,
                slos,
                read,
                read_waivers(waivers, known_rules(read)),
                values,
                notes,
                not once,
                out or Path("out") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
            ),
            **others,
        )

    return asked


def own_rules(scenario: str, shape: str = "") -> Path:
    """Return the file of rules that stands beside a scenario; so few requests have their own."""
    name = SMOKE if shape == SMOKE else scenario.replace("-", "_")
    found = HERE / "scenarios" / f"{name}.yml"
    # As whoever works in the repository would name it.
    return found.relative_to(Path.cwd()) if found.is_relative_to(Path.cwd()) else found


def planned(scenario: Scenario, plan: LoadPlan) -> Planned:
    """Return what rules may speak of in such a run."""
    operations = tuple(dict.fromkeys(route.operation for route in scenario.operations))
    return Planned(plan.judged, operations)


def plan_of(
    scenario: str,
    shape: str,
    rate: float | None,
    seconds: int | None,
    sessions: int,
    processes: int,
    poisson: int | None,
    closed: bool,
) -> LoadPlan:
    """Return the plan of these options; raises MisuseError for one that cannot be."""
    # Every process has as many, so that each knows when all of its own are ready.
    sessions = -(-sessions // processes) * processes
    if rate is None:
        rate = min(SHAPES[shape].rate, SCENARIOS[scenario].rate)
    schedule = SHAPES[shape].plan(rate, seconds)
    if closed:
        return LoadPlan(scenario, Closed(schedule.seconds), sessions)
    if poisson is not None:
        schedule = schedule.poisson(poisson)
    return LoadPlan(scenario, schedule, sessions, SHAPES[shape].climbs)


def _baseline(
    place: str | None,
    plan: LoadPlan,
    processes: int,
    rules: tuple[Rule, ...],
    settings: Mapping[str, str],
) -> tuple[Baseline, tuple[str, ...]]:
    """Return the values of a baseline, for the rules that are relative to one."""
    relative = [rule for rule in rules if isinstance(rule.limit, Relative)]
    if place is None and settings:
        raise MisuseError("--setting is for --baseline, which is not given")
    if place is None and relative:
        raise MisuseError(f"the rule {relative[0].id} is relative to a baseline: give --baseline")
    if place is None:
        return {}, ()
    if not relative:
        raise MisuseError(
            "--baseline would be compared with nothing: no rule is relative to one; give --rules "
            "with limit.baseline, like loadtests/regression/swipe_hot_path.yml"
        )
    facts = configuration(plan, processes, rules, settings)
    found = pinned(place, keys_of(relative), facts, runner(), datetime.now(UTC))
    return found.recorded.values, found.notes
