from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest

from app.batches import Batches, Overloaded
from app.telemetry.instruments import ApiInstruments

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from app.telemetry.instruments import GroupCommitInstruments

pytestmark = pytest.mark.anyio

BAD = -1
ASKER = ContextVar("ASKER", default="nobody")


class BadItemError(Exception):
    """One item of a batch is to blame."""


class AwayError(Exception):
    """No item is to blame."""


class Doubling:
    """Doubles numbers, batch by batch; keeps what it was asked, and may be told to wait or fail."""

    def __init__(self) -> None:
        """Begin with an open gate and nothing asked."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[list[int]] = []
        self.askers: list[str] = []
        self.away = False

    async def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        """Answer a batch."""
        self.asked.append(list(items))
        self.askers.append(ASKER.get())
        await self.gate.wait()
        if self.away:
            raise AwayError
        if BAD in items:
            raise BadItemError(str(items))
        return [item * 2 for item in items]


class Measured:
    """What the instruments of a group of batches show."""

    def __init__(self) -> None:
        """Make them as the application does."""
        held = ApiInstruments("0", "0")
        self.instruments: GroupCommitInstruments = held.group_commit
        self._registry = held.registry

    def read(self, name: str) -> float:
        """Read one series."""
        found = self._registry.get_sample_value(f"petswipe_group_commit_{name}")
        assert found is not None, name
        return found


def doubling(
    send: Callable[[Sequence[int]], Awaitable[list[int | Exception]]],
    *,
    waiting: int = 100,
    at_once: int = 10,
    lanes: int = 1,
    instruments: GroupCommitInstruments | None = None,
) -> Batches[int, int]:
    return Batches(
        send,
        most_waiting=waiting,
        most_at_once=at_once,
        under_way=lanes,
        blames=lambda error: isinstance(error, BadItemError),
        instruments=instruments,
    )


async def outcomes(futures: Iterable[Future[int]]) -> list[object]:
    """Wait for answers; errors come as their kinds."""
    found = await asyncio.gather(*futures, return_exceptions=True)
    return [type(one) if isinstance(one, BaseException) else one for one in found]


async def turn() -> None:
    """Let everything happen that needs nobody else: a batch begins, a task starts, it waits."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def send() -> Doubling:
    return Doubling()


@pytest.fixture
def measured() -> Measured:
    return Measured()


async def test_what_comes_in_one_turn_shares_a_batch_and_each_has_its_own_answer(
    send: Doubling,
) -> None:
    batches = doubling(send)
    assert await outcomes([batches.put(number) for number in (3, 1, 2)]) == [6, 2, 4]
    assert send.asked == [[3, 1, 2]]


async def test_who_comes_alone_is_sent_at_once(send: Doubling) -> None:
    batches = doubling(send)
    assert [await batches.put(1), await batches.put(2)] == [2, 4]
    assert send.asked == [[1], [2]]


async def test_who_comes_while_all_lanes_are_busy_goes_with_the_next(send: Doubling) -> None:
    batches = doubling(send, lanes=2)
    send.gate.clear()
    futures = []
    for number in range(6):
        futures.append(batches.put(number))
        await turn()
    assert send.asked == [[0], [1]]
    send.gate.set()
    assert await outcomes(futures) == [0, 2, 4, 6, 8, 10]
    assert send.asked == [[0], [1], [2, 3, 4, 5]]


async def test_no_batch_is_larger_than_the_largest_and_lanes_share_the_rest(
    send: Doubling,
) -> None:
    batches = doubling(send, at_once=3, lanes=2)
    send.gate.clear()
    futures = [batches.put(number) for number in range(8)]
    await turn()
    assert send.asked == [[0, 1, 2], [3, 4, 5]]
    send.gate.set()
    assert await outcomes(futures) == [number * 2 for number in range(8)]
    assert send.asked[2:] == [[6, 7]]


async def test_a_full_queue_refuses_at_once_and_counts_it(
    send: Doubling, measured: Measured
) -> None:
    batches = doubling(send, waiting=2, instruments=measured.instruments)
    send.gate.clear()
    under_way = batches.put(0)
    await turn()
    waiting = [batches.put(1), batches.put(2)]
    for _ in range(3):
        with pytest.raises(Overloaded, match="Too many wait"):
            batches.put(3)
    assert measured.read("shed_total") == 3
    send.gate.set()
    assert await outcomes([under_way, *waiting]) == [0, 2, 4]
    # There is room again.
    assert await batches.put(4) == 8
    assert measured.read("shed_total") == 3


async def test_who_stops_waiting_is_left_out_and_harms_nobody(send: Doubling) -> None:
    batches = doubling(send)
    send.gate.clear()
    sent = [batches.put(0), batches.put(1)]
    await turn()
    waiting = [batches.put(2), batches.put(3), batches.put(4)]
    sent[0].cancel()
    waiting[1].cancel()
    send.gate.set()
    cancelled = asyncio.CancelledError
    assert await outcomes([*sent, *waiting]) == [cancelled, 2, 4, cancelled, 8]
    assert send.asked == [[0, 1], [2, 4]]


async def test_a_batch_that_nobody_waits_for_is_not_sent(
    send: Doubling, measured: Measured
) -> None:
    batches = doubling(send, instruments=measured.instruments)
    for number in range(3):
        batches.put(number).cancel()
    await turn()
    assert send.asked == []
    assert measured.read("batch_size_count") == 0
    assert await batches.put(3) == 6


