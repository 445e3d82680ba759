"""All checks of the kit: each has shown what it rejects and accepts, and together they are quick.

Each test module of a check lists rows in `REJECTED` and `ACCEPTED` that begin with the check: the
cases of its tables, or the test that shows it.
"""

from __future__ import annotations

import importlib
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from alerts.artifacts import GENERATED as RULES
from alerts.checks import registry as alerts_registry
from dashboards import drift
from dashboards.artifacts import GENERATED as BOARDS
from dashboards.checks import registry as dashboards_registry

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parent
CHECKS: tuple[Any, ...] = (*alerts_registry.CHECKS, drift, *dashboards_registry.CHECKS)
# What is asked of `make check`, with everything that it runs.
MOST_SECONDS = 20.0


@cache
def modules() -> tuple[ModuleType, ...]:
    """Import every test module of alerts and dashboards."""
    paths = [path for kit in ("alerts", "dashboards") for path in (HERE / kit).rglob("test_*.py")]
    names = (".".join(path.relative_to(HERE.parent).with_suffix("").parts) for path in paths)
    return tuple(map(importlib.import_module, sorted(names)))


@pytest.mark.parametrize("kind", ["REJECTED", "ACCEPTED"])
def test_every_check_is_shown_a_case_that_it_rejects_and_one_that_it_accepts(kind: str) -> None:
    rows = [row for module in modules() for row in getattr(module, kind, ())]
    shown = {row[0].ID for row in rows}
    assert shown == {check.ID for check in CHECKS}


def test_all_checks_together_are_quick() -> None:
    start = time.process_time()
    assert alerts_registry.run(RULES) == []
    assert dashboards_registry.run(BOARDS) == []
    assert list(drift.check(BOARDS)) == []
    assert time.process_time() - start < MOST_SECONDS
