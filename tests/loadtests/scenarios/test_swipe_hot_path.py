"""The swipe hot path, decision by decision."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from app.telemetry.catalog import DECK_READ, MATCH_LIST, SWIPE_CREATE
from loadtests.scenarios.model import Reply
from loadtests.scenarios.swipe_hot_path import SWIPES_A_DECK, swipe_through_a_deck
from tests.loadtests.scenarios.following import follow, somebody

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.scenarios.model import Call


def deck(cards: int) -> bytes:
    return json.dumps({"items": [{"id": f"pet-{n}"} for n in range(cards)]}).encode()


def swiping(cards: int, match_id: str | None) -> Callable[[Call], Reply]:
    def answer(what: Call) -> Reply:
        content = deck(cards) if what.route is DECK_READ else json.dumps({"match_id": match_id})
        content = content if isinstance(content, bytes) else content.encode()
        return Reply(what.route, what.route.success[0], content)

    return answer


@pytest.mark.parametrize(
    ("cards", "match_id", "expected"),
    [
        (0, None, {DECK_READ: 1}),
        (3, None, {DECK_READ: 1, SWIPE_CREATE: 3}),
        (3, "m", {DECK_READ: 1, SWIPE_CREATE: 3, MATCH_LIST: 1}),
        (100, None, {DECK_READ: 1, SWIPE_CREATE: SWIPES_A_DECK}),
    ],
)
def test_a_deck_is_swiped_through_and_matches_are_looked_at(
    cards: int, match_id: str | None, expected: dict[Any, int]
) -> None:
    calls = follow(swipe_through_a_deck(somebody()), swiping(cards, match_id))
    assert Counter(what.route for what in calls) == expected


def test_two_swipes_in_five_are_likes_and_one_in_fifty_is_sent_twice() -> None:
    person, bodies = somebody(), []
    for _ in range(1000):
        calls = follow(swipe_through_a_deck(person), swiping(SWIPES_A_DECK, None))
        bodies += [what.body for what in calls if what.route is SWIPE_CREATE]
    again = sum(a == b for a, b in pairwise(bodies))
    assert 0.015 < again / len(bodies) < 0.025
    assert 0.38 < sum(json.loads(body)["liked"] for body in bodies) / len(bodies) < 0.42


def test_a_swipe_that_failed_is_not_sent_again() -> None:
    def failing(what: Call) -> Reply:
        return (
            Reply(what.route, 200, deck(8)) if what.route is DECK_READ else Reply(what.route, 503)
        )

    person = somebody()
    for _ in range(200):
        calls = follow(swipe_through_a_deck(person), failing)
        assert len(calls) == 1 + SWIPES_A_DECK
