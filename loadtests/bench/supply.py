"""Requests by number, and which answers to them are right: swipes that nobody made, and decks.

What a request consists of is written once; to put it together while the clock runs costs less than
a microsecond.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Protocol
from uuid import UUID

from app.telemetry.catalog import DECK_READ, SWIPE_CREATE

if TYPE_CHECKING:
    from collections.abc import Callable

    Request = Callable[[int], bytes]

DECK_SIZE = 100
# Decks are read over and over.
ENDLESS = 1 << 62


class Supply(Protocol):
    """Requests of one kind, each with a number."""

    def __len__(self) -> int:
        """Return how many there are."""

    def requests(self, host: str, headers: str) -> Request:
        """Return what writes the request of a number as it goes over the wire."""

    def wrong(self, number: int, body: bytes) -> str:
        """Say what is wrong with the answer to a request; nothing when it is right."""


@dataclass(frozen=True, slots=True)
class Swipes:
    """A decision of each adopter about each pet, once; neighbours share neither."""

    kind: ClassVar[str] = "swipes"
    expected: ClassVar[str] = "201"
    tokens: list[str]
    pets: list[str]

    def __len__(self) -> int:
        """Return how many decisions there are to make."""
        return len(self.tokens) * len(self.pets)

    def requests(self, host: str, headers: str) -> Request:
        """Return what writes the request of a number as it goes over the wire."""
        bodies = [
            [json.dumps({"pet_id": pet, "liked": liked}).encode() for liked in (False, True)]
            for pet in self.pets
        ]
        heads = [
            [
                _head(SWIPE_CREATE.method, SWIPE_CREATE.template, host, token, headers, length)
                for length in map(len, bodies[0])
            ]
            for token in self.tokens
        ]

        def request(number: int) -> bytes:
            adopter, pet, liked = self._decision(number)
            return heads[adopter][liked] + bodies[pet][liked]

        return request

    def wrong(self, number: int, body: bytes) -> str:
        """Say what is wrong with the answer to a request; nothing when it is right."""
        _, pet, liked = self._decision(number)
        try:
            told = json.loads(body)
            UUID(told["id"])
            datetime.fromisoformat(told["created_at"])
            said = (told["pet_id"], told["liked"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return f"no swipe: {body[:200]!r}"
        sent = (self.pets[pet], liked)
        return "" if said == sent else f"{sent} was sent and {said} came back"

    def _decision(self, number: int) -> tuple[int, int, bool]:
        turn, adopter = divmod(number, len(self.tokens))
        return adopter, (turn + adopter) % len(self.pets), (turn + adopter) % 2 == 1


@dataclass(frozen=True, slots=True)
class Decks:
    """The decks of adopters, in turn."""

    kind: ClassVar[str] = "decks"
    expected: ClassVar[str] = "200"
    tokens: list[str]

    def __len__(self) -> int:
        """Return how often they can be read."""
        return ENDLESS

    def requests(self, host: str, headers: str) -> Request:
        """Return what writes the request of a number as it goes over the wire."""
        heads = [
            _head(DECK_READ.method, DECK_READ.template, host, token, headers, 0)
            for token in self.tokens
        ]
        return lambda number: heads[number % len(heads)]

    def wrong(self, number: int, body: bytes) -> str:
        """Say what is wrong with the answer to a request; nothing when it is right."""
        del number
        try:
            found = len({UUID(card["id"]) for card in json.loads(body)["items"]})
        except (ValueError, KeyError, TypeError, AttributeError):
            return f"no deck: {body[:200]!r}"
        return "" if found == DECK_SIZE else f"{found} pets are no deck of {DECK_SIZE}"


KINDS: dict[str, type[Swipes | Decks]] = {kind.kind: kind for kind in (Swipes, Decks)}


def _head(method: str, path: str, host: str, token: str, headers: str, length: int) -> bytes:
    content = f"Content-Type: application/json\r\nContent-Length: {length}\r\n" if length else ""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"{headers}{content}\r\n"
    ).encode()
