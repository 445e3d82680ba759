"""Scripts of every scenario without a service: odd answers, and what a scenario declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.telemetry.catalog import DECK_READ, LOG_IN, ROUTES
from loadtests.scenarios.model import Reply, Scenario
from loadtests.scenarios.registry import SCENARIOS
from slo.objectives import choose
from tests.loadtests.scenarios.following import TOKEN, answering, follow, somebody

if TYPE_CHECKING:
    from loadtests.scenarios.model import Call

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
ACTS = 30

ODD = {
    "no answer": Reply(DECK_READ, 0),
    "a server error": Reply(DECK_READ, 500, b"oops"),
    "a refused token": Reply(DECK_READ, 401),
    "too many requests": Reply(DECK_READ, 429, b"{}"),
    "a conflict": Reply(DECK_READ, 409, b"{}"),
    "a redirect": Reply(DECK_READ, 307),
}
ODD_BODIES = {
    "nothing": b"",
    "a page": b"<html>",
    "bytes": b"\xff\xfe\x00",
    "null": b"null",
    "a list": b"[]",
    "a number": b"3",
    "a page of nothing": b'{"items": []}',
    "no list": b'{"items": 3}',
    "no objects": b'{"items": [1, null, "x", []]}',
    "objects of nothing": b'{"items": [{}, {"id": 3, "user_id": null}]}',
    "a page without an end": b'{"items": [{"id": "a", "latitude": 1e999}], "next_cursor": "x"}',
    "far too long a number": b'{"items": [{"id": "a", "latitude": 1' + b"0" * 400 + b"}]}",
    "far too deep": b"[" * 100_000,
    "no token": b'{"access_token": null, "expires_in": "soon"}',
}


@every_scenario
@pytest.mark.parametrize("odd", ODD)
def test_after_an_odd_status_every_act_still_calls_and_ends(scenario: Scenario, odd: str) -> None:
    person = somebody("a@b.example" if scenario.accounts else "")
    reply = ODD[odd]
    follow(scenario.prepare(person), answering(0, TOKEN))
    for _ in range(ACTS):
        assert follow(scenario.act(person), lambda what: Reply(what.route, reply.status, b"{}"))
    # All is well again once the service is.
    follow(scenario.act(person), answering(0, TOKEN))
    assert len(follow(scenario.act(person), answering(0, TOKEN))) > 0
    assert person.token or not scenario.accounts


@every_scenario
@pytest.mark.parametrize("body", ODD_BODIES)
def test_after_an_odd_body_every_act_still_calls_and_ends(scenario: Scenario, body: str) -> None:
    person = somebody("a@b.example" if scenario.accounts else "")
    content = ODD_BODIES[body]
    follow(scenario.prepare(person), answering(0, content))
    for _ in range(ACTS):
        assert follow(scenario.act(person), answering(0, content))

    def only_logged_in(what: Call) -> Reply:
        return Reply(what.route, what.route.success[0], TOKEN if what.route is LOG_IN else content)

    for _ in range(ACTS):
        assert follow(scenario.act(person), only_logged_in)


@every_scenario
def test_a_scenario_declares_operations_and_service_levels_that_there_are(
    scenario: Scenario,
) -> None:
    assert set(scenario.operations) <= set(ROUTES)
    assert len(set(scenario.operations)) == len(scenario.operations)
    assert [slo.id for slo in choose(scenario.slos)] == list(scenario.slos)
    assert scenario.slos
    assert "\n" not in scenario.description


@every_scenario
def test_scripts_of_the_same_chances_are_the_same(scenario: Scenario) -> None:
    def once() -> list[Call]:
        person = somebody("a@b.example" if scenario.accounts else "")
        calls = follow(scenario.prepare(person), answering(0, TOKEN))
        return calls + follow(scenario.act(person), answering(0, TOKEN))

    assert once() == once()
