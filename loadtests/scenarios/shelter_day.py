"""A day at a shelter: list a pet, see who likes it, answer, follow the match, close the listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.telemetry.catalog import (
    ADMIRER_ANSWER,
    ADMIRER_LIST,
    LOG_IN,
    MATCH_CHANGE,
    MATCH_LIST,
    PET_CREATE,
    PET_DELETE,
    PETS_MINE,
    SIGN_UP,
    SWIPE_CREATE,
)
from loadtests.scenarios.answers import items, text
from loadtests.scenarios.model import Call, Scenario, call
from loadtests.scenarios.people import bring, join, log_in, signed_in, through

if TYPE_CHECKING:
    from loadtests.scenarios.model import Person, Script

# By which the shelter knows its pets of this load test again; no seeded pet has such a name.
NAME = "Load Test"
# Shelters say yes more often than adopters do: they have the fewer to choose from.
INTERESTED = 0.6
MOST_PETS = "100"


def arrive(person: Person) -> Script:
    """Log in at the shelter; the companion is an adopter, who will like its pets."""
    yield from log_in(person)
    yield from join(bring(person))


def work_a_day(person: Person) -> Script:
    """List a pet, let an adopter like it, answer, and take it off the list again."""
    mine = yield Call(PETS_MINE, query={"limit": MOST_PETS})
    # Listed before an answer was lost, or a run was stopped.
    for pet in items(mine.document):
        if text(pet, "name") == NAME:
            yield call(PET_DELETE, pet_id=text(pet, "id"))
    listed = yield call(PET_CREATE, _describe(person))
    pet_id = text(listed.document, "id")
    if not pet_id:
        return
    liked = call(SWIPE_CREATE, {"pet_id": pet_id, "liked": True})
    yield from through(person, bring(person), liked)
    yield from _answer_admirers(person, pet_id)
    yield call(PET_DELETE, pet_id=pet_id)


def _answer_admirers(person: Person, pet_id: str) -> Script:
    """Answer everybody who likes a pet, and decline the matches that come of it."""
    admirers = yield call(ADMIRER_LIST, pet_id=pet_id)
    matched = ""
    for admirer in items(admirers.document, "user_id"):
        answer = {"interested": person.chance.random() < INTERESTED}
        user_id = text(admirer, "user_id")
        answered = yield call(ADMIRER_ANSWER, answer, pet_id=pet_id, user_id=user_id)
        matched = text(answered.document, "match_id") or matched
    if matched:
        yield Call(MATCH_LIST, query={"as": "owner", "status": "pending"})
        yield call(MATCH_CHANGE, {"status": "declined"}, match_id=matched)


def _describe(person: Person) -> dict[str, object]:
    return {
        "name": NAME,
        "pet_type": person.chance.choice(("dog", "cat")),
        "breed": "Mixed Breed",
        "age_months": person.chance.randint(2, 120),
        "gender": person.chance.choice(("female", "male")),
        "size": person.chance.choice(("small", "medium", "large")),
        # In the middle of the Pacific, where no adopter of another scenario looks for pets.
        "latitude": 0.0,
        "longitude": -160.0,
        "description": "Listed by a load test, and taken off the list soon.",
    }


SHELTER_DAY = Scenario(
    name="shelter-day",
    description="Shelters list a pet, answer who likes it and take it off the list again.",
    operations=(
        LOG_IN,
        SIGN_UP,
        PETS_MINE,
        PET_CREATE,
        SWIPE_CREATE,
        ADMIRER_LIST,
        ADMIRER_ANSWER,
        MATCH_LIST,
        MATCH_CHANGE,
        PET_DELETE,
    ),
    slos=(
        "swipe-availability",
        "swipe-latency",
        "swipe-latency-p99",
        "login-availability",
        "notification-freshness",
        "api-availability",
    ),
    prepare=arrive,
    act=signed_in(arrive, work_a_day),
    shelters=True,
    rate=20.0,
)
