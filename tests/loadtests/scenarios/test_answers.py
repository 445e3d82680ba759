"""Reading answers of any shape."""

from __future__ import annotations

import pytest

from loadtests.scenarios.answers import items, number, text


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"x": 1.5}, 1.5),
        ({"x": 3}, 3.0),
        ({"x": True}, None),
        ({"x": "3"}, None),
        ({"x": float("nan")}, None),
        ({"x": 10**400}, None),
        ({}, None),
        ([], None),
        (None, None),
    ],
)
def test_a_number_is_a_finite_one(document: object, expected: float | None) -> None:
    assert number(document, "x") == expected


def test_what_has_another_shape_is_not_there() -> None:
    assert text({"x": "y"}, "x") == "y"
    assert text({"x": 3}, "x") == text(["x"], "x") == text(None, "x") == ""
    assert items({"items": [{"id": "a"}, {"id": 3}, 4]}) == [{"id": "a"}]
    assert items({"items": None}) == items([]) == items(None) == []
