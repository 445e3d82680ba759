"""A small service behind the telemetry of the real one: every way in which a request can end.

It is a process of its own: `python -m tests.app.telemetry.small_service PORT MANAGEMENT_PORT`.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from fastapi import APIRouter, BackgroundTasks, FastAPI, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from prometheus_client import start_http_server

from app import errors
from app.edge import BodyLimitMiddleware, DeadlineMiddleware
from app.local.ports import HOST
from app.settings import load_settings
from app.telemetry.instruments import ApiInstruments
from app.telemetry.logs import configure_logs
from app.telemetry.middleware import TelemetryMiddleware
from app.telemetry.model import Route
from app.telemetry.operations import Operations
from app.telemetry.process import build_telemetry
from app.telemetry.protocol import counting
from app.telemetry.tracing import IDS, span

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi.telemetry import TelemetryConfig
    from starlette.types import ASGIApp, Receive, Scope, Send

NOTHING: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
DEADLINE_SECONDS = 1.5
# Long, and yet within the deadline.
SLOW_SECONDS = 1.1
# So that the share of sampled traces is the same each time.
SEED = 7
ITEM = "/outer/inner/items/{item_id}"
OPERATIONS = (
    Route("GET", "/ok/{name}", (200,)),
    Route("GET", ITEM, (200,)),
    Route("PUT", ITEM, (200,)),
    Route("POST", "/echo", (200,)),
    Route("GET", "/folder/", (200,)),
    Route("GET", "/redirect", (302,)),
    Route("GET", "/stream", (200,)),
    Route("GET", "/endless", (200,)),
    Route("GET", "/hang", (200,)),
    Route("GET", "/slow", (200,)),
    Route("GET", "/early", (200,)),
    Route("GET", "/late", (200,)),
    Route("GET", "/background", (200,)),
    Route("GET", "/deadline", (200,)),
    Route("GET", "/late-deadline", (200,)),
    Route("GET", "/cancelled", (200,)),
    Route("GET", "/bad-header", (200,)),
    Route("GET", "/too-long", (200,)),
    Route("GET", "/too-short", (200,)),
    Route("GET", "/block", (200,)),
    Route("GET", "/mounted/things/{name}", (200,)),
    Route("GET", "/raw/{way}", (200,)),
)
inner = APIRouter(prefix="/inner")
outer = APIRouter(prefix="/outer")
things = APIRouter()
plain = APIRouter()


class SmallError(Exception):
    """Nobody foresees it."""


@inner.get("/items/{item_id}")
@inner.put("/items/{item_id}")
async def item(item_id: str) -> str:
    return item_id


@things.get("/things/{name}")
# Also a template of the outer application, which this is no operation of.
@things.get("/ok/{name}")
async def thing(name: str) -> str:
    return name


@plain.get("/ok/{name}")
async def ok(name: str) -> str:
    with span("child"), span("grandchild"):
        return name


@plain.post("/echo")
async def echo(request: Request) -> Response:
    return Response(await request.body())


@plain.get("/folder/")
async def folder() -> str:
    return "/"


@plain.get("/redirect")
async def redirect() -> Response:
    return RedirectResponse("/ok/there", 302)


async def pieces(*, then: BaseException | None = None, forever: bool = False) -> AsyncIterator[str]:
    """Send two pieces, and then whatever is asked for."""
    yield "one"
    yield "two"
    while forever:
        await asyncio.sleep(0.01)
        yield "more"
    if then is not None:
        raise then


@plain.get("/stream")
async def stream() -> Response:
    return StreamingResponse(pieces())


@plain.get("/endless")
async def endless() -> Response:
    return StreamingResponse(pieces(forever=True))


@plain.get("/late-deadline")
async def late_deadline() -> Response:
    return StreamingResponse(pieces(forever=True))


@plain.get("/late")
async def late() -> Response:
    return StreamingResponse(pieces(then=SmallError()))


@plain.get("/hang")
async def hang(request: Request) -> str:
    await request.body()
    # The next that there is to hear is that nobody is there.
    await request.receive()
    return "nobody reads this"


@plain.get("/slow")
async def slow() -> str:
    with span("sleep"):
        await asyncio.sleep(SLOW_SECONDS)
    return "at last"


@plain.get("/early")
async def early() -> None:
    with span("child"), span("grandchild"):
        raise SmallError


@plain.get("/background")
async def background(tasks: BackgroundTasks) -> str:
    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise SmallError

    tasks.add_task(fail)
    return "sent before it fails"


@plain.get("/deadline")
async def deadline() -> None:
    await asyncio.sleep(10 * DEADLINE_SECONDS)


@plain.get("/cancelled")
async def cancelled() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(DEADLINE_SECONDS)


@plain.get("/bad-header")
async def bad_header() -> Response:
    return Response(headers={"x-bad": "a\x01b"})


@plain.get("/too-long")
async def too_long() -> Response:
    return StreamingResponse(pieces(), headers={"content-length": "4"})


@plain.get("/too-short")
async def too_short() -> Response:
    return StreamingResponse(pieces(), headers={"content-length": "8"})


@plain.get("/block")
async def block(pipe: str) -> str:
    # What nobody should ever do: it waits on the event loop until somebody writes.
    print("blocked", flush=True)  # noqa: T201  # what the test waits for
    return Path(pipe).read_text()  # noqa: ASYNC240


async def raw(scope: Scope, receive: Receive, send: Send) -> None:
    """Break the rules of ASGI below the framework."""
    if scope["path"].endswith("/half"):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
    if scope["path"].endswith("/timeout"):
        raise TimeoutError
    del receive


def main() -> None:
    """Serve until SIGTERM."""
    port, management_port = (int(argument) for argument in sys.argv[1:])
    settings = load_settings()
    logs = configure_logs(settings, "small")
    instruments = ApiInstruments("1.0", "abc")
    telemetry = build_telemetry(settings, "small", instruments, logs)
    IDS.seed(SEED)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        telemetry.start()
        yield
        await asyncio.to_thread(telemetry.close)

    api = FastAPI(openapi_url=None, lifespan=lifespan, telemetry=NOTHING)
    errors.install(api)
    outer.include_router(inner)
    mounted = FastAPI(openapi_url=None, telemetry=NOTHING)
    mounted.include_router(things)
    api.include_router(outer)
    api.mount("/mounted", mounted)
    api.mount("/raw", raw)
    api.include_router(plain)
    app: ASGIApp = DeadlineMiddleware(api, DEADLINE_SECONDS, DEADLINE_SECONDS)
    app = BodyLimitMiddleware(app, 1)
    app = TelemetryMiddleware(app, instruments, telemetry, Operations(OPERATIONS))
    management, _ = start_http_server(management_port, HOST, instruments.registry)
    config = uvicorn.Config(
        app,
        host=HOST,
        port=port,
        log_config=None,
        access_log=False,
        http=counting(instruments.http),
        ws="none",
    )
    try:
        uvicorn.Server(config).run()
    finally:
        management.shutdown()
        logs.close()


if __name__ == "__main__":
    main()
