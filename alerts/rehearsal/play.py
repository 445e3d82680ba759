"""Rehearsing many SLOs at once, one promtool each."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.rehearsal.cases import cases
from alerts.rehearsal.promtool import rehearse, write_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.rehearsal.promtool import Result
    from slo.model import Slo


def play(slos: Sequence[Slo], promtool: Path, keep: Path | None = None) -> list[Result]:
    """Rehearse SLOs on their generated rules, in a folder that is kept if one is given."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        return _play(slos, promtool, keep)
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        return _play(slos, promtool, Path(folder))


def _play(slos: Sequence[Slo], promtool: Path, folder: Path) -> list[Result]:
    def one(slo: Slo) -> list[Result]:
        return rehearse(slo, write_rules(slo, folder), list(cases(slo)), promtool)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [result for results in pool.map(one, slos) for result in results]
