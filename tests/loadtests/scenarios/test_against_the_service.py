"""Every scenario, followed on the real service."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from app.accounts.tables import users
from app.households.tables import households
from app.media.tables import uploads
from app.notifications.channels.in_app import InAppChannel
from app.pets.tables import pets
from app.telemetry.catalog import HOUSEHOLD_CREATE, ME_DELETE, OPENAPI, UPLOAD
from app.telemetry.instruments import DispatchInstruments
from loadtests.scenarios.registry import SCENARIOS
from loadtests.target import check_target
from slo.indicators import LatencySli, RatioSli
from slo.objectives import NOTIFICATION_FRESHNESS, choose
from tests.app.notifications.conftest import Outbox, dispatch_with
from tests.loadtests.servers import server

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from loadtests.scenarios.model import Scenario
    from tests.loadtests.scenarios.conftest import Town

pytestmark = pytest.mark.anyio
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))

PEOPLE = 2
ACTS = 12
# The acts after which an answer that was lost has shown all of its consequences.
RECOVERY = 2
# Only called when something has gone wrong.
AFTER_A_LOSS = {"household": {ME_DELETE.operation}}


async def live(town: Town, scenario: Scenario) -> None:
    for number in range(PEOPLE):
        person = town.person(scenario, number)
        await town.follow(scenario.prepare(person), person)
        for _ in range(ACTS):
            assert await town.follow(scenario.act(person), person), "an act without a call"


@every_scenario
async def test_all_that_a_scenario_does_succeeds_counts_and_leaves_little_behind(
    town: Town, scenario: Scenario
) -> None:
    before = await kept(town)
    await live(town, scenario)
    assert [r for r in town.replies if not r.good] == []
    declared = {route.operation for route in scenario.operations}
    assert set(town.statuses()) == declared - AFTER_A_LOSS.get(scenario.name, set())
    await assert_little_grew(town, before)
    for slo in choose(scenario.slos):
        if slo is NOTIFICATION_FRESHNESS:
            assert await delivered(town) > 0
        else:
            assert isinstance(slo.sli, RatioSli | LatencySli)
            assert town.events(slo.sli) > 0, slo.id


async def kept(town: Town) -> dict[str, int]:
    return {
        "people": await count(town, users.c.id, users.c.deleted_at.is_(None)),
        "pets": await count(town, pets.c.id, pets.c.deleted_at.is_(None)),
        "pictures": await count(town, uploads.c.id),
        "households": await count(town, households.c.id),
    }


async def count(town: Town, column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> int:
    statement = select(func.count(column)).where(*conditions)
    async with town.api.held.engine.connect() as connection:
        return await connection.scalar(statement) or 0


async def assert_little_grew(town: Town, before: dict[str, int]) -> None:
    after = await kept(town)
    # Everybody who has signed up, and a companion.
    assert after["people"] <= before["people"] + 2 * PEOPLE
    assert after["pets"] == before["pets"]
    assert after["households"] == 0
    sent = town.statuses().get(UPLOAD.operation, Counter())[201]
    assert after["pictures"] < sent or not sent


async def delivered(town: Town) -> float:
    """Deliver what the scenario has left to be delivered, and count what is promised of it."""
    held, instruments = town.api.held, DispatchInstruments("1.0", "abc")
    async with dispatch_with(held.settings, instruments)(InAppChannel(held.engine)):
        await Outbox(held.engine).settled()
    sli = NOTIFICATION_FRESHNESS.sli
    assert isinstance(sli, LatencySli)
    return town.events(sli, instruments.registry)


@every_scenario
async def test_a_lost_answer_of_any_operation_is_not_the_begin_of_many_failures(
    town: Town, scenario: Scenario
) -> None:
    before = await kept(town)
    for route in scenario.operations:
        # Otherwise nothing goes wrong.
        first = (
            {HOUSEHOLD_CREATE} if route.operation in AFTER_A_LOSS.get(scenario.name, ()) else set()
        )
        town.lose, person = {route, *first}, town.person(scenario)
        await town.follow(scenario.prepare(person), person)
        while town.lose:
            await town.follow(scenario.act(person), person)
        for _ in range(RECOVERY):
            await town.follow(scenario.act(person), person)
        replies = await town.follow(scenario.act(person), person)
        assert [(r.route, r.status) for r in replies if not r.good] == []
    after = await kept(town)
    assert (after["pets"], after["households"]) == (before["pets"], 0)


async def test_the_service_documents_all_that_every_scenario_calls(town: Town) -> None:
    answer = await town.api.client.get(OPENAPI.template)
    with server(answer.content) as url:
        check_target(url, [route for each in SCENARIOS.values() for route in each.operations])


async def test_a_household_that_nobody_knows_of_is_left_with_the_account(town: Town) -> None:
    scenario = SCENARIOS["household"]
    person = town.person(scenario)
    await town.follow(scenario.prepare(person), person)
    town.lose = {HOUSEHOLD_CREATE}
    replies = await town.follow(scenario.act(person), person)
    assert [(r.route, r.status) for r in replies] == [(HOUSEHOLD_CREATE, 0)]
    replies = await town.follow(scenario.act(person), person)
    assert [(r.route, r.status) for r in replies] == [(HOUSEHOLD_CREATE, 409), (ME_DELETE, 204)]
    replies = await town.follow(scenario.act(person), person)
    assert all(reply.good for reply in replies)
