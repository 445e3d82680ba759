"""Every alert on a threshold does what it is declared for, and its rehearsals notice when not."""

from __future__ import annotations

import copy
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from alerts.components.registry import COMPONENTS, WATCHES
from alerts.levels import Always, Missing
from alerts.rehearsal.promtool import Outcome, run
from alerts.rehearsal.watch_cases import watch_cases
from alerts.rehearsal.watch_play import component_document, play_watches, write_watch_suites
from app.local.tools import find_tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.rehearsal.watch_cases import WatchCase
    from alerts.watch import Watch

ROOT = Path(__file__).parents[3]
COMPARED = re.compile(r" ([<>]) ([\d.]+)")
RANGE = re.compile(r"\[(\d+)([mhd])(:1h)?\]")
ON_A_THRESHOLD = [watch for watch in WATCHES if not isinstance(watch.signal.of, Always)]


@pytest.fixture(scope="module")
def program() -> Path:
    """Find promtool, fetching it where it is not."""
    return find_tool("promtool", ROOT / ".tools", print).path


def test_every_alert_fires_past_its_threshold_and_not_short_of_it(program: Path) -> None:
    results = play_watches(WATCHES, program)
    assert [result for result in results if result.outcome is not Outcome.PASSED] == []
    assert {result.slo for result in results} == {watch.alert for watch in WATCHES}


@pytest.mark.parametrize("watch", ON_A_THRESHOLD, ids=lambda watch: watch.alert)
def test_an_alert_is_rehearsed_firing_silent_ending_and_without_data(watch: Watch) -> None:
    cases = {case.name.removeprefix(f"{watch.alert} "): case for case in watch_cases(watch)}
    assert {"past its threshold", "just short of it", "back again", "no data"} <= cases.keys()
    assert ("below its floor" in cases) is (watch.floor is not None)
    assert told(cases["past its threshold"]) == [0, 0, 1], "not before its time"
    assert told(cases["back again"])[:3] == [1, 1, 0]
    assert told(cases["just short of it"]) == [0]


def told(case: WatchCase) -> list[int]:
    """Return how many are firing, or were ever anything, at each minute that is looked at."""
    return [number for _, looked_at, number in case.checks if '"pending"' not in looked_at]


def alerting(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    return lambda rule: change(rule) if "alert" in rule else None


def recording(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    return lambda rule: change(rule) if "record" in rule else None


def threshold(factor: float, step: float) -> Callable[[dict[str, Any]], None]:
    def moved(found: re.Match[str]) -> str:
        limit = float(found[2])
        if "changes" in found.string:
            # Between two whole numbers all thresholds are alike.
            return f" {found[1]} {limit + (2 if factor > 1 else -2):g}"
        return f" {found[1]} {limit * factor if limit else step:g}"

    return alerting(lambda rule: rule.update(expr=COMPARED.sub(moved, rule["expr"], count=1)))


def comparison(rule: dict[str, Any]) -> None:
    other = {"<": ">", ">": "<"}
    rule["expr"] = COMPARED.sub(lambda m: f" {other[m[1]]} {m[2]}", rule["expr"], count=1)


def window(factor: float) -> Callable[[dict[str, Any]], None]:
    seconds = {"m": 60, "h": 3600, "d": 86400}

    def other(found: re.Match[str]) -> str:
        return f"[{int(int(found[1]) * seconds[found[2]] * factor)}s{found[3] or ''}]"

    return recording(lambda rule: rule.update(expr=RANGE.sub(other, rule["expr"])))


def waits(rule: dict[str, Any]) -> None:
    if "for" in rule:
        rule["for"] = f"{int(rule['for'][:-1]) * 2}{rule['for'][-1]}"


MUTATIONS = {
    "a tenth higher": threshold(1.1, 1.5),
    "a tenth lower": threshold(0.9, -1),
    "the other comparison": alerting(comparison),
    "twice the wait": alerting(waits),
    "no wait": alerting(lambda rule: rule.pop("for", None)),
    "twice the window": window(2),
    "half the window": window(0.5),
}


def concerned(mutation: str) -> set[str]:
    """Name the alerts that have what a mutation changes."""
    return {watch.alert for watch in ON_A_THRESHOLD if has(watch, mutation)}


def has(watch: Watch, mutation: str) -> bool:
    if "wait" in mutation:
        return bool(watch.wait)
    if "window" in mutation:
        return bool(watch.signal.of.window)
    # What is missing is 1, or nothing at all: any threshold below 1 means the same.
    return not (mutation == "a tenth lower" and isinstance(watch.signal.of, Missing))


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_mutation_of_every_alert_turns_a_rehearsal_red(
    mutation: str, program: Path, tmp_path: Path
) -> None:
    suites = []
    for name, (_, watches) in COMPONENTS.items():
        document = copy.deepcopy(component_document(name))
        for group in document["groups"]:
            for rule in group["rules"]:
                MUTATIONS[mutation](rule)
        cases = [case for watch in watches for case in watch_cases(watch)]
        suites += write_watch_suites(tmp_path, name, document, cases)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failed = {
            name for said in pool.map(lambda one: run([one], program), suites) for name in said
        }
    red = {name.split()[0] for name in failed}
    assert concerned(mutation) - red == set()
