from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.artifacts import GENERATED
from alerts.checks.repository import names
from alerts.reading.loaded import load
from tests.alerts.checks.written import said

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "self.client.request(route.method, route.template, name=route.operation)"
IMPORTS = "from loadtests.scenarios.model import Call, call; "
DECK = "from app.telemetry.catalog import DECK_READ; "


def messages(root: Path, *lines: str) -> list[str]:
    folder = root / "loadtests" / "scenarios"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text("\n".join((GOOD, *lines)) + "\n")
    loaded = load(GENERATED, root)
    assert all(problem.where == f"{folder / 'mine.py'}:2" for problem in names.check(loaded))
    return said(names, loaded)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("self.client.get('/api/deck')", "its name cannot be told: give it `name=`"),
        ("self.client.get('/api/deck', name='GET /api/dekk')", "the catalogue has no route 'GET /"),
        ("user.client.post(path, name=f'POST {path}')", "its name cannot be told: give it `name="),
        ("self.client.put(path, name=path)", "its name cannot be told: give it `name="),
        ("from app.telemetry.catalog import DECK_RAED", "the catalogue has no DECK_RAED"),
        ("adopter.call(Route('GET', '/api/decks', (200,)))", "makes a route of its own"),
        (IMPORTS + "from app.telemetry.catalog import JOB; call(JOB)", "JOB is no route of the"),
        (IMPORTS + "call(DECK_READ)", "DECK_READ is no route of the catalogue: give it a route"),
        (IMPORTS + DECK + "call('/api/deck')", "its route cannot be told: give it a route that"),
        (IMPORTS + DECK + "Call(route=decks[0])", "its route cannot be told: give it a route that"),
        (IMPORTS + DECK + "Call(deck, query=deck)", "deck is no route of the catalogue: give it"),
        (
            "from loadtests.scenarios.model import call as ask; ask(document=DECK_READ)",
            "its route cannot be told: give it a route that",
        ),
    ],
)
def test_a_request_that_the_catalogue_does_not_have_is_found(
    line: str, message: str, tmp_path: Path
) -> None:
    (found,) = messages(tmp_path, line)
    assert found.startswith(message)


@pytest.mark.parametrize(
    "line",
    [
        "self.client.get('/api/deck?limit=5', name='GET /api/deck')",
        "self.client.get(path, name='/api/pets/{pet_id}')",
        "from app.telemetry.catalog import DECK_READ, SWIPE_CREATE",
        "httpx.get('https://elsewhere.example/health')",
        IMPORTS + DECK + "call(DECK_READ); Call(route=DECK_READ, query={'limit': '5'})",
        IMPORTS + "from app.telemetry.catalog import DECK_READ as DECK; call(DECK)",
        # Whoever calls it is checked.
        IMPORTS + "pass\ndef send(route: Route): return Call(route)",
        "call('the neighbours')",
    ],
)
def test_a_request_named_by_the_catalogue_is_accepted(line: str, tmp_path: Path) -> None:
    assert messages(tmp_path, line) == []


def test_load_tests_without_a_request_prove_nothing(tmp_path: Path) -> None:
    (message,) = said(names, load(GENERATED, tmp_path))
    assert message == "no request in any file: nothing was checked"


def test_calls_of_scenarios_are_requests(tmp_path: Path) -> None:
    folder = tmp_path / "loadtests"
    folder.mkdir()
    (folder / "mine.py").write_text("call('the neighbours')\n")
    assert said(names, load(GENERATED, tmp_path))
    (folder / "mine.py").write_text(IMPORTS + DECK + "call(DECK_READ)\n")
    assert said(names, load(GENERATED, tmp_path)) == []


REJECTED = [(names, test_a_request_that_the_catalogue_does_not_have_is_found)]
ACCEPTED = [(names, test_a_request_named_by_the_catalogue_is_accepted)]
