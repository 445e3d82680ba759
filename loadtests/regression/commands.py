"""The command lines of comparing: a candidate with its base, and a run with a baseline."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from loadtests.baseline.configuration import configuration, keys_of, read_settings
from loadtests.baseline.document import read_document, write_document
from loadtests.baseline.model import Recorded
from loadtests.baseline.places import read_place, refuse_taken, write_place
from loadtests.baseline.runner import runner
from loadtests.errors import MisuseError
from loadtests.progress import Screen
from loadtests.regression.asked import Asked, asking
from loadtests.regression.document import noise_json, regression_json
from loadtests.regression.measuring import Meter
from loadtests.regression.rounds import Game
from loadtests.regression.run import Match
from loadtests.regression.run import regress as compare
from loadtests.regression.tables import baseline_table, noise_table
from loadtests.reports.table import rulings_table
from slo.tables import console

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.regression.model import Regression

# A round measures each of the two so often.
MEASURED_A_ROUND = 2


@click.command()
@click.option("--base", required=True, help="The API that runs now, like http://base:8000.")
@click.option("--candidate", help="The API that may replace it.")
@click.option("--self-test", is_flag=True, help="Compare the base with itself: the noise floor.")
@asking
def regress(
    base: str,
    candidate: str | None,
    self_test: bool,
    **options: Any,  # noqa: ANN401  # click's, checked by Asked
) -> None:
    """Compare a candidate with its base, measured in turn on this machine.

    A round measures base, candidate, candidate, base under the same load; a rule is broken when the
    candidate is surely worse by more than its tolerance and its floor. --self-test shows how much
    a target differs from itself here (noise.json), and with it the smallest tolerance that can be
    decided.

    Exit codes: 0 no regression, 1 a regression, 2 misuse or bad configuration, 3 undecided.
    """
    asked = Asked(**options)
    against = _candidate(base, candidate, self_test=self_test)
    rules, waivers = asked.read()
    folder = asked.folder("self-test" if self_test else "regress")
    load = asked.load(folder, *dict.fromkeys((base, against)))
    with Screen(Console(stderr=True)) as screen:
        times = MEASURED_A_ROUND * asked.rounds
        meter = Meter(load, rules, times, screen.show)
        found = compare(
            Match(base, against, rules, waivers, asked.rounds),
            Game(meter.measure, keys_of(rules), screen.say),
        )
        screen.close()
    _conclude(found, folder)


def _candidate(base: str, candidate: str | None, *, self_test: bool) -> str:
    if self_test and candidate is None:
        return base
    if self_test:
        raise MisuseError("a self-test compares --base with itself; leave --candidate out")
    if candidate is None:
        raise MisuseError("there is nothing to compare; give --candidate, or --self-test")
    if candidate.rstrip("/") == base.rstrip("/"):
        raise MisuseError("base and candidate are the same; --self-test does that on purpose")
    return candidate


def _conclude(found: Regression, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    written = {"regression.json": regression_json(found)}
    if found.noise is not None:
        written["noise.json"] = noise_json(found)
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    shown = console()
    shown.print(rulings_table(found.rulings))
    if found.noise:
        shown.print(noise_table(found.noise))
    decision = found.decision
    shown.print(f"\nverdict: {decision.outcome.value}")
    for line in (*decision.reasons, *(str(folder / name) for name in written)):
        shown.print(f"  {line}", soft_wrap=True, markup=False)
    raise SystemExit(decision.outcome.exit_code)


@click.group()
def baseline() -> None:
    """Record what a run is compared with later, or show it.

    A baseline is a file that is committed, or s3://bucket/key. It stays what it is until somebody
    replaces it on purpose, so that many small drifts add up to one that is found.
    """


@baseline.command()
@click.option("--host", required=True, help="The API to measure.")
@click.option("--to", required=True, help="A file, or s3://bucket/key.")
@click.option("--replace", is_flag=True, help="Replace the one that is there.")
@click.option("--revision", required=True, help="What runs there, like a commit.")
@click.option(
    "--setting",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the service that its speed depends on; once for each.",
)
@asking
def record(
    host: str,
    to: str,
    replace: bool,
    revision: str,
    settings: tuple[str, ...],
    **options: Any,  # noqa: ANN401  # click's, checked by Asked
) -> None:
    """Measure a target in several rounds and keep what its rules saw.

    Exit codes: 0 recorded, 2 misuse or bad configuration, 3 what was measured is no evidence.
    """
    asked = Asked(**options)
    (rules, _), machine = asked.read(), runner()
    if not replace:
        refuse_taken(to)
    facts = configuration(asked.plan, asked.processes, rules, read_settings(settings))
    load = asked.load(asked.folder("baseline"), host)
    keys = keys_of(rules)
    with Screen(Console(stderr=True)) as screen:
        meter = Meter(load, rules, asked.rounds, screen.show)
        measured = list(Game(meter.measure, keys, screen.say).repeat(host, asked.rounds))
        screen.close()
    rounds = {key: tuple(values[key] for values in measured) for key in keys}
    recorded = Recorded(datetime.now(UTC), revision, machine, facts, rounds)
    place = write_place(to, write_document(recorded), replace=replace)
    _show(recorded, place)


@baseline.command()
@click.argument("place")
def show(place: str) -> None:
    """Show a baseline: what it holds, where and under what it was recorded."""
    _show(read_document(read_place(place), place), place)


def _show(recorded: Recorded, place: str) -> None:
    shown = console()
    when = recorded.recorded.astimezone(UTC)
    shown.print(
        f"{place}: revision {recorded.revision}, {when:%Y-%m-%d %H:%M} UTC",
        soft_wrap=True,
        markup=False,
    )
    for name, value in (*recorded.runner.items(), *recorded.configuration.items()):
        shown.print(f"  {name}: {value}", soft_wrap=True, markup=False)
    shown.print(baseline_table(recorded))
