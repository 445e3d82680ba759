"""What is asked, and which answers are right."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from loadtests.bench.supply import Decks, Swipes

TOKENS = [f"token-{number}" for number in range(6)]
PETS = [str(uuid4()) for _ in range(8)]
SWIPE = {
    "id": str(uuid4()),
    "pet_id": PETS[0],
    "liked": False,
    "notes": None,
    "created_at": "2026-11-22T00:00:00Z",
    "match_id": None,
}


def decisions(swipes: Swipes) -> list[tuple[str, dict[str, Any]]]:
    request = swipes.requests("host:1", "")
    found = []
    for number in range(len(swipes)):
        head, _, body = request(number).decode().partition("\r\n\r\n")
        assert f"Content-Length: {len(body)}\r\n" in head + "\r\n"
        (token,) = (line for line in head.splitlines() if line.startswith("Authorization"))
        found.append((token, json.loads(body)))
    return found


def test_every_adopter_decides_about_every_pet_once() -> None:
    found = decisions(Swipes(TOKENS, PETS))
    assert len({(token, body["pet_id"]) for token, body in found}) == len(TOKENS) * len(PETS)
    assert {body["liked"] for _, body in found} == {True, False}


def test_neighbours_share_neither_adopter_nor_pet() -> None:
    found = decisions(Swipes(TOKENS, PETS))
    assert all(one[0] != other[0] for one, other in pairwise(found))
    assert all(one[1]["pet_id"] != other[1]["pet_id"] for one, other in pairwise(found))


def test_a_request_is_written_as_it_goes_over_the_wire() -> None:
    request = Swipes(TOKENS, PETS).requests("host:1", "traceparent: 00-1-2-01\r\n")
    body = json.dumps({"pet_id": PETS[0], "liked": False})
    assert request(0).decode() == (
        "POST /api/swipes HTTP/1.1\r\nHost: host:1\r\nAuthorization: Bearer token-0\r\n"
        "traceparent: 00-1-2-01\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    assert Decks(TOKENS).requests("host:1", "")(7).decode() == (
        "GET /api/deck HTTP/1.1\r\nHost: host:1\r\nAuthorization: Bearer token-1\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({}, ""),
        ({"pet_id": PETS[1]}, "came back"),
        ({"liked": True}, "came back"),
        ({"id": "7"}, "no swipe"),
        ({"created_at": "now"}, "no swipe"),
        ({"created_at": None}, "no swipe"),
    ],
)
def test_a_swipe_is_the_one_that_was_sent(changed: dict[str, Any], word: str) -> None:
    told = Swipes(TOKENS, PETS).wrong(0, json.dumps({**SWIPE, **changed}).encode())
    assert word in told
    assert bool(told) == bool(word)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b"\xff"])
def test_what_is_no_swipe_is_wrong(body: bytes) -> None:
    assert Swipes(TOKENS, PETS).wrong(0, body).startswith("no swipe")
    assert Decks(TOKENS).wrong(0, body).startswith("no deck")


@pytest.mark.parametrize(("pets", "word"), [(100, ""), (99, "99 pets are no deck of 100")])
def test_a_deck_has_a_hundred_different_pets(pets: int, word: str) -> None:
    cards = [{"id": str(uuid4())} for _ in range(pets)]
    cards += cards[: 100 - pets]
    assert Decks(TOKENS).wrong(0, json.dumps({"items": cards}).encode()) == word
