from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.app.durability.bookkeeping import Book, find_faults, read_stored
from tests.app.durability.load import grows, running, settle
from tests.app.durability.town import SWIPE, port_of, settle_in

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.app.conftest import Cluster, Serving, WaitUntil
    from tests.app.durability.bookkeeping import Answer

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists children of a process"),
    # From Python 3.12 on, starting processes beside the threads of a load warns.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]
LOG = logging.getLogger(__name__)
SEED = 20_261_121
# So many acknowledgements come before PostgreSQL is killed, and after it is back.
ACKNOWLEDGED = (50, 500)
# Long enough for the moment to fall anywhere between two answers.
MOMENT_SECONDS = 0.02
# So many requests are refused before it is started again.
REFUSED = 50
SAMPLE = 50
# Two pools of these fit into the few sessions of this PostgreSQL.
POOL_SIZE = 6


def kill(cluster: Cluster, wait_until: WaitUntil, alive: Callable[[int], bool]) -> None:
    """End PostgreSQL and all of its sessions at once; what only their memory held is gone."""
    postmaster = cluster.supervisor.pids["postgres"]
    # So that it makes no more of them meanwhile.
    os.kill(postmaster, signal.SIGSTOP)
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
    pids = [*map(int, children.split()), postmaster]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    cluster.stop()
    wait_until(lambda: not any(alive(pid) for pid in pids), "its processes end")


def find_bad_refusals(refusals: list[Answer]) -> Counter[str]:
    """Count the answers that are no invitation to try again."""
    bad: Counter[str] = Counter()
    for answer in refusals:
        kind, wait = answer.headers.get("content-type"), answer.headers.get("retry-after")
        if (answer.status, kind, wait) != (503, "application/problem+json", "1"):
            bad[f"{answer.status} {kind} {wait}"] += 1
        elif json.loads(answer.body)["status"] != 503:
            bad[answer.body.decode()] += 1
    return bad


@pytest.mark.parametrize(
    ("times", "workers"),
    [(1, 1), pytest.param(5, 2, marks=[pytest.mark.prove, pytest.mark.timeout(600)])],
)
def test_no_acknowledged_swipe_is_lost_when_postgresql_is_killed(
    cluster: Cluster,
    serving: Serving,
    web: httpx.Client,
    wait_until: WaitUntil,
    alive: Callable[[int], bool],
    times: int,
    workers: int,
) -> None:
    chance = random.Random(SEED)  # noqa: S311  # alike in every run
    database, book = str(cluster.settings.database_url), Book()
    environment = {
        "PET_DATABASE_URL": database,
        "PET_POOL_SIZE": str(POOL_SIZE),
        "PET_CONNECTION_RESERVE": "0",
    }
    with serving(workers=workers, **environment) as server:
        town = settle_in(web, server.url, database)

        def acknowledged() -> int:
            return book.count(SWIPE, 200, 201)

        with running(port_of(server), town.swipes, book):
            for _ in range(times):
                enough = grows(acknowledged, chance.randint(*ACKNOWLEDGED))
                wait_until(enough, "swipes are acknowledged")
                time.sleep(chance.uniform(0, MOMENT_SECONDS))
                kill(cluster, wait_until, alive)
                wait_until(grows(lambda: len(book.refusals), REFUSED), "requests are refused")
                cluster.start()
                wait_until(grows(acknowledged, REFUSED), "swipes are acknowledged again")
        assert find_faults(book, asyncio.run(read_stored(database))) == []
        unanswered = book.unanswered()
        known = chance.sample([book.sent[pair] for pair in book.acknowledged], SAMPLE)
        settle(port_of(server), [*unanswered, *known], book)
    LOG.info(
        "%d acknowledged, %d of them when sent again, %d refused, %d left over",
        len(book.acknowledged),
        book.count(SWIPE, 200) - SAMPLE,
        len(book.refusals),
        len(unanswered),
    )
    assert (book.lost, book.unanswered()) == (0, [])
    assert find_bad_refusals(book.refusals) == Counter()
    after = asyncio.run(read_stored(database))
    assert find_faults(book, after) == []
    assert {row.pair for row in after.rows} == book.sent.keys()
