"""Rehearsing many SLOs, with as many promtools at once as there are processors."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.rehearsal.case import Case
from alerts.rehearsal.cases import cases
from alerts.rehearsal.promtool import outcomes, run, write_rules, write_suites

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alerts.rehearsal.promtool import Result
    from slo.model import Slo

    # Is told how many files of promtool are done, and of how many.
    Show = Callable[[int, int], None]


def nobody(done: int, of: int) -> None:
    """Show nothing."""


def play(
    slos: Sequence[Slo], promtool: Path, keep: Path | None = None, show: Show = nobody
) -> list[Result]:
    """Rehearse SLOs on their generated rules, in a folder that is kept if one is given.

    Raises PromtoolError when promtool does not say of which case it speaks.
    """
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        return _play(slos, promtool, keep, show)
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        return _play(slos, promtool, Path(folder), show)


def _play(slos: Sequence[Slo], promtool: Path, folder: Path, show: Show) -> list[Result]:
    played = [(slo, list(cases(slo))) for slo in slos]
    suites = [
        (number, suite)
        for number, (slo, found) in enumerate(played)
        for suite in write_suites(
            folder, write_rules(slo, folder), [case for case in found if isinstance(case, Case)]
        )
    ]
    failed: list[dict[str, str]] = [{} for _ in played]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(run, [suite], promtool): number for number, suite in suites}
        for done, one in enumerate(as_completed(running), 1):
            failed[running[one]] |= one.result()
            show(done, len(running))
    return [
        result
        for (slo, found), said in zip(played, failed, strict=True)
        for result in outcomes(slo, found, said)
    ]
