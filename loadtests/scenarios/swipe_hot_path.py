"""The swipe hot path: log in, take a deck, swipe through part of it, look at matches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.telemetry.catalog import DECK_READ, LOG_IN, MATCH_LIST, SWIPE_CREATE
from loadtests.scenarios.answers import items, text
from loadtests.scenarios.model import Scenario, call
from loadtests.scenarios.people import log_in, signed_in

if TYPE_CHECKING:
    from loadtests.scenarios.model import Person, Script

# About what a person looks through before putting the phone away.
SWIPES_A_DECK = 8
LIKES = 0.4
# A phone on a bad connection sends a swipe again; the service must answer 200 with the first one.
REPEATS = 0.02


def swipe_through_a_deck(person: Person) -> Script:
    """Take a deck and decide about its first pets; whoever has a match looks at it."""
    deck = yield call(DECK_READ)
    matched = False
    for card in items(deck.document)[:SWIPES_A_DECK]:
        decision = {"pet_id": text(card, "id"), "liked": person.chance.random() < LIKES}
        swipe = yield call(SWIPE_CREATE, decision)
        if swipe.good and person.chance.random() < REPEATS:
            yield call(SWIPE_CREATE, decision)
        matched = matched or bool(text(swipe.document, "match_id"))
    if matched:
        yield call(MATCH_LIST)


SWIPE_HOT_PATH = Scenario(
    name="swipe-hot-path",
    description="Adopters take a deck, swipe through part of it and look at their matches.",
    operations=(LOG_IN, DECK_READ, SWIPE_CREATE, MATCH_LIST),
    # The promises that it makes enough events for; of the others a run would know nothing.
    slos=(
        "swipe-availability",
        "swipe-latency",
        "swipe-latency-p99",
        "deck-availability",
        "deck-latency",
        "login-availability",
        "api-availability",
    ),
    prepare=log_in,
    act=signed_in(log_in, swipe_through_a_deck),
)
