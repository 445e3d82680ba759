"""A small service that does what public instrumentations miscount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import httpx
from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import StreamingResponse

from app.telemetry.model import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

PIECES = 6
WORK_SECONDS = 0.3
ROUTES = (
    Route("GET", "/items/{item_id}/", (200,)),
    Route("GET", "/worked", (200,)),
    Route("GET", "/pieces", (200,)),
    Route("GET", "/torn", (200,)),
)


def service() -> FastAPI:
    """Build it; nothing in it measures anything."""
    api = FastAPI()

    @api.get("/items/{item_id}/")
    async def item(item_id: str) -> str:
        return item_id

    @api.get("/worked")
    async def worked(tasks: BackgroundTasks) -> str:
        tasks.add_task(anyio.sleep, WORK_SECONDS)
        return "answered"

    @api.get("/pieces")
    async def pieces() -> StreamingResponse:
        return StreamingResponse(_pieces())

    @api.get("/torn")
    async def torn() -> StreamingResponse:
        return StreamingResponse(_tear())

    return api


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    """Ask like a real server does, which answers 500 for an application that raises."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://service.example")


async def _pieces() -> AsyncIterator[bytes]:
    for _ in range(PIECES):
        yield b"piece"


async def _tear() -> AsyncIterator[bytes]:
    yield b"piece"
    raise ConnectionError
