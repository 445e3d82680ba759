"""dashboards/target-logql-auto-rule: log lines are counted over the window that fits the panel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dashboards.checks.loaded import LOKI
from dashboards.checks.logql import windows
from dashboards.checks.variables import expand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded, Target

ID = "dashboards/target-logql-auto-rule"
AUTO = re.compile(r"\$__auto\b|\$\{__auto\}")
# Nobody writes a window of this length.
MARK = "1127796s"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a window of fixed length: too short far out, too long close up."""
    for panel in loaded.panels:
        for target in panel.targets:
            if target.source == LOKI:
                for window in sorted(_fixed(target)):
                    yield target.problem(ID, f"[{window}]: count over [$__auto]")


def _fixed(target: Target) -> set[str]:
    variables = [each for _, each in target.panel.board.variables]
    try:
        return {*windows(expand(AUTO.sub(MARK, target.expr), variables))} - {MARK}
    except (LookupError, ValueError):
        return set()  # another rule reports it
