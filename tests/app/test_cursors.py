from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app.cursors import read_cursor, write_cursor


@pytest.mark.parametrize(
    "at",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2026, 2, 3, 4, 5, 6, 789_012, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
    ids=str,
)
def test_a_cursor_names_a_place_to_the_microsecond(at: datetime) -> None:
    row_id = uuid4()
    assert read_cursor(write_cursor(at, row_id)) == (at, row_id)


def test_a_cursor_of_a_time_that_nobody_can_write_means_the_last_one() -> None:
    at, row_id = read_cursor("_" * 32)
    assert (at.year, at.microsecond) == (9999, 999_999)
    assert row_id == UUID(int=2**128 - 1)
