from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest
from fastapi import FastAPI

from app.telemetry.instruments import ApiInstruments
from app.telemetry.logs import NullLogs
from app.telemetry.middleware import TelemetryMiddleware
from app.telemetry.process import Nowhere, Telemetry
from app.telemetry.tracing import Tracer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.telemetry.tracing import Span

pytestmark = pytest.mark.anyio

COUNT = "http_server_request_duration_seconds_count"
WORK_SECONDS = 0.2
GONE = {
    "http_request_method": "_OTHER",
    "http_route": "_unmatched",
    "http_response_status_code": "500",
}
SILENT = Telemetry(Tracer(0, Nowhere(), recording=False), None, NullLogs())


@pytest.fixture
def instruments() -> ApiInstruments:
    return ApiInstruments("1.0", "abc")


def client_of(
    app: ASGIApp, instruments: ApiInstruments, telemetry: Telemetry = SILENT
) -> httpx.AsyncClient:
    wrapped = TelemetryMiddleware(app, instruments, telemetry)
    return httpx.AsyncClient(transport=httpx.ASGITransport(wrapped), base_url="http://test")


def value(instruments: ApiInstruments, name: str, **labels: str) -> float | None:
    return instruments.registry.get_sample_value(name, labels)


async def test_an_application_that_raises_is_counted_and_still_raises(
    instruments: ApiInstruments,
) -> None:
    async def broken(_: Scope, __: Receive, ___: Send) -> None:
        raise ZeroDivisionError

    async with client_of(broken, instruments) as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/")
    assert value(instruments, COUNT, **GONE, error_type="exception") == 1
    assert value(instruments, "http_server_active_requests", http_request_method="GET") == 0


async def test_a_request_that_is_cancelled_is_counted_as_that(instruments: ApiInstruments) -> None:
    begun = anyio.Event()

    async def endless(_: Scope, __: Receive, ___: Send) -> None:
        begun.set()
        await anyio.sleep_forever()

    async with client_of(endless, instruments) as client, anyio.create_task_group() as tasks:
        tasks.start_soon(client.get, "/")
        await begun.wait()
        assert value(instruments, "http_server_active_requests", http_request_method="GET") == 1
        tasks.cancel_scope.cancel()
    # With which the server answers in its place.
    assert value(instruments, COUNT, **GONE, error_type="cancelled") == 1
    assert value(instruments, "http_server_active_requests", http_request_method="GET") == 0


async def test_the_time_ends_with_the_last_byte_and_not_with_the_work_behind_it(
    instruments: ApiInstruments,
) -> None:
    async def busy(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})
        await anyio.sleep(WORK_SECONDS)

    begun = perf_counter()
    async with client_of(busy, instruments) as client:
        assert (await client.get("/")).text == "ab"
    total = perf_counter() - begun
    labels = {**GONE, "http_response_status_code": "200", "error_type": ""}
    assert value(instruments, COUNT, **labels) == 1
    seconds = value(instruments, COUNT.replace("_count", "_sum"), **labels)
    assert seconds is not None
    assert 0 < seconds < total - WORK_SECONDS / 2


async def test_an_answer_in_pieces_is_one_span(instruments: ApiInstruments) -> None:
    kept: list[Span] = []

    class Recorder(Nowhere):
        def keep(self, spans: list[Span]) -> None:
            kept.extend(spans)

    async def pieces(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for more in (True, True, True, False):
            await send({"type": "http.response.body", "body": b"a", "more_body": more})

    telemetry = Telemetry(Tracer(1, Recorder()), None, NullLogs())
    async with client_of(pieces, instruments, telemetry) as client:
        assert (await client.get("/?reset_token=kQ9vLx2mZt7RbY4wEa1sGd")).text == "aaaa"
    assert [span.name for span in kept] == ["_OTHER _unmatched"]
    assert "kQ9vLx2mZt7RbY4wEa1sGd" not in str(kept[0].attributes)


async def test_the_paths_of_redirects_are_no_labels(instruments: ApiInstruments) -> None:
    api = FastAPI()
    api.get("/items/{item_id}/")(anyio.sleep)
    async with client_of(api, instruments) as client:
        for number in range(5):
            assert (await client.get(f"/items/{number}")).status_code == 307
    labels = {**GONE, "http_response_status_code": "307", "error_type": ""}
    assert value(instruments, COUNT, **labels) == 5


async def test_what_is_no_request_passes_uncounted(instruments: ApiInstruments) -> None:
    seen: list[str] = []

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: object) -> dict[str, object]:
        return {}

    middleware = TelemetryMiddleware(app, instruments, SILENT)
    await middleware({"type": "lifespan"}, nothing, nothing)  # type: ignore[arg-type]
    assert seen == ["lifespan"]
    total = sum(
        sample.value
        for family in instruments.registry.collect()
        for sample in family.samples
        if sample.name == COUNT
    )
    assert total == 0
