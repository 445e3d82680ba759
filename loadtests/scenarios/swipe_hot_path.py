"""The swipe hot path: log in, take a deck, swipe through part of it, look at matches."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from app.telemetry.catalog import DECK_READ, LOG_IN, MATCH_LIST, SWIPE_CREATE

if TYPE_CHECKING:
    from loadtests.users import Adopter

STEPS = (LOG_IN, DECK_READ, SWIPE_CREATE, MATCH_LIST)
# The promises that it makes enough events for; of the others a run would know nothing.
SLO_IDS = (
    "swipe-availability",
    "swipe-latency",
    "swipe-latency-p99",
    "deck-availability",
    "deck-latency",
    "login-availability",
    "api-availability",
)
# About what a person looks through before putting the phone away.
SWIPES_A_DECK = 8
LIKES = 0.4
# A phone on a bad connection sends a swipe again; the service must answer 200 with the first one.
REPEATS = 0.02


def log_in(adopter: Adopter, email: str, password: str) -> str | None:
    """Log in and return who was refused, or None; the adopter then carries the token."""
    session = adopter.call(LOG_IN, {"email": email, "password": password})
    if session is None:
        return email
    adopter.token = session["access_token"]
    return None


def swipe_through_a_deck(adopter: Adopter) -> None:
    """Take a deck and decide about its first pets, with a pause before each decision."""
    deck = adopter.call(DECK_READ)
    cards = deck["items"] if deck is not None else []
    matched = False
    for card in cards[:SWIPES_A_DECK]:
        adopter.wait()  # type: ignore[no-untyped-call]  # Locust has no type for it
        decision = {"pet_id": card["id"], "liked": random.random() < LIKES}  # noqa: S311  # no secret
        swipe = adopter.call(SWIPE_CREATE, decision)
        if swipe is not None and random.random() < REPEATS:  # noqa: S311  # no secret
            adopter.call(SWIPE_CREATE, decision)
        matched = matched or bool(swipe and swipe["match_id"])
    if matched:
        adopter.call(MATCH_LIST)
