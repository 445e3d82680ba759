"""What OpenTelemetry's instrumentation and SDK do to traces, each fault shown beside ours.

As in the comparison of metrics, a library that has been mended is reported.
"""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.app.otlp_sink import Behaviour, otlp_sink
from tests.comparison.faults import OPENTELEMETRY, SDK, fault, given
from tests.comparison.service import PIECES, client_of, service
from tests.comparison.traces import opentelemetry, our_process, ours, sdk_process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.comparison.traces import Library, Process

pytestmark = [pytest.mark.compare, pytest.mark.anyio]
# Orchestrators kill what has not ended after so long, or a few times that.
SHUTDOWN_SECONDS = 5.0
TOKEN = "kQ9vLx2mZt7RbY4wEa1sGd"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("library", [ours, opentelemetry], ids=lambda library: library.__name__)
async def test_a_plain_request_is_traced_by_both(library: Library) -> None:
    with library(service()) as traced:
        async with client_of(traced.app) as client:
            assert (await client.get("/items/1/")).status_code == 200
        assert [span for span in traced.spans() if "/items/{item_id}/" in span]


@pytest.mark.parametrize(
    "library", [ours, fault(opentelemetry, OPENTELEMETRY, "it is a span for each piece besides")]
)
async def test_an_answer_in_pieces_is_one_span(library: Library) -> None:
    with library(service()) as traced:
        async with client_of(traced.app) as client:
            given((await client.get("/pieces")).text == "piece" * PIECES, "it answers in pieces")
        given(traced.spans(), "it is traced")
        assert len(traced.spans()) == 1


@pytest.mark.parametrize(
    "library", [ours, fault(opentelemetry, OPENTELEMETRY, "`http.url` has the whole query string")]
)
async def test_a_token_in_a_query_string_is_in_no_span(library: Library) -> None:
    with library(service()) as traced:
        async with client_of(traced.app) as client:
            await client.get("/items/1/", params={"reset_token": TOKEN})
        given(traced.spans(), "it is traced")
        assert [span for span in traced.spans() if TOKEN in span] == []


@pytest.mark.parametrize(
    "process", [our_process, fault(sdk_process, SDK, "it tries again for up to half a minute")]
)
@pytest.mark.parametrize("behaviour", [Behaviour.CLOSED, Behaviour.SILENT, Behaviour.BUSY])
def test_a_process_ends_soon_without_its_collector(
    process: Process, behaviour: Behaviour, tmp_path: Path
) -> None:
    with otlp_sink(behaviour=behaviour) as sink:
        # It must not keep the tests from ending either.
        ending = Thread(target=process(sink.url, tmp_path), daemon=True)
        ending.start()
        ending.join(SHUTDOWN_SECONDS)
        assert not ending.is_alive()