async def test_who_has_gone_takes_no_room_in_a_batch(send: Doubling) -> None:
    batches = doubling(send, at_once=2)
    futures = [batches.put(number) for number in range(4)]
    futures[0].cancel()
    futures[2].cancel()
    assert await outcomes(futures) == [asyncio.CancelledError, 2, asyncio.CancelledError, 6]
    assert send.asked == [[1, 3]]


async def test_an_exception_in_place_of_an_answer_reaches_only_who_has_asked() -> None:
    async def refuse_odd(items: Sequence[int]) -> list[int | Exception]:
        return [LookupError(str(item)) if item % 2 else item for item in items]

    batches = doubling(refuse_odd)
    futures = [batches.put(number) for number in range(4)]
    assert await outcomes(futures) == [0, LookupError, 2, LookupError]
    assert str(futures[3].exception()) == "3"


async def test_a_failure_is_narrowed_down_until_only_the_bad_item_fails(send: Doubling) -> None:
    batches = doubling(send, at_once=8)
    futures = [batches.put(number) for number in (0, 1, 2, 3, 4, BAD, 6, 7)]
    assert await outcomes(futures) == [0, 2, 4, 6, 8, BadItemError, 12, 14]
    assert send.asked == [
        [0, 1, 2, 3, 4, BAD, 6, 7],
        [0, 1, 2, 3],
        [4, BAD, 6, 7],
        [4, BAD],
        [4],
        [BAD],
        [6, 7],
    ]


async def test_a_bad_item_alone_is_tried_once(send: Doubling) -> None:
    assert await outcomes([doubling(send).put(BAD)]) == [BadItemError]
    assert send.asked == [[BAD]]


async def test_several_bad_items_fail_nobody_else(send: Doubling) -> None:
    batches = doubling(send, at_once=5)
    futures = [batches.put(number) for number in (BAD, 1, 2, BAD, 4)]
    assert await outcomes(futures) == [BadItemError, 2, 4, BadItemError, 8]


async def test_a_failure_that_no_item_is_to_blame_for_is_everybodys(send: Doubling) -> None:
    batches = doubling(send)
    send.away = True
    assert await outcomes([batches.put(number) for number in range(4)]) == [AwayError] * 4
    assert len(send.asked) == 1
    # The next batch is tried again.
    send.away = False
    assert await batches.put(5) == 10


async def test_those_who_stop_waiting_while_a_failure_is_narrowed_down_harm_nobody(
    send: Doubling,
) -> None:
    batches = doubling(send)
    send.gate.clear()
    futures = [batches.put(number) for number in (0, BAD, 2)]
    await turn()
    futures[0].cancel()
    futures[1].cancel()
    send.gate.set()
    assert await outcomes(futures) == [asyncio.CancelledError, asyncio.CancelledError, 4]


async def test_draining_takes_nothing_new_and_waits_for_all_that_was_taken(
    send: Doubling, measured: Measured
) -> None:
    batches = doubling(send, at_once=2, instruments=measured.instruments)
    send.gate.clear()
    futures = [batches.put(number) for number in range(5)]
    await turn()
    draining = asyncio.create_task(batches.drain())
    await turn()
    with pytest.raises(Overloaded):
        batches.put(5)
    assert not draining.done()
    send.gate.set()
    await draining
    assert await outcomes(futures) == [0, 2, 4, 6, 8]
    assert send.asked == [[0, 1], [2, 3], [4]]
    assert measured.read("shed_total") == 1


async def test_draining_begins_what_was_put_a_moment_ago(send: Doubling) -> None:
    batches = doubling(send)
    future = batches.put(1)
    await batches.drain()
    assert future.done()
    assert await future == 2


async def test_draining_nothing_ends_at_once(send: Doubling) -> None:
    batches = doubling(send)
    await batches.drain()
    await batches.drain()
    assert send.asked == []


async def test_a_batch_runs_in_the_context_of_no_asker(send: Doubling) -> None:
    batches = doubling(send, at_once=1)
    token = ASKER.set("somebody")
    try:
        # The second batch is begun by the end of the first.
        await outcomes([batches.put(0), batches.put(1)])
    finally:
        ASKER.reset(token)
    assert send.askers == ["nobody", "nobody"]


async def test_batches_are_measured(send: Doubling, measured: Measured) -> None:
    batches = doubling(send, at_once=3, instruments=measured.instruments)
    send.gate.clear()
    futures = [batches.put(number) for number in range(5)]
    assert measured.read("queued") == 5
    await turn()
    assert measured.read("queued") == 2
    assert measured.read("wait_seconds_count") == 3
    send.gate.set()
    await outcomes(futures)
    assert measured.read("queued") == 0
    assert measured.read("batch_size_count") == 2
    assert measured.read("batch_size_sum") == 5
    assert measured.read("wait_seconds_count") == 5
    assert measured.read("shed_total") == 0


async def test_whoever_gets_no_answer_is_told_and_does_not_wait_for_ever() -> None:
    async def send(_: Sequence[int]) -> list[int]:
        return []

    batches: Batches[int, int] = Batches(send, most_waiting=9, most_at_once=9, under_way=1)
    with pytest.raises(RuntimeError, match="1 items were sent, and 0 answers came"):
        await batches.put(1)
