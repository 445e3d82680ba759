"""Routes that change something: one transaction a request, committed before the answer is sent."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from app.dependencies import identity
from app.idempotency.service import keep, make_claim, replay
from app.work import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

    from app.dependencies import Resources

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class TransactionRoute(APIRoute):
    """Opens the work of an unsafe request and commits it once the answer is made.

    A commit that fails is answered as a failure: nothing is acknowledged that is not stored.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        original = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if request.method in SAFE:
                return await original(request)
            held: Resources = request.app.state.resources
            opened = request.scope["work"] = Work(
                held.engine, request.scope["request_id"], held.instruments
            )
            try:
                response = await self.answer(request, opened, original)
                await opened.commit()
            finally:
                await opened.abandon()
            return response

        return handle

    async def answer(
        self, request: Request, work: Work, original: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Make the answer within the work."""
        del work
        return await original(request)


class IdempotentRoute(TransactionRoute):
    """Honours the Idempotency-Key besides: the answer is stored with the changes it reports."""

    async def answer(
        self, request: Request, work: Work, original: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Answer again what was answered before, else answer and remember it."""
        owner = identity(request)
        body = await request.body() if "idempotency-key" in request.headers else b""
        payload = hashlib.sha256(request.url.query.encode() + b"\0" + body).digest()
        claim = make_claim(request, owner, payload)
        if claim is None:
            return await original(request)
        answered = await replay(work, claim)
        if answered is None:
            answered = await original(request)
            await keep(work, claim, answered)
        return answered


async def work(request: Request) -> Work:
    """Return the work that the route has opened."""
    return cast("Work", request.scope["work"])


InWork = Annotated[Work, Depends(work)]
