"""The rehearsals notice whatever is wrong with a rule."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alerts.rehearsal.case import Case
from alerts.rehearsal.cases import cases
from alerts.rehearsal.promtool import run, write_rules, write_suites
from alerts.rehearsal.stage import Stage
from alerts.rule_files import dump
from app.local.tools import find_tool
from slo.objectives import SWIPE_AVAILABILITY, SWIPE_LATENCY
from tests.alerts.kinds import FOUR_WEEKS, KINDS, LONG_SLICES, MONTHLY, PROBED, SLICES, WEEK
from tests.alerts.mutants import Mutant, mutants, rules, slim

if TYPE_CHECKING:
    from collections.abc import Callable

    from slo.model import Slo

ROOT = Path(__file__).parents[2]
# These differ from others of the list by their period only.
DIFFERENT = tuple(slo for slo in KINDS if slo not in (FOUR_WEEKS, WEEK, MONTHLY))

# What changes nothing, by expressions of the names of mutants.
SAME_IN_SLICES = (
    # A slice without events is not recorded at all: there is nothing to guard against.
    r"ratio_rate.*: no guard",
    # Only the end of an outage shows this limit: a quarter of it is less than two evaluations.
    r"Ticket (1d|3d): short limit x (1.25|0.75)",
)
SAME_IN_LONG_SLICES = (
    *SAME_IN_SLICES,
    # All groups are evaluated once a slice here, and waits of one slice or less are alike.
    r"(Page 1h|Page 6h): (for|keep_firing_for) (twice|half)",
    r"Ticket (1d|3d): for half",
    # The short windows hold one slice to three, or one more in Prometheus 2.
    r": short limit x (1.25|0.75)",
    r"ratio_rate5m 1h: over a third of it",
    # The long window has forgotten a burst before its short one is empty again.
    r"Page 1h: an empty short window begins",
)
SAME_IN_PROBES = (
    # A probe that does not answer is not recorded either.
    r"ratio_rate.*: no guard",
    # It is asked each minute: whatever burns has more bad answers than the guard asks for.
    r": guard over three times as long",
    # Its last answer is believed for five minutes, and the burst is forgotten after that.
    r"Page 1h: an empty short window begins",
)
ALIKE = {
    SLICES.id: SAME_IN_SLICES,
    LONG_SLICES.id: SAME_IN_LONG_SLICES,
    PROBED.id: SAME_IN_PROBES,
}
CHANGES = (
    "1h: long limit",
    "1h: short limit",
    "1h: long window",
    "1h: short window",
    "1h: a third of the memory",
    "1h: no memory",
    "1h: an empty short window begins",
    "1h: guard +1",
    "1h: guard -1",
    "1h: guard over",
    "1h: no guard",
    "1h: no short",
    "1h: for twice",
    "1h: keep_firing_for half",
    "ratio_rate1h 1h: over",
    "NoData: for twice",
    "NoData: for half",
    "NoData: keep_firing_for none",
)
SHARED = ("outage at 12 events an hour", "no traffic ever")


def test_a_wrong_page_of_an_hour_and_a_wrong_no_data_alert_are_noticed(tmp_path: Path) -> None:
    def chosen(mutant: Mutant) -> bool:
        return mutant.pair == "1h" or "NoData" in mutant.name

    survivors, tried = hunt(SWIPE_LATENCY, tmp_path, chosen)
    assert survivors == []
    assert len(tried) == len(set(tried))
    # One of each kind, so that none is lost with the words of an expression.
    for change in CHANGES:
        assert any(change in name for name in tried), change


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("slo", [SWIPE_AVAILABILITY, SWIPE_LATENCY, *DIFFERENT], ids=lambda x: x.id)
def test_a_wrong_rule_of_any_kind_is_noticed(slo: Slo, tmp_path: Path) -> None:
    survivors, tried = hunt(slo, tmp_path)
    alike = ALIKE.get(slo.id, ())
    assert [name for name in survivors if not any(re.search(x, name) for x in alike)] == []
    assert len(tried) - len(survivors) > 100


def hunt(
    slo: Slo, folder: Path, chosen: Callable[[Mutant], bool] = lambda _: True
) -> tuple[list[str], list[str]]:
    """Return the mutants that no case has turned red, and all that were tried."""
    document = yaml.safe_load(write_rules(slo, folder).read_text())
    played = [case for case in cases(slo) if isinstance(case, Case)]
    found = list(filter(chosen, mutants(document, counts=Stage(slo).counts)))
    promtool = find_tool("promtool", ROOT / ".tools", print).path
    looks = {(mutant.pair, "NoData" in mutant.name): mutant for mutant in found}
    for number, mutant in enumerate(looks.values()):
        small, some = first_look(document, played, mutant)
        assert rehearsed(small, some, folder / f"sound-{number}", promtool) == {}

    def survives(numbered: tuple[int, Mutant]) -> bool:
        number, mutant = numbered
        small, some = first_look(mutant.document, played, mutant)
        for case in some:
            if rehearsed(small, [case], folder / f"{number}-{some.index(case)}", promtool):
                return False
        return not rehearsed(mutant.document, played, folder / f"{number}-whole", promtool)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        alive = list(pool.map(survives, enumerate(found)))
    names = [mutant.name for mutant in found]
    return [name for name, lives in zip(names, alive, strict=True) if lives], names


def first_look(
    document: dict[str, Any], played: list[Case], mutant: Mutant
) -> tuple[dict[str, Any], list[Case]]:
    """Choose the cases, and the rules they need, that most likely notice; quick ones first."""
    pair = mutant.pair
    if "NoData" in mutant.name:
        return slim(document, pair), [case for case in played if case.name == "no data"]
    if not pair:
        return document, sorted((case for case in played if "/" not in case.name), key=effort)
    small = slim(document, pair)
    windows = {rule["labels"].get("sloth_window") for rule in rules(small)}
    wanted = [f'long_window="{pair}"', *(f'sloth_window="{window}"' for window in windows)]
    some = [case for case in played if case.name.startswith(f"{pair}/") or case.name in SHARED]
    return small, sorted((about(case, wanted) for case in some), key=effort)


def effort(case: Case) -> int:
    return max(check.minute for check in case.checks) // case.step


def about(case: Case, wanted: list[str]) -> Case:
    checks = (check for check in case.checks if any(label in check.expr for label in wanted))
    return replace(case, checks=tuple(checks))


def rehearsed(
    document: dict[str, Any], played: list[Case], folder: Path, promtool: Path
) -> dict[str, str]:
    folder.mkdir()
    path = folder / "mutant.rules.yml"
    path.write_text(dump(document))
    return run(write_suites(folder, path, played), promtool)
