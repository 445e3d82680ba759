from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from app.deadlines import Deadlines

if TYPE_CHECKING:
    from collections.abc import Awaitable

pytestmark = pytest.mark.anyio
SOON, NEVER = 0.01, 3600.0


async def never() -> None:
    await asyncio.Event().wait()


async def held_to(deadlines: Deadlines, work: Awaitable[object]) -> str:
    """Do some work as a layer around a request does, and tell how it ended."""
    task = deadlines.begin()
    try:
        await work
    except asyncio.CancelledError:
        if not deadlines.end(task):
            raise
        return "late"
    deadlines.end(task)
    return "in time"


def timers() -> int:
    """Count what this loop will do later."""
    loop = asyncio.get_running_loop()
    # No loop tells what it has planned, but asyncio's own keeps it here.
    planned = loop._scheduled  # type: ignore[attr-defined]  # noqa: SLF001
    return sum(not handle.cancelled() for handle in planned)


async def begun() -> None:
    """Return once every task that was created waits for its work."""
    await asyncio.sleep(0)


async def test_who_is_late_is_cancelled_and_told_so() -> None:
    assert await held_to(Deadlines(SOON), never()) == "late"


async def test_who_is_in_time_goes_on() -> None:
    deadlines = Deadlines(NEVER)
    assert await held_to(deadlines, asyncio.sleep(0)) == "in time"
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_a_task_that_was_late_may_begin_again() -> None:
    deadlines = Deadlines(SOON)
    ends = [await held_to(deadlines, work) for work in (never(), asyncio.sleep(0), never())]
    assert ends == ["late", "in time", "late"]
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_who_is_late_is_cancelled_though_others_still_have_time() -> None:
    usual, slow = Deadlines(SOON), Deadlines(NEVER)
    patient = asyncio.create_task(held_to(slow, never()))
    late = [asyncio.create_task(held_to(usual, never())) for _ in range(50)]
    assert await asyncio.gather(*late) == ["late"] * 50
    assert not patient.done()
    patient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await patient


async def test_one_timer_is_enough_for_many_and_none_stays() -> None:
    before, deadlines, go = timers(), Deadlines(NEVER), asyncio.Event()
    tasks = [asyncio.create_task(held_to(deadlines, go.wait())) for _ in range(50)]
    await begun()
    assert timers() == before + 1
    go.set()
    assert await asyncio.gather(*tasks) == ["in time"] * 50
    assert timers() == before


async def test_who_comes_later_is_late_later() -> None:
    deadlines, first_is_late = Deadlines(SOON), asyncio.Event()
    order: list[str] = []

    async def one(name: str) -> None:
        assert await held_to(deadlines, never()) == "late"
        order.append(name)
        first_is_late.set()

    first = asyncio.create_task(one("first"))
    await begun()
    # The first to be in line has gone; its timer finds the others.
    gone = asyncio.create_task(held_to(deadlines, asyncio.sleep(0)))
    second = asyncio.create_task(one("second"))
    assert await gone == "in time"
    await first_is_late.wait()
    third = asyncio.create_task(one("third"))
    await asyncio.gather(first, second, third)
    assert order == ["first", "second", "third"]


async def test_a_task_cancelled_from_outside_stays_cancelled() -> None:
    task = asyncio.create_task(held_to(Deadlines(NEVER), never()))
    await begun()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_a_task_that_is_late_and_cancelled_from_outside_stays_cancelled() -> None:
    deadlines = Deadlines(SOON)
    late = asyncio.Event()

    async def slow_to_leave() -> None:
        try:
            await never()
        finally:
            late.set()
            await never()

    task = asyncio.create_task(held_to(deadlines, slow_to_leave()))
    await late.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_a_task_that_fails_when_it_is_cancelled_may_be_let_go() -> None:
    deadlines = Deadlines(SOON)
    task = deadlines.begin()
    with pytest.raises(asyncio.CancelledError):
        await never()
    assert deadlines.end(task)
    # Who was never in line is not late.
    assert not deadlines.end(task)
