"""rules/loaded: Prometheus loads every rule file, and there is every file that it is to load."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

from alerts.reading.loaded import RULES
from alerts.reading.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded

ID = "rules/loaded"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a rule file that nobody loads, and one a pattern without a file."""
    where = str(loaded.folder / "prometheus.yml")
    patterns = [str(pattern) for pattern in loaded.prometheus.get("rule_files") or []]
    files = sorted(path.name for path in loaded.folder.glob(RULES))
    for name in files:
        if not any(fnmatch(name, pattern) for pattern in patterns):
            listed = ", ".join(patterns) or "nothing"
            yield Problem(
                ID, str(loaded.folder / name), f"rule_files of prometheus.yml has {listed}"
            )
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in files):
            yield Problem(ID, where, f"rule_files: {pattern} is no file of {loaded.folder}")
