from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards import drift
from dashboards.artifacts import GENERATED, write

if TYPE_CHECKING:
    from pathlib import Path


def test_the_committed_dashboards_are_what_is_declared() -> None:
    assert list(drift.check(GENERATED)) == []


def test_a_dashboard_that_was_edited_is_found(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "cache.json"
    path.write_text(path.read_text().replace('"title"', '"name"', 1))
    (problem,) = drift.check(tmp_path)
    assert problem.where.startswith(f"{path}:")
    assert problem.message.startswith("not what is declared")


REJECTED = [(drift, test_a_dashboard_that_was_edited_is_found)]
ACCEPTED = [(drift, test_the_committed_dashboards_are_what_is_declared)]
