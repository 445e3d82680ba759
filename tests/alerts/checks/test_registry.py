from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from alerts import checks
from alerts.artifacts import GENERATED
from alerts.checks.exempt import EXEMPTIONS, exempted
from alerts.checks.promql import performance
from alerts.checks.registry import CHECKS, listing, run
from alerts.checks.rules import dependency
from alerts.reading.loaded import load
from alerts.reading.problem import Problem
from tests.alerts.checks.written import draw, good, written

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.checks.exempt import Exemption

# Prefixes of ids that share a folder.
FOLDERS = {
    **dict.fromkeys(("rule", "group", "labels"), "rules"),
    **dict.fromkeys(("config", "catalogue", "loadtests", "workflows", "yaml"), "repository"),
}


def test_the_committed_files_pass_every_check() -> None:
    assert [str(problem) for problem in run(GENERATED)] == []


def test_every_check_has_an_id_of_its_own_and_says_what_holds() -> None:
    listed = list(listing())
    assert len({name for name, _ in listed}) == len(listed) == len(CHECKS)
    for name, holds in listed:
        assert "/" in name
        assert holds.endswith(".")
        assert not holds.startswith(name), "the first line of the module is `id: what holds.`"


@pytest.mark.parametrize("exemption", EXEMPTIONS, ids=lambda exemption: exemption.check)
def test_every_exemption_is_still_needed(exemption: Exemption, tmp_path: Path) -> None:
    draw(tmp_path)
    loaded = load(GENERATED, tmp_path)
    found = [p for check in (dependency, performance) for p in check.check(loaded)]
    assert any(exemption.covers(problem) for problem in found)


def test_an_exemption_is_for_one_check_and_one_rule() -> None:
    assert exempted(Problem("rule/dependency", "a.yml:1", "is not read", "slo:objective:ratio"))
    assert not exempted(Problem("rule/dependency", "a.yml:1", "is not read", "job:up:sum"))
    assert not exempted(Problem("rule/name", "a.yml:1", "is not right", "slo:objective:ratio"))


def test_problems_of_a_folder_come_with_their_check_and_place(tmp_path: Path) -> None:
    written(tmp_path, good(expr="redis_up"))
    found = {problem.check: problem for problem in run(tmp_path)}
    assert "rules/drift" in found
    assert str(found["alerts/comparison"]).startswith(f"{tmp_path / 'mine.rules.yml'}:")
    assert str(found["alerts/comparison"]).endswith("with a threshold [alerts/comparison]")


def test_a_place_below_a_folder_is_named_from_there(tmp_path: Path) -> None:
    problem = Problem("rule/name", f"{tmp_path}/a.yml:1", "is not right")
    assert problem.seen_from(tmp_path).where == "a.yml:1"
    assert problem.seen_from(tmp_path / "b").where == f"{tmp_path}/a.yml:1"


def test_every_check_that_there_is_is_listed() -> None:
    found = [each.name for each in walk_packages(checks.__path__, f"{checks.__name__}.")]
    modules = map(import_module, found)
    assert {each.__name__ for each in modules if hasattr(each, "ID")} == {
        check.__name__ for check in CHECKS if isinstance(check, ModuleType)
    }


def test_a_check_is_the_file_that_its_id_names() -> None:
    for check in CHECKS:
        assert isinstance(check, ModuleType)
        folder, _, name = check.ID.partition("/")
        *_, its_folder, its_name = check.__name__.split(".")
        assert its_folder == FOLDERS.get(folder, folder)
        # Python has the word `for` already.
        assert its_name.removesuffix("_") == name.replace("-", "_")
