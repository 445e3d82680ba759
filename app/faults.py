"""Disturbances of the swipe path on purpose, to rehearse that somebody notices."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

from starlette.requests import Request

from app.errors import ServiceError, respond
from app.settings import Fault
from app.telemetry.catalog import SWIPE_CREATE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.telemetry.instruments import ApiInstruments

ERROR_EVERY = 10
SLOW_EVERY = 5
SLOW_SECONDS = 0.4


class InjectedFault(ServiceError):
    """Answered in place of a swipe while PET_FAULT=errors."""


class FaultMiddleware:
    """Fails every tenth swipe, or delays every fifth.

    Swipes are counted and not drawn, so that the shares are exact; nothing of a failed one is
    stored.
    """

    def __init__(self, app: ASGIApp, fault: Fault, instruments: ApiInstruments) -> None:
        """Wrap an application; `fault` is not NONE."""
        self.app = app
        self._fault = fault
        self._injected = instruments.faults[fault]
        self._swipes = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Disturb one request, or do not."""
        if (
            scope["type"] == "http"
            and scope["method"] == SWIPE_CREATE.method
            and scope["path"] == SWIPE_CREATE.template
        ):
            number = next(self._swipes)
            if self._fault is Fault.ERRORS and number % ERROR_EVERY == 0:
                self._injected.inc()
                error = InjectedFault("This swipe was failed on purpose by PET_FAULT=errors.")
                await (await respond(Request(scope), error))(scope, receive, send)
                return
            if self._fault is Fault.SLOW and number % SLOW_EVERY == 0:
                self._injected.inc()
                await asyncio.sleep(SLOW_SECONDS)
        await self.app(scope, receive, send)
