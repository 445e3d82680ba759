"""A wave of sign-ups, as after a report on television: join, say what for, see a first deck."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.telemetry.catalog import DECK_READ, LOG_IN, ME_DELETE, PREFERENCES_WRITE, SIGN_UP
from loadtests.scenarios.model import Scenario, call
from loadtests.scenarios.people import join, leave, signed_in

if TYPE_CHECKING:
    from loadtests.scenarios.model import Person, Script

KINDS = ("dog", "cat")
# Of all ages that pets have, whatever the kind, most are below.
OLDEST_MONTHS = 120


def look_around(person: Person) -> Script:
    """Say what to look for, and see the first deck.

    The account goes again, for an hour of this would leave tens of thousands behind.
    """
    wishes = {"pet_type": person.chance.choice(KINDS), "age_months_max": OLDEST_MONTHS}
    yield call(PREFERENCES_WRITE, wishes)
    yield call(DECK_READ)
    yield from leave(person)


def stay_away(_: Person) -> Script:
    """Do nothing: who will sign up has no account to prepare."""
    yield from ()


SIGNUP_WAVE = Scenario(
    name="signup-wave",
    description="New people sign up, log in, say what they look for, see a deck and leave again.",
    operations=(SIGN_UP, LOG_IN, PREFERENCES_WRITE, DECK_READ, ME_DELETE),
    slos=("login-availability", "deck-availability", "deck-latency", "api-availability"),
    prepare=stay_away,
    act=signed_in(join, look_around),
    accounts=False,
    rate=5.0,
)
