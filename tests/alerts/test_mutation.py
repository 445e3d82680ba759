"""The rehearsals notice whatever is wrong with a rule."""

from __future__ import annotations

import os
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
from app.local.tools import find_tool
from slo.objectives import SWIPE_AVAILABILITY, SWIPE_LATENCY
from tests.alerts.kinds import FOUR_WEEKS, KINDS, MONTHLY, WEEK
from tests.alerts.mutants import Mutant, mutants, rules, slim

if TYPE_CHECKING:
    from slo.model import Slo

ROOT = Path(__file__).parents[2]
# These differ from others of the list by their period only.
DIFFERENT = tuple(slo for slo in KINDS if slo not in (FOUR_WEEKS, WEEK, MONTHLY))

SHARED = ("outage at 12 events an hour", "no traffic ever")


def test_a_wrong_page_of_an_hour_is_noticed(tmp_path: Path) -> None:
    survivors, tried = hunt(SWIPE_LATENCY, tmp_path, "1h")
    assert survivors == []
    assert tried > 30


@pytest.mark.prove
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("slo", [SWIPE_AVAILABILITY, SWIPE_LATENCY, *DIFFERENT], ids=lambda x: x.id)
def test_a_wrong_rule_of_any_kind_is_noticed(slo: Slo, tmp_path: Path) -> None:
    survivors, tried = hunt(slo, tmp_path)
    assert survivors == []
    assert tried > 100


def hunt(slo: Slo, folder: Path, only: str = "") -> tuple[list[str], int]:
    """Return the mutants that no case has turned red, and how many there were."""
    document = yaml.safe_load(write_rules(slo, folder).read_text())
    played = [case for case in cases(slo) if isinstance(case, Case)]
    found = [
        mutant
        for mutant in mutants(document, counts=Stage(slo).counts)
        if not only or mutant.pair == only
    ]
    promtool = find_tool("promtool", ROOT / ".tools", print).path
    for pair in sorted({mutant.pair for mutant in found}):
        small, some = first_look(document, played, pair)
        assert rehearsed(small, some, folder / f"sound-{pair}", promtool) == {}

    def survives(numbered: tuple[int, Mutant]) -> bool:
        number, mutant = numbered
        small, some = first_look(mutant.document, played, mutant.pair)
        if rehearsed(small, some, folder / f"small-{number}", promtool):
            return False
        return not rehearsed(mutant.document, played, folder / f"whole-{number}", promtool)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        alive = list(pool.map(survives, enumerate(found)))
    return [one.name for one, lives in zip(found, alive, strict=True) if lives], len(found)


def first_look(
    document: dict[str, Any], played: list[Case], pair: str
) -> tuple[dict[str, Any], list[Case]]:
    """Choose the cases, and the rules they need, that most likely notice what is wrong."""
    if not pair:
        return document, [case for case in played if "/" not in case.name]
    small = slim(document, pair)
    windows = {rule["labels"].get("sloth_window") for rule in rules(small)}
    wanted = [f'long_window="{pair}"', *(f'sloth_window="{window}"' for window in windows)]
    some = [case for case in played if case.name.startswith(f"{pair}/") or case.name in SHARED]
    return small, [about(case, wanted) for case in some]


def about(case: Case, wanted: list[str]) -> Case:
    checks = (check for check in case.checks if any(label in check.expr for label in wanted))
    return replace(case, checks=tuple(checks))


def rehearsed(
    document: dict[str, Any], played: list[Case], folder: Path, promtool: Path
) -> dict[str, str]:
    folder.mkdir()
    path = folder / "mutant.rules.yml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return run(write_suites(folder, path, played), promtool)
