"""Disturbances of the swipe path on purpose, to rehearse that somebody notices."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

from fastapi import Request

from app.errors import ServiceError
from app.settings import Fault
from app.telemetry.catalog import SWIPE_CREATE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.telemetry.instruments import ApiInstruments

ERROR_EVERY = 10
SLOW_EVERY = 5
SLOW_SECONDS = 0.4


class InjectedFault(ServiceError):
    """Answered in place of a swipe while PET_FAULT=errors."""


def disturbance(fault: Fault, instruments: ApiInstruments) -> Callable[[Request], Awaitable[None]]:
    """Make a dependency that fails every tenth swipe, or delays every fifth.

    Swipes are counted and not drawn, so that the shares are exact; nothing of a failed one is
    stored. `fault` is not NONE.
    """
    injected = instruments.faults[fault]
    swipes = count(1)

    async def disturb(request: Request) -> None:
        if request.method != SWIPE_CREATE.method:
            return
        number = next(swipes)
        if fault is Fault.ERRORS and number % ERROR_EVERY == 0:
            injected.inc()
            raise InjectedFault("This swipe was failed on purpose by PET_FAULT=errors.")
        if fault is Fault.SLOW and number % SLOW_EVERY == 0:
            injected.inc()
            await asyncio.sleep(SLOW_SECONDS)

    return disturb
