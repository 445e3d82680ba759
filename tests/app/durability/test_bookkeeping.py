from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.durability.bookkeeping import Answer, Ask, Book, Row, Stored, find_faults

if TYPE_CHECKING:
    from collections.abc import Callable

LIKE = Ask("POST", "/api/swipes", "token", ("adopter", "pet"), liked=True)
PASS = Ask("POST", "/api/swipes", "token", ("adopter", "other"), liked=False)
LIKED = Row("1", "adopter", "pet", True, True, "owner", 1, ["match"])  # noqa: FBT003  # a record
PASSED = Row("2", "adopter", "other", False, True, "owner", 0, [])  # noqa: FBT003  # a record
TOLD = Counter({("match", "adopter"): 1, ("match", "owner"): 1})


def acknowledge(book: Book, ask: Ask, row: Row, **changes: Any) -> None:
    match = row.matches[0] if row.matches else None
    said = {"id": row.id, "pet_id": row.pet_id, "liked": row.liked, "match_id": match, **changes}
    book.send(ask)
    book.note(ask, Answer(201, {}, json.dumps(said).encode()))


@pytest.fixture
def book() -> Book:
    book = Book()
    acknowledge(book, LIKE, LIKED)
    acknowledge(book, PASS, PASSED)
    return book


def test_what_is_stored_as_acknowledged_has_no_fault(book: Book) -> None:
    assert find_faults(book, Stored([LIKED, PASSED], TOLD)) == []


def test_what_was_sent_and_not_acknowledged_may_be_there_or_not() -> None:
    book = Book()
    book.send(LIKE)
    assert find_faults(book, Stored([], Counter())) == []
    assert find_faults(book, Stored([LIKED], TOLD)) == []
    assert book.unanswered() == [LIKE]


@pytest.mark.parametrize(
    ("rows", "told", "fault"),
    [
        ([LIKED], TOLD, "was acknowledged and is lost"),
        ([LIKED, PASSED, PASSED], TOLD, "is stored 2 times"),
        ([LIKED, PASSED, replace(PASSED, pet_id="third")], TOLD, "was never sent"),
        ([LIKED, replace(PASSED, id="3")], TOLD, "and is stored as"),
        ([replace(LIKED, interests=0), PASSED], TOLD, "has 0 interests"),
        ([LIKED, replace(PASSED, interests=1)], TOLD, "has 1 interests"),
        ([replace(LIKED, matches=[]), PASSED], Counter(), "has 0 matches"),
        ([replace(LIKED, matches=["match", "second"]), PASSED], TOLD, "has 2 matches"),
        ([LIKED, PASSED], TOLD - Counter([("match", "owner")]), "owner is told 0 times"),
        ([LIKED, PASSED], TOLD + Counter([("match", "owner")]), "owner is told 2 times"),
        ([LIKED, PASSED], TOLD + Counter([("no match", "owner")]), "which is not there"),
    ],
)
def test_every_difference_is_a_fault(
    book: Book, rows: list[Row], told: Counter[tuple[str, str]], fault: str
) -> None:
    assert any(fault in found for found in find_faults(book, Stored(rows, told)))


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        (lambda book: acknowledge(book, LIKE, LIKED, id="9"), "was acknowledged as two"),
        (lambda book: acknowledge(book, LIKE, LIKED, liked=False), "was answered with another"),
    ],
)
def test_an_answer_that_contradicts_an_earlier_one_is_a_fault(
    book: Book, act: Callable[[Book], None], fault: str
) -> None:
    act(book)
    found = find_faults(book, Stored([LIKED, PASSED], TOLD))
    assert any(fault in sentence for sentence in found)
