"""The hot path answers errors as the framework does, and only where nobody has answered yet."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI

from app import errors
from app.hot_path import HotPath
from app.telemetry.middleware import RequestIdMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

pytestmark = pytest.mark.anyio


def failing() -> FastAPI:
    """The documented route, which fails."""
    api = FastAPI()
    errors.install(api)

    @api.post("/fail")
    async def fail() -> None:
        raise LookupError("a mistake of ours")

    return api


def goes_on(app: ASGIApp) -> ASGIApp:
    """A route of the hot path for which nothing is the plain case."""

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    return route


async def test_what_the_documented_route_has_answered_is_not_answered_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent: list[str] = []
    api = failing()
    app = RequestIdMiddleware(HotPath(api, {("POST", "/fail"): goes_on(api)}))

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Any) -> None:
            sent.append(message["type"])
            await send(message)

        await app(scope, receive, note)

    transport = httpx.ASGITransport(noting, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://petswipe.example") as client:
        with caplog.at_level(logging.ERROR, "petswipe.errors"):
            answer = await client.post("/fail")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert sent == ["http.response.start", "http.response.body"]
    assert [record.message for record in caplog.records] == ["unhandled"]
