"""Many askers, one round trip: whatever waits when a round trip begins shares it.

Nobody lingers for company. The first to ask is sent at the end of the loop's turn; who comes while
round trips are under way waits for one of them to end, and goes with everybody else who has come by
then. So batches are as large as the load makes them, and of one while there is none.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context
from time import perf_counter
from typing import TYPE_CHECKING, Generic, TypeVar

from app.errors import Unavailable

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable, Sequence

    from app.telemetry.instruments import GroupCommitInstruments

    # An exception in place of an answer is raised to the one who has asked.
    Send = Callable[[Sequence["Item"]], Awaitable[Sequence["Answer | Exception"]]]

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Overloaded(Unavailable):
    """Too many wait already: better to refuse at once than to answer too late."""


def never(_: Exception) -> bool:
    """Say that no single item is to blame for a failure."""
    return False


class Batches(Generic[Item, Answer]):
    """Sends items in batches, a few batches at a time, and gives everybody their own answer.

    A failure that one item may have caused (`blames`) is narrowed down by halves, so that it fails
    nobody else; any other failure is everybody's in its batch. Who stops waiting harms nobody:
    their item is left out if it has not been sent yet. Used by one event loop only.
    """

    def __init__(
        self,
        send: Send[Item, Answer],
        *,
        most_waiting: int,
        most_at_once: int,
        under_way: int,
        blames: Callable[[Exception], bool] = never,
        instruments: GroupCommitInstruments | None = None,
    ) -> None:
        """Take how a batch is sent, how large one may be, and how many may be under way at once."""
        self._send = send
        self._most_waiting = most_waiting
        self._most_at_once = most_at_once
        self._free = under_way
        self._blames = blames
        self._instruments = instruments
        self._waiting: deque[tuple[Item, Future[Answer], float]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._called = False
        self._closed = False
        if instruments is not None:
            instruments.queued.set_function(self._waiting.__len__)

    def put(self, item: Item) -> Future[Answer]:
        """Queue an item; the future has its answer.

        Raises Overloaded when there is no room, or when this process is about to end.
        """
        if len(self._waiting) >= self._most_waiting or self._closed:
            if self._instruments is not None:
                self._instruments.shed.inc()
            raise Overloaded("Too many wait for this; try again.")
        loop = asyncio.get_running_loop()
        future: Future[Answer] = loop.create_future()
        self._waiting.append((item, future, perf_counter()))
        if self._free and not self._called:
            self._called = True
            loop.call_soon(self._begin)
        return future

    async def drain(self) -> None:
        """Take nothing more, and return once everything that was taken has its answer."""
        self._closed = True
        while self._running or self._waiting:
            # A task that ends begins the next one.
            await asyncio.wait(self._running) if self._running else await asyncio.sleep(0)

    def _begin(self) -> None:
        self._called = False
        while self._free and (batch := self._take()):
            self._free -= 1
            # A batch belongs to no request, least of all to the one whose turn of the loop it is.
            task = asyncio.get_running_loop().create_task(self._run(batch), context=Context())
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    def _take(self) -> list[tuple[Item, Future[Answer]]]:
        now, waiting = perf_counter(), self._waiting
        batch: list[tuple[Item, Future[Answer]]] = []
        observed = self._instruments
        while waiting and len(batch) < self._most_at_once:
            item, future, since = waiting.popleft()
            if not future.done():
                batch.append((item, future))
                if observed is not None:
                    observed.wait_seconds.observe(now - since)
        if observed is not None and batch:
            observed.batch_size.observe(len(batch))
        return batch

    async def _run(self, batch: list[tuple[Item, Future[Answer]]]) -> None:
        try:
            await self._settle(batch)
        finally:
            self._free += 1
            self._begin()

    async def _settle(self, batch: list[tuple[Item, Future[Answer]]]) -> None:
        answers: Sequence[Answer | Exception]
        try:
            answers = await self._send([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001  # whatever it is, somebody waits for it
            if len(batch) > 1 and self._blames(error):
                middle = len(batch) // 2
                await self._settle(batch[:middle])
                await self._settle(batch[middle:])
                return
            answers = [error] * len(batch)
        if len(answers) != len(batch):
            lost = RuntimeError(f"{len(batch)} items were sent, and {len(answers)} answers came")
            answers = [lost] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
