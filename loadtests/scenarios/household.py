"""Onboarding a household: one founds it, the other joins by the code, and both leave it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.telemetry.catalog import (
    HOUSEHOLD_CREATE,
    HOUSEHOLD_JOIN,
    HOUSEHOLD_LEAVE,
    HOUSEHOLD_MEMBERS,
    HOUSEHOLD_READ,
    LOG_IN,
    ME_DELETE,
    SIGN_UP,
)
from loadtests.scenarios.answers import text
from loadtests.scenarios.model import Scenario, call
from loadtests.scenarios.people import CONFLICT, bring, join_both, leave, signed_in, through

if TYPE_CHECKING:
    from loadtests.scenarios.model import Person, Script


def found_a_household(person: Person) -> Script:
    """Found a household, let the companion join and leave, and leave it as the last one.

    Who is in a household that they know nothing of, because an answer was lost, starts over as
    somebody else: only a member can leave, and the API tells nobody where they are.
    """
    founded = yield call(HOUSEHOLD_CREATE, {"name": f"Household {person.number}"})
    if founded.status == CONFLICT:
        yield from leave(person)
    household_id = text(founded.document, "id")
    code = text(founded.document, "invite_code")
    if not household_id or not code:
        return
    yield call(HOUSEHOLD_READ, household_id=household_id)
    yield from _live_together(person, household_id, code)
    yield call(HOUSEHOLD_LEAVE, household_id=household_id)


def _live_together(person: Person, household_id: str, code: str) -> Script:
    other = bring(person)
    joined = yield from through(person, other, call(HOUSEHOLD_JOIN, {"code": code}))
    yield call(HOUSEHOLD_MEMBERS, household_id=household_id)
    if joined.good:
        yield from through(person, other, call(HOUSEHOLD_LEAVE, household_id=household_id))
    elif joined.status == CONFLICT:
        left = yield from through(person, other, call(ME_DELETE))
        if left.good:
            other.email = other.token = ""


HOUSEHOLD = Scenario(
    name="household",
    description="New people found a household, invite somebody, see who is in it, and leave it.",
    operations=(
        SIGN_UP,
        LOG_IN,
        HOUSEHOLD_CREATE,
        HOUSEHOLD_READ,
        HOUSEHOLD_JOIN,
        HOUSEHOLD_MEMBERS,
        HOUSEHOLD_LEAVE,
        ME_DELETE,
    ),
    slos=("login-availability", "api-availability"),
    prepare=join_both,
    act=signed_in(join_both, found_a_household),
    accounts=False,
    rate=20.0,
)
