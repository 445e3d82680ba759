"""What a panel says in words, and what it divides by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dashboards.checks import described, guarded
from tests.dashboards.checks.drawn import CHOSEN, EXPR, GONE, OTHER, changed, drawn, said

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (*OTHER, "description")
UNIT = (*OTHER, "fieldConfig", "defaults", "unit")
CLIENTS, UP = f"redis_connected_clients{{{CHOSEN}}}", f"redis_up{{{CHOSEN}}}"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (TEXT, GONE, "Requests: say what it shows"),
        (TEXT, " ", "Requests: say what it shows"),
        (TEXT, "Requests a second", "is no sentence of 4 words or more"),
        (TEXT, "Requests.", "is no sentence of 4 words or more"),
        (UNIT, GONE, "Requests: say what its values are counted in"),
        (("description",), GONE, "say what it shows"),
    ],
)
def test_a_panel_that_leaves_its_reader_to_guess_is_found(
    path: tuple[str | int, ...], value: Any, message: str, tmp_path: Path
) -> None:
    (found,) = said(described, drawn(tmp_path, changed((path, value))))
    assert message in found


def test_a_description_that_repeats_the_title_is_found(tmp_path: Path) -> None:
    board = changed(
        (TEXT, "Requests of all routes."), ((*OTHER, "title"), "Requests of all routes")
    )
    (found,) = said(described, drawn(tmp_path, board))
    assert found.endswith("its description only repeats its title")


def test_a_described_panel_is_accepted_and_words_need_no_unit(tmp_path: Path) -> None:
    words = changed(((*OTHER, "type"), "logs"), (UNIT, GONE))
    assert said(described, drawn(tmp_path, changed(), words)) == []


@pytest.mark.parametrize(
    ("expr", "divisors"),
    [
        (f"{CLIENTS} / {UP}", ["redis_up"]),
        (f"sum({CLIENTS}) / sum({UP})", ["sum(redis_up"]),
        (f"{CLIENTS} / ({UP} > 0)", []),
        (f"{CLIENTS} / clamp_min({UP}, 1)", []),
        (f"{CLIENTS} / 100", []),
    ],
)
def test_a_division_by_what_can_be_0_is_found(
    expr: str, divisors: list[str], tmp_path: Path
) -> None:
    found = said(guarded, drawn(tmp_path, changed((EXPR, expr))))
    assert len(found) == len(divisors)
    for message, divisor in zip(found, divisors, strict=True):
        assert f"query A: divides by {divisor}" in message


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (described, test_a_panel_that_leaves_its_reader_to_guess_is_found),
    (guarded, test_a_division_by_what_can_be_0_is_found),
]
ACCEPTED = [
    (described, test_a_described_panel_is_accepted_and_words_need_no_unit),
    (guarded, test_a_division_by_what_can_be_0_is_found),
]
