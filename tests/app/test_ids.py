from __future__ import annotations

from time import time_ns
from uuid import RFC_4122, UUID

from app.ids import MILLISECOND, new_id

MANY = 100_000


def written_at(found: UUID) -> int:
    """Return the milliseconds that an id begins with."""
    return found.int >> 80


def test_an_id_is_a_uuid_of_version_7_in_its_usual_form() -> None:
    for _ in range(1000):
        text = new_id()
        found = UUID(text)
        assert str(found) == text
        assert (found.version, found.variant) == (7, RFC_4122)


def test_many_ids_are_all_different() -> None:
    assert len({new_id() for _ in range(MANY)}) == MANY


def test_an_id_begins_with_the_time_at_which_it_was_made() -> None:
    before = time_ns() // MILLISECOND
    found = UUID(new_id())
    assert before <= written_at(found) <= time_ns() // MILLISECOND


def test_ids_of_different_milliseconds_are_in_their_order() -> None:
    # By text as by value: PostgreSQL compares the bytes.
    by_time: dict[int, str] = {}
    while len(by_time) < 5:
        text = new_id()
        by_time[written_at(UUID(text))] = text
    times = sorted(by_time)
    assert list(by_time) == times
    assert sorted(by_time.values()) == [by_time[time] for time in times]


def test_every_random_bit_of_an_id_is_sometimes_set_and_sometimes_not() -> None:
    ids = [UUID(new_id()).int for _ in range(1000)]
    random = ((1 << 12) - 1) << 64 | ((1 << 62) - 1)
    ever, always = 0, random
    for found in ids:
        ever |= found
        always &= found
    assert ever & random == random
    assert always == 0
