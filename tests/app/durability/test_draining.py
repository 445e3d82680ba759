from __future__ import annotations

import asyncio
import logging
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.app.durability.bookkeeping import Book, find_faults, read_stored
from tests.app.durability.load import CONNECTIONS, grows, running, settle
from tests.app.durability.town import SWIPE, port_of, settle_in

if TYPE_CHECKING:
    import httpx

    from app.settings import Settings
    from tests.app.conftest import Serving, WaitUntil
    from tests.app.durability.town import Town

LOG = logging.getLogger(__name__)
SEED = 20_261_121
# So many acknowledgements come before a server is asked to stop.
ACKNOWLEDGED = (50, 500)
# Long enough for the moment to fall anywhere between two answers.
MOMENT_SECONDS = 0.02


@pytest.mark.parametrize(
    ("times", "workers"),
    [(1, 1), pytest.param(5, 2, marks=[pytest.mark.prove, pytest.mark.timeout(600)])],
)
def test_a_server_that_is_asked_to_stop_under_load_stores_what_it_answers_and_nothing_else(
    settings: Settings,
    serving: Serving,
    web: httpx.Client,
    wait_until: WaitUntil,
    times: int,
    workers: int,
) -> None:
    chance = random.Random(SEED)  # noqa: S311  # alike in every run
    database, book = str(settings.database_url), Book()
    town: Town | None = None
    for _ in range(times):
        with serving(workers=workers) as server:
            town = town or settle_in(web, server.url, database)
            with running(port_of(server), town.swipes, book) as load:
                enough = grows(lambda: book.count(SWIPE, 201), chance.randint(*ACKNOWLEDGED))
                wait_until(enough, "swipes are acknowledged")
                time.sleep(chance.uniform(0, MOMENT_SECONDS))
                server.process.send_signal(signal.SIGTERM)
                assert server.process.wait(60) == 0
                wait_until(lambda: load.over, "the load ends with the server")
        stored = asyncio.run(read_stored(database))
        assert find_faults(book, stored) == []
        # What had no answer came too late to be read, and can be sent again elsewhere.
        assert {row.pair for row in stored.rows} == book.acknowledged.keys()
    unanswered = book.unanswered()
    LOG.info("%d acknowledged, %d came too late", len(book.acknowledged), len(unanswered))
    # The others had their last request under way, were answered, and then told to go.
    assert book.lost < times * CONNECTIONS
    with serving(workers=workers) as server:
        settle(port_of(server), unanswered, book)
    assert (book.unanswered(), book.refusals) == ([], [])
    after = asyncio.run(read_stored(database))
    assert find_faults(book, after) == []
    assert {row.pair for row in after.rows} == book.sent.keys()
