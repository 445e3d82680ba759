from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.app.durability.bookkeeping import Book, find_faults, read_stored
from tests.app.durability.load import CONNECTIONS, grows, running, settle
from tests.app.durability.town import SWIPE, port_of, settle_in

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from app.settings import Settings
    from tests.app.conftest import Server, Serving, WaitUntil
    from tests.app.durability.town import Town

pytestmark = pytest.mark.filterwarnings(
    # From Python 3.12 on, starting processes beside the threads of a load warns.
    "ignore:.*multi-threaded, use of fork:DeprecationWarning"
)
LOG = logging.getLogger(__name__)
SEED = 20_261_121
# So many acknowledgements come before a process is killed.
ACKNOWLEDGED = (50, 500)
# Long enough for the moment to fall anywhere between two answers.
MOMENT_SECONDS = 0.02
SAMPLE = 50


def kill(server: Server, wait_until: WaitUntil, alive: Callable[[int], bool]) -> None:
    """End all of its processes at once, without a word."""
    # The workers first: when their parent is gone, the kernel asks them to stop in good order.
    pids = [*dict.fromkeys([*server.pids(), server.process.pid])]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    server.process.wait()
    wait_until(lambda: not any(alive(pid) for pid in pids), "its processes end")


def acknowledged(book: Book) -> int:
    return book.count(SWIPE, 200, 201)


@pytest.fixture
def chance() -> random.Random:
    return random.Random(SEED)  # noqa: S311  # alike in every run


@pytest.mark.parametrize(
    ("times", "workers"),
    [(1, 1), pytest.param(10, 2, marks=[pytest.mark.prove, pytest.mark.timeout(600)])],
)
def test_no_acknowledged_swipe_is_lost_when_the_api_is_killed(
    settings: Settings,
    serving: Serving,
    web: httpx.Client,
    wait_until: WaitUntil,
    alive: Callable[[int], bool],
    chance: random.Random,
    times: int,
    workers: int,
) -> None:
    database, book = str(settings.database_url), Book()
    town: Town | None = None
    for _ in range(times):
        with serving(workers=workers) as server:
            if town is None:
                town = settle_in(web, server.url, database)
            wait_until(lambda: len(server.pids()) == workers, "all workers start")
            port, before = port_of(server), len(book.unanswered())
            with running(port, town.swipes, book) as load:
                enough = grows(lambda: acknowledged(book), chance.randint(*ACKNOWLEDGED))
                wait_until(enough, "swipes are acknowledged")
                time.sleep(chance.uniform(0, MOMENT_SECONDS))
                kill(server, wait_until, alive)
                wait_until(lambda: load.over, "the load ends with the server")
        # Requests were under way.
        assert 0 < len(book.unanswered()) - before <= CONNECTIONS
        assert find_faults(book, asyncio.run(read_stored(database))) == []
    unanswered = book.unanswered()
    stored = {row.pair for row in asyncio.run(read_stored(database)).rows}
    again = [*unanswered, *chance.sample([book.sent[pair] for pair in book.acknowledged], SAMPLE)]
    with serving(workers=workers) as server:
        settle(port_of(server), again, book)
    LOG.info(
        "%d acknowledged, %d unanswered of which %d stored, %d sent again",
        len(book.acknowledged) - len(unanswered),
        len(unanswered),
        len({ask.pair for ask in unanswered} & stored),
        len(again),
    )
    assert (book.unanswered(), book.refusals) == ([], [])
    after = asyncio.run(read_stored(database))
    assert find_faults(book, after) == []
    assert {row.pair for row in after.rows} == book.sent.keys()
