"""The peers answer as the service does and leave the same behind: so the comparison is one."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

import pytest

from app.telemetry.catalog import SWIPE_CREATE
from tests.app.conftest import fetch
from tests.loadtests.bench.peers.cases import (
    STATUSES,
    a_deck,
    a_like,
    a_like_of_a_pet_that_matches_by_itself,
    a_pet_that_nobody_knows,
    bodies_that_make_no_sense,
    nobody,
    one_too_many_of_somebody,
)
from tests.loadtests.bench.peers.conftest import CAREFUL, NAIVE, OURS, PUBLIC
from tests.loadtests.bench.peers.scenes import scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.settings import Settings
    from tests.loadtests.bench.peers.scenes import Scene

    Case = Callable[[Scene], None]
    Played = tuple[list[tuple[int, object]], dict[str, list[tuple[object, ...]]]]
    Play = Callable[[Case, str], Played]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="everybody has an address there")

AT_ONCE = 6
MATCH = {"swipes": 1, "interests": 1, "matches": 1, "outbox": 2}
# One for each way that an answer is made: telemetry stands around all of them alike.
TELLING = (
    a_like,
    a_like_of_a_pet_that_matches_by_itself,
    a_pet_that_nobody_knows,
    bodies_that_make_no_sense,
    nobody,
    one_too_many_of_somebody,
    a_deck,
)


@pytest.fixture(scope="session")
def play(migrated: Settings, ours_and_peers: dict[str, str]) -> Play:
    """Play a case on a service; ours plays each once."""

    @cache
    def played(case: Case, name: str) -> Played:
        with scene(migrated, ours_and_peers[OURS], ours_and_peers[name]) as found:
            case(found)
            return found.answers, found.left()

    return played


@pytest.mark.parametrize("case", STATUSES, ids=lambda case: case.__name__)
@pytest.mark.parametrize("peer", [NAIVE, CAREFUL])
def test_a_peer_answers_and_stores_what_the_service_does(play: Play, peer: str, case: Case) -> None:
    answers, left = play(case, OURS)
    assert [answer[0] for answer in answers] == STATUSES[case]
    assert play(case, peer) == (answers, left)


@pytest.mark.parametrize("case", TELLING, ids=lambda case: case.__name__)
def test_telemetry_changes_no_answer(play: Play, case: Case) -> None:
    assert play(case, PUBLIC) == play(case, OURS)


@pytest.mark.parametrize("peer", [OURS, NAIVE, CAREFUL])
def test_the_same_swipe_many_times_at_once_is_stored_once(
    migrated: Settings, ours_and_peers: dict[str, str], peer: str
) -> None:
    with (
        scene(migrated, ours_and_peers[OURS], ours_and_peers[peer]) as found,
        ThreadPoolExecutor(AT_ONCE) as threads,
    ):
        pet = found.pet(auto_match=True)
        list(threads.map(found.swipe, [pet] * AT_ONCE))
        statuses = sorted(status for status, _ in found.answers)
        assert statuses == [200] * (AT_ONCE - 1) + [201]
        assert {table: len(rows) for table, rows in found.left().items()} == MATCH


def test_one_naive_peer_has_metrics_and_the_other_has_none(
    play: Play, ours_and_peers: dict[str, str]
) -> None:
    play(a_like, PUBLIC)
    metrics = fetch(ours_and_peers[PUBLIC] + "/metrics")
    assert f'handler="{SWIPE_CREATE.template}"' in metrics.text
    assert fetch(ours_and_peers[NAIVE] + "/metrics").status_code == 404


def test_a_swipe_leaves_rows_to_compare(play: Play) -> None:
    from_it = {
        case.__name__: {table: len(rows) for table, rows in play(case, OURS)[1].items()}
        for case in STATUSES
    }
    nothing = {"swipes": 0, "interests": 0, "matches": 0, "outbox": 0}
    assert from_it["nobody"] == nothing
    assert from_it["a_pass"] == {**nothing, "swipes": 1}
    assert from_it["a_like"] == {**nothing, "swipes": 1, "interests": 1}
    assert from_it["a_like_of_a_pet_that_matches_by_itself"] == MATCH
    assert from_it["a_like_for_which_the_owner_waits"] == MATCH
