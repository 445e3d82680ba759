from __future__ import annotations

import asyncio
import itertools
import logging
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from app.local.supervisor import Supervisor
from app.local.valkey import prepare_valkey
from app.stop import Stop
from tests.app.durability.bookkeeping import Ask, Book, find_faults, read_stored
from tests.app.durability.load import grows, running
from tests.app.durability.town import SWIPE, join, log_in, port_of, settle_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from app.local.valkey import Valkey
    from app.settings import Settings
    from tests.app.conftest import OpenFolder, Server, Serving, WaitUntil
    from tests.app.durability.town import Town

pytestmark = pytest.mark.filterwarnings(
    # From Python 3.12 on, starting processes beside the threads of a load warns.
    "ignore:.*multi-threaded, use of fork:DeprecationWarning"
)
LOG = logging.getLogger(__name__)
DECK = "/api/deck"
CACHE = "petswipe_cache_requests_total"
# Among the swipes, a deck and a session that has ended once in so many requests.
OTHERS_EVERY = 8
HITS = 5


@dataclass(frozen=True, slots=True)
class Cache:
    """A Valkey that may go away."""

    valkey: Valkey
    supervisor: Supervisor

    def pid(self) -> int:
        return self.supervisor.pids["valkey"]

    def start(self) -> None:
        self.supervisor.start(self.valkey.service)

    def kill(self) -> None:
        os.kill(self.pid(), signal.SIGKILL)
        self.supervisor.stop_all()

    def freeze(self) -> None:
        os.kill(self.pid(), signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid(), signal.SIGCONT)


@pytest.fixture
def cache(open_folder: OpenFolder, free_port: int) -> Iterator[Cache]:
    with open_folder() as folder:
        cache = Cache(prepare_valkey(folder, free_port), Supervisor(folder, Stop()))
        try:
            cache.start()
            yield cache
        finally:
            if "valkey" in cache.supervisor.pids:
                cache.thaw()
            cache.supervisor.stop_all()


def revoked(client: httpx.Client, url: str) -> str:
    """Return the token of a session that has ended."""
    email, _ = join(client, url)
    token = log_in(client, url, email)
    headers = {"Authorization": f"Bearer {token}"}
    assert client.post(f"{url}/api/auth/logout", headers=headers).status_code == 204
    return token


def mixed(town: Town, readers: list[str], ended: str) -> Iterator[Ask]:
    """Send swipes, and among them decks of others and what a session that has ended wants."""
    others = itertools.cycle([Ask("GET", DECK, token) for token in [*readers, ended]])
    for number, swipe in enumerate(town.swipes):
        yield swipe
        if number % OTHERS_EVERY == 0:
            yield next(others)


def strangers(book: Book, ended: str) -> dict[tuple[str, int], int]:
    """Count the answers that are no success, but for the ended session's."""
    return {
        (path, status): number
        for (path, token, status), number in book.answers.items()
        if status not in ((401,) if token == ended else (200, 201))
    }


@dataclass(frozen=True, slots=True)
class Watch:
    """What a test waits for while the load runs."""

    book: Book
    server: Server
    ended: str
    wait_until: WaitUntil

    def swipes(self) -> int:
        return self.book.count(SWIPE, 201)

    def decks(self) -> int:
        return self.book.count(DECK, 200)

    def refused(self) -> int:
        return self.book.count(DECK, 401, token=self.ended)

    def go_on(self, swipes: int, when: str) -> None:
        """Return once so many more swipes are stored, with decks and refusals among them."""
        began, before = time.monotonic(), self.swipes()
        decks = swipes // OTHERS_EVERY // 2
        for count, by in ((self.swipes, swipes), (self.decks, decks), (self.refused, 1)):
            self.wait_until(grows(count, by), f"requests are answered {when}")
        rate = (self.swipes() - before) / (time.monotonic() - began)
        LOG.info("%.0f swipes/s %s", rate, when)

    def use_again(self, kind: str) -> None:
        """Return once entries of a cache come from Valkey."""

        def hits() -> int:
            return int(self.server.total(CACHE, cache=kind, result="hit"))

        self.wait_until(grows(hits, HITS), f"the {kind} is read from Valkey again")


@pytest.mark.parametrize("how", ["frozen", "killed"])
@pytest.mark.parametrize(
    ("swipes", "workers"),
    # So many swipes before, during and after.
    [(50, 1), pytest.param(1000, 2, marks=[pytest.mark.prove, pytest.mark.timeout(300)])],
)
def test_a_valkey_that_goes_away_costs_no_answer_and_is_used_again(
    settings: Settings,
    cache: Cache,
    serving: Serving,
    web: httpx.Client,
    wait_until: WaitUntil,
    how: str,
    swipes: int,
    workers: int,
) -> None:
    database, book = str(settings.database_url), Book()
    with serving(workers=workers, PET_CACHE_URL=cache.valkey.url) as server:
        town, ended = settle_in(web, server.url, database), revoked(web, server.url)
        readers = [join(web, server.url)[1] for _ in range(2)]
        watch = Watch(book, server, ended, wait_until)
        with running(port_of(server), mixed(town, readers, ended), book):
            watch.go_on(swipes, "before")
            cache.freeze() if how == "frozen" else cache.kill()
            watch.go_on(swipes, f"while Valkey is {how}")
            errors = server.total(CACHE, cache="deck", result="error")
            cache.thaw() if how == "frozen" else cache.start()
            watch.use_again("session")
            watch.use_again("deck")
            watch.go_on(swipes, "afterwards")
    assert errors > 0
    assert strangers(book, ended) == {}
    assert (book.lost, book.unanswered()) == (0, [])
    stored = asyncio.run(read_stored(database))
    assert find_faults(book, stored) == []
    assert {row.pair for row in stored.rows} == book.sent.keys()
