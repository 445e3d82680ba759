"""What was asked and answered over HTTP, what PostgreSQL has stored, and where they differ."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    # The adopter and the pet.
    Pair = tuple[str, str]

STORED = """
SELECT s.id::text, s.user_id::text, s.pet_id::text, s.liked, p.auto_match,
       p.owner_id::text AS owner_id,
       (SELECT count(*) FROM interests i WHERE (i.user_id, i.pet_id) = (s.user_id, s.pet_id)
           AND i.liked_at IS NOT NULL) AS interests,
       ARRAY(SELECT m.id::text FROM matches m
           WHERE (m.user_id, m.pet_id) = (s.user_id, s.pet_id)) AS matches
FROM swipes s JOIN pets p ON p.id = s.pet_id
"""
EVENTS = "SELECT payload->>'match_id', user_id::text FROM outbox WHERE kind = 'match.created'"
# Enough to see what is wrong.
MOST_FAULTS = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; a swipe names its pair and what was decided."""

    method: str
    path: str
    token: str
    pair: Pair | None = None
    liked: bool = False

    def encode(self) -> bytes:
        """Write it as it goes over the wire."""
        body = b""
        if self.pair is not None:
            body = json.dumps({"pet_id": self.pair[1], "liked": self.liked}).encode()
        head = (
            f"{self.method} {self.path} HTTP/1.1\r\nHost: petswipe.example\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass(slots=True)
class Book:
    """Every swipe that was sent, every acknowledgement, and every answer that was none."""

    sent: dict[Pair, Ask] = field(default_factory=dict)
    # The first acknowledgement of each swipe.
    acknowledged: dict[Pair, dict[str, Any]] = field(default_factory=dict)
    # By what was asked, with which token, and the status.
    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    refusals: list[Answer] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    # Connections that ended under a request.
    lost: int = 0

    def send(self, ask: Ask) -> None:
        """Note that a request is about to be sent."""
        if ask.pair is not None:
            self.sent[ask.pair] = ask

    def note(self, ask: Ask, answer: Answer) -> None:
        """Note an answer; a second acknowledgement must say what the first has said."""
        self.answers[ask.path, ask.token, answer.status] += 1
        if answer.status not in (200, 201):
            self.refusals.append(answer)
        elif ask.pair is not None:
            said = json.loads(answer.body)
            if self.acknowledged.setdefault(ask.pair, said) != said:
                self.faults.append(f"{ask.pair} was acknowledged as two: {said}")
            if (said["pet_id"], said["liked"]) != (ask.pair[1], ask.liked):
                self.faults.append(f"{ask.pair} was answered with another: {said}")

    def count(self, path: str, *statuses: int, token: str | None = None) -> int:
        """Count the answers to a path with one of these statuses."""
        return sum(
            number
            for (asked, by, status), number in list(self.answers.items())
            if asked == path and status in statuses and token in (None, by)
        )

    def unanswered(self) -> list[Ask]:
        """List the swipes that were sent and not acknowledged."""
        return [ask for pair, ask in self.sent.items() if pair not in self.acknowledged]


@dataclass(frozen=True, slots=True)
class Row:
    """A stored swipe with everything that it has brought about."""

    id: str
    user_id: str
    pet_id: str
    liked: bool
    auto_match: bool
    owner_id: str
    interests: int
    matches: Sequence[str]

    @property
    def pair(self) -> Pair:
        """Name the swipe."""
        return self.user_id, self.pet_id


@dataclass(frozen=True, slots=True)
class Stored:
    """The stored swipes and who is told of which match."""

    rows: list[Row]
    events: Counter[tuple[str, str]]


async def read_stored(database_url: str) -> Stored:
    """Read all of it as of one moment."""
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        async with connection.transaction(isolation="repeatable_read"):
            rows = [Row(**row) for row in await connection.fetch(STORED)]
            events = Counter(tuple(row) for row in await connection.fetch(EVENTS))
    finally:
        await connection.close()
    return Stored(rows, events)


def find_faults(book: Book, stored: Stored) -> list[str]:
    """Say in sentences what was lost, doubled, invented or only half stored; the first few."""
    faults = [*book.faults, *_lost(book, stored), *_half(stored)]
    return faults[:MOST_FAULTS]


def _lost(book: Book, stored: Stored) -> Iterator[str]:
    times = Counter(row.pair for row in stored.rows)
    yield from (f"{pair} is stored {n} times" for pair, n in times.items() if n > 1)
    yield from (f"{pair} is stored and was never sent" for pair in times.keys() - book.sent)
    found = {row.pair: row for row in stored.rows}
    for pair, said in book.acknowledged.items():
        row = found.get(pair)
        if row is None:
            yield f"{pair} was acknowledged and is lost"
            continue
        match = row.matches[0] if row.matches else None
        if (row.id, row.liked, match) != (said["id"], said["liked"], said["match_id"]):
            yield f"{pair} was acknowledged as {said} and is stored as {row}"


def _half(stored: Stored) -> Iterator[str]:
    told = Counter(stored.events)
    for row in stored.rows:
        if row.interests != row.liked:
            yield f"{row.pair} (liked: {row.liked}) has {row.interests} interests"
        if len(row.matches) != (row.liked and row.auto_match):
            yield f"{row.pair} has {len(row.matches)} matches"
        for match in row.matches:
            yield from _untold(match, (row.user_id, row.owner_id), told)
    yield from (f"{user} is told of the match {match}, which is not there" for match, user in told)


def _untold(match: str, parties: Iterable[str], told: Counter[tuple[str, str]]) -> Iterator[str]:
    for party in parties:
        events = told.pop((match, party), 0)
        if events != 1:
            yield f"{party} is told {events} times of the match {match}"
