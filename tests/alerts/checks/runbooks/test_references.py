from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.checks.runbooks import references
from alerts.reading.loaded import ROOT
from alerts.reading.runbook_commands import Commands, unknown_commands
from tests.alerts.checks.runbook_pages import PAGE, SCENARIO, changed, repository

if TYPE_CHECKING:
    from pathlib import Path

RESTART = "docker compose restart api   # it's quick"
MAKE = "make up && python -m app up --seed"


def test_names_that_exist_are_accepted(tmp_path: Path) -> None:
    assert list(references.check(repository(tmp_path))) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("`POST /api/auth/login`", "`POST /api/login`", "the catalogue has no route POST /api/lo"),
        ("`POST /api/auth/login`", "`GET /api/auth/login`", "the catalogue has no route GET /api"),
        ("/api/users/<user id>", "/api/people/7", "the catalogue has no route for /api/people/7"),
        ("(disaster/region-lost.md) |", "(region-lost.md) |", "a link leads nowhere: region-lost"),
        ("dashboard: application", "dashboard: app", "no generated dashboard is called app: appl"),
        ("panel: Log-ins", "panel: Log-outs", "dashboard application has no panel Log-outs: "),
        ("dashboard: application\n", "", "panel: Log-ins without a dashboard"),
        (RESTART, "docker compose restart web", "docker-compose.yml has no service web"),
        (MAKE, "make down", "make has no target down"),
        (MAKE, "python -m app upp", "python -m app has no command upp"),
        (MAKE, "python -m app up --sed", "python -m app has no option --sed"),
        (MAKE, "echo 'x", "no shell: No closing quotation"),
    ],
)
def test_a_name_that_leads_nowhere_is_found(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    problem, *others = references.check(repository(tmp_path, changed(PAGE, old, new)))
    assert problem.message.startswith(message)
    # A panel that does not exist is not that of the alert either.
    assert len(others) == ("anel: " in old or "dashboard: " in old)


@pytest.mark.parametrize("new", ["panel: Sign-ups\npanel_id: 8", "team: adoption"])
def test_a_panel_that_is_not_the_one_of_the_alert_is_found(new: str, tmp_path: Path) -> None:
    (problem,) = references.check(
        repository(tmp_path, changed(PAGE, "panel: Log-ins\npanel_id: 7", new))
    )
    assert problem.message == (
        "the alert links to dashboard: application, panel: Log-ins; say the same"
    )


@pytest.mark.parametrize(("new", "said"), [("panel_id: 8\n", "8"), ("", "None")])
def test_a_number_that_is_not_the_one_of_the_panel_is_found(
    new: str, said: str, tmp_path: Path
) -> None:
    (problem,) = references.check(repository(tmp_path, changed(PAGE, "panel_id: 7\n", new)))
    assert problem.message == f"panel_id: {said}; panel Log-ins has 7"


def test_links_of_a_scenario_go_up(tmp_path: Path) -> None:
    scenario = changed(SCENARIO, "(../LoginsGone.md)", "(LoginsGone.md)")
    (problem,) = references.check(repository(tmp_path, PAGE, scenario))
    line = scenario.splitlines().index("- [LoginsGone](LoginsGone.md)") + 1
    assert problem.where.endswith(f"region-lost.md:{line}")
    assert problem.message == "a link leads nowhere: LoginsGone.md"


def test_without_a_compose_file_no_service_exists(tmp_path: Path) -> None:
    loaded = repository(tmp_path)
    (tmp_path / "docker-compose.yml").unlink()
    (problem,) = references.check(loaded)
    assert problem.message == "docker-compose.yml has no service api"


@pytest.mark.parametrize(
    ("block", "messages"),
    [
        ("python -m app serve --workers 2 --port=8000", []),
        ("PET_LOG_LEVEL=DEBUG .venv/bin/python -m alerts check | tee log && make check", []),
        ("docker compose exec -T -e A=b api python -m app migrate --to head", []),
        ("docker compose logs --since 15m --tail 100 api postgres", []),
        ("docker compose -f docker-compose.yml up -d --scale api=2 api", []),
        ("docker compose ps\ndocker compose up -d", []),
        ("python -m app storage init\npython -m http.server", []),
        ("amtool silence add alertname=X --comment='x, <who>'", []),
        ("python -m app <anything>", []),
        ("make check \\\n  testt", ["make has no target testt"]),
        (
            "docker compose exec web python -m app migrat",
            ["docker-compose.yml has no service web", "python -m app has no command migrat"],
        ),
        ("for i in 1 2; do make lockk; done", ["make has no target lockk"]),
    ],
)
def test_commands_of_this_repository_are_known(block: str, messages: list[str]) -> None:
    found = Commands.of(ROOT)
    services = frozenset({"api", "postgres"})
    commands = Commands(found.words, found.options, found.targets, services)
    assert list(unknown_commands(block, commands)) == messages


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (references, test_a_name_that_leads_nowhere_is_found),
]
ACCEPTED = [
    (references, test_names_that_exist_are_accepted),
]
