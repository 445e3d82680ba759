"""Rehearsing watches on the committed declarations: all rules together, as Prometheus has them."""

from __future__ import annotations

import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from alerts.components.registry import COMPONENTS, EVERY, component_groups
from alerts.model import RuleGroup
from alerts.rehearsal.play import nobody
from alerts.rehearsal.promtool import Outcome, PromtoolError, Result, run
from alerts.rehearsal.watch_cases import watch_cases
from alerts.rule_files import dump

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from alerts.rehearsal.play import Show
    from alerts.rehearsal.watch_cases import WatchCase
    from alerts.watch import Watch


def play_watches(
    watches: Sequence[Watch], promtool: Path, keep: Path | None = None, show: Show = nobody
) -> list[Result]:
    """Rehearse watches on the generated rules, in a folder that is kept if one is given.

    Raises PromtoolError when promtool does not say of which case it speaks.
    """
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        return _play(watches, promtool, keep, show)
    with TemporaryDirectory(prefix="rehearsal-") as folder:
        return _play(watches, promtool, Path(folder), show)


def component_document(name: str) -> dict[str, Any]:
    """Return the rules of a component, after those of others that record what it reads."""
    own = component_groups(name)
    read = " ".join(rule.expr for group in own for rule in group.rules)
    others = tuple(
        signal.rule()
        for other, (signals, _) in COMPONENTS.items()
        if other != name
        for signal in signals
        if signal.record in read
    )
    first = (RuleGroup("others", EVERY, others),) if others else ()
    return {"groups": [group.document() for group in (*first, *own)]}


def write_watch_suites(
    folder: Path, name: str, document: dict[str, Any], cases: Sequence[WatchCase]
) -> list[Path]:
    """Write a component's rules, and promtool's files that play its cases on them."""
    rules = folder / f"{name}.rules.yml"
    rules.write_text(dump(document))
    by_step: dict[timedelta, list[WatchCase]] = defaultdict(list)
    for case in cases:
        by_step[case.step].append(case)
    files = []
    for step, alike in by_step.items():
        suite = {
            "rule_files": [rules.name],
            "evaluation_interval": f"{step.total_seconds():g}s",
            # They feed each other in this order.
            "group_eval_order": [group["name"] for group in document["groups"]],
            "tests": [case.document() for case in alike],
        }
        files.append(folder / f"{name}-every-{step.total_seconds():g}s.test.yml")
        files[-1].write_text(dump(suite))
    return files


def _play(watches: Sequence[Watch], promtool: Path, folder: Path, show: Show) -> list[Result]:
    played = {
        name: [case for watch in own if watch in watches for case in watch_cases(watch)]
        for name, (_, own) in COMPONENTS.items()
    }
    suites = [
        suite
        for name, cases in played.items()
        for suite in write_watch_suites(folder, name, component_document(name), cases)
    ]
    failed: dict[str, str] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(run, [suite], promtool) for suite in suites]
        for done, one in enumerate(as_completed(running), 1):
            failed |= one.result()
            show(done, len(running))
    cases = [case for some in played.values() for case in some]
    if unknown := set(failed) - {case.name for case in cases}:
        raise PromtoolError(f"promtool: {failed[unknown.pop()]}")
    return [_result(case, failed) for case in cases]


def _result(case: WatchCase, failed: dict[str, str]) -> Result:
    outcome = Outcome.FAILED if case.name in failed else Outcome.PASSED
    alert, _, what = case.name.partition(" ")
    return Result(alert, what, outcome, failed.get(case.name, ""))
