from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.checks.runbooks import coverage
from tests.alerts.checks.runbook_pages import PAGE, SCENARIO, changed, repository

if TYPE_CHECKING:
    from pathlib import Path


def test_an_alert_with_its_page_is_accepted(tmp_path: Path) -> None:
    assert list(coverage.check(repository(tmp_path))) == []


def test_an_alert_without_a_page_is_found(tmp_path: Path) -> None:
    loaded = repository(tmp_path)
    (tmp_path / "runbooks" / "LoginsGone.md").unlink()
    (problem,) = coverage.check(loaded)
    assert problem.where == str(tmp_path / "runbooks" / "LoginsGone.md")
    assert problem.message == "missing; copy _template.md: LoginsGone has no runbook"


def test_a_page_without_an_alert_is_found(tmp_path: Path) -> None:
    loaded = repository(tmp_path)
    page = PAGE.replace("LoginsGone", "LoginsRetired")
    (tmp_path / "runbooks" / "LoginsRetired.md").write_text(page)
    (problem,) = coverage.check(loaded)
    assert problem.message == "no rule has an alert LoginsRetired"


def test_no_alert_at_all_is_a_problem(tmp_path: Path) -> None:
    loaded = repository(tmp_path)
    (tmp_path / "empty").mkdir()
    empty = type(loaded)(tmp_path / "empty", tmp_path, (), (), {})
    messages = [problem.message for problem in coverage.check(empty)]
    assert messages == ["no rule file has an alert", "no rule has an alert LoginsGone"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "severity: critical",
            "severity: warning",
            "front matter says severity: warning; the rule says critical",
        ),
        ("team: adoption", "team: dba", "front matter says team: dba; the rule says adoption"),
        (
            "alert: LoginsGone",
            "alert: LogInsGone",
            "front matter says alert: LogInsGone; the file's name is LoginsGone",
        ),
        ("# LoginsGone", "# Log-ins", "the title is Log-ins; want LoginsGone"),
    ],
)
def test_front_matter_that_disagrees_is_found(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    (problem,) = coverage.check(repository(tmp_path, changed(PAGE, old, new)))
    assert problem.message == message


def test_a_scenario_says_its_name_and_a_team_that_exists(tmp_path: Path) -> None:
    scenario = changed(SCENARIO, "scenario: region-lost", "scenario: region")
    scenario = changed(scenario, "team: platform", "team: everybody")
    messages = [problem.message for problem in coverage.check(repository(tmp_path, PAGE, scenario))]
    assert messages == [
        "front matter says scenario: region; the file's name is region-lost",
        "team: everybody; want one of adoption, platform, dba, security, finance",
    ]


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (coverage, test_an_alert_without_a_page_is_found),
]
ACCEPTED = [
    (coverage, test_an_alert_with_its_page_is_accepted),
]
