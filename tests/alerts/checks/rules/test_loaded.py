from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.checks.rules import loaded as rules_loaded
from tests.alerts.checks.written import said, written

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("patterns", [["slo-*.rules.yml"], []])
def test_a_rule_file_that_nobody_loads_is_found(patterns: list[str], tmp_path: Path) -> None:
    loaded = written(tmp_path, settings={"rule_files": patterns})
    found = {problem.where: problem.message for problem in rules_loaded.check(loaded)}
    listed = ", ".join(patterns) or "nothing"
    assert found[str(tmp_path / "mine.rules.yml")] == f"rule_files of prometheus.yml has {listed}"


def test_a_pattern_without_a_file_is_found(tmp_path: Path) -> None:
    loaded = written(tmp_path, settings={"rule_files": ["*.rules.yml", "old.yml"]})
    assert said(rules_loaded, loaded) == [f"rule_files: old.yml is no file of {tmp_path}"]


def test_rule_files_that_are_loaded_are_accepted(tmp_path: Path) -> None:
    assert said(rules_loaded, written(tmp_path)) == []


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (rules_loaded, test_a_rule_file_that_nobody_loads_is_found),
]
ACCEPTED = [
    (rules_loaded, test_rule_files_that_are_loaded_are_accepted),
]
