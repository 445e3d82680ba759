"""What public libraries count wrongly, each shown beside ours by the same requests.

A test that is expected to fail shows a fault in the newest version of the library when this was
written; once the library is mended, it passes and is reported as such.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import pytest

from tests.comparison.faults import (
    EXPORTER,
    INSTRUMENTATOR,
    OPENTELEMETRY,
    PROMETHEUS,
    fault,
    given,
)
from tests.comparison.metrics import (
    fastapi_instrumentator,
    opentelemetry,
    ours,
    starlette_exporter,
    starlette_prometheus,
)
from tests.comparison.service import WORK_SECONDS, client_of, service

if TYPE_CHECKING:
    from tests.comparison.metrics import Library

pytestmark = [pytest.mark.compare, pytest.mark.anyio]
PATHS = 5


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize(
    "library",
    [ours, fastapi_instrumentator, starlette_exporter, starlette_prometheus, opentelemetry],
    ids=lambda library: library.__name__,
)
async def test_a_plain_request_is_counted_by_all_of_them(library: Library) -> None:
    with library(service()) as measured:
        async with client_of(measured.app) as client:
            assert (await client.get("/items/1/")).status_code == 200
        counts = measured.read()
    assert (counts.requests, counts.failed, counts.label_sets, counts.open) == (1, 0, 1, 0)
    assert 0 < counts.seconds < 1


@pytest.mark.parametrize(
    "library", [ours, fault(starlette_exporter, EXPORTER, "they are left out unless asked for")]
)
async def test_requests_for_no_route_are_counted(library: Library) -> None:
    with library(service()) as measured:
        async with client_of(measured.app) as client:
            given((await client.get("/nowhere")).status_code == 404, "there is no such route")
        assert measured.read().requests == 1


@pytest.mark.parametrize(
    "library",
    [
        ours,
        fault(fastapi_instrumentator, INSTRUMENTATOR, "a redirect counts under its raw path"),
        fault(starlette_prometheus, PROMETHEUS, "whatever has no route counts under its raw path"),
        fault(starlette_exporter, EXPORTER, "redirects are not counted at all"),
    ],
)
async def test_redirects_are_counted_and_their_paths_are_no_labels(library: Library) -> None:
    with library(service()) as measured:
        async with client_of(measured.app) as client:
            for number in range(PATHS):
                answer = await client.get(f"/items/{number}")
                given(answer.status_code == 307, "it is a redirect")
        assert (measured.read().requests, measured.read().label_sets) == (PATHS, 1)


@pytest.mark.parametrize(
    "library",
    [
        ours,
        fault(fastapi_instrumentator, INSTRUMENTATOR, "it ends with the last background task"),
        fault(opentelemetry, OPENTELEMETRY, "it ends with the last background task"),
    ],
)
async def test_the_time_of_an_answer_ends_before_the_work_behind_it(library: Library) -> None:
    with library(service()) as measured:
        begun = perf_counter()
        async with client_of(measured.app) as client:
            given((await client.get("/worked")).status_code == 200, "it answers")
        took = perf_counter() - begun
        given(measured.read().requests == 1, "it is counted")
        assert measured.read().seconds < took - WORK_SECONDS / 2


@pytest.mark.parametrize(
    "library",
    [
        ours,
        fault(fastapi_instrumentator, INSTRUMENTATOR, "it is one more 200"),
        fault(starlette_prometheus, PROMETHEUS, "it is one more 200"),
        fault(opentelemetry, OPENTELEMETRY, "it is one more 200"),
    ],
)
async def test_an_answer_that_breaks_off_is_a_failure(library: Library) -> None:
    with library(service()) as measured:
        async with client_of(measured.app) as client:
            given((await client.get("/torn")).status_code == 200, "it begins to answer")
        given(measured.read().requests == 1, "it is counted")
        assert measured.read().failed == 1


@pytest.mark.parametrize(
    "library",
    [ours, fault(starlette_exporter, EXPORTER, "its gauge never comes back after a bad header")],
)
async def test_a_malformed_header_leaves_no_request_open(library: Library) -> None:
    with library(service()) as measured:
        async with client_of(measured.app) as client:
            await client.get("/items/1/", headers={"Content-Length": "many"})
        assert measured.read().open == 0
