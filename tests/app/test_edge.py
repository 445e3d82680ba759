from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.edge import MAX_BODY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from httpx import Response

    from app.settings import Settings
    from tests.app.conftest import Api, OpenApi

pytestmark = pytest.mark.anyio
LOG_IN = "/api/auth/login"
ORIGIN = "https://app.petswipe.example"


def assert_problem(answer: Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/health", "/api/deck", "/nowhere", "/openapi.json"])
async def test_every_answer_tells_browsers_to_guess_and_load_nothing(api: Api, path: str) -> None:
    headers = (await api.client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["strict-transport-security"].startswith("max-age=31536000")


async def test_the_page_of_the_document_may_load_what_it_needs(api: Api) -> None:
    page = await api.client.get("/docs")
    policy = page.headers["content-security-policy"]
    for line in page.text.splitlines():
        if "https://" in line and ("src=" in line or "href=" in line):
            host = line.split("https://", 1)[1].split("/", 1)[0]
            assert f"https://{host}" in policy


async def test_a_body_that_announces_too_much_is_refused_unread(api: Api) -> None:
    answer = await api.client.post(LOG_IN, content=b"x" * (MAX_BODY + 1))
    assert_problem(answer, 413)
    assert str(MAX_BODY) in answer.json()["detail"]


async def test_a_body_that_announces_nothing_is_cut_off_as_it_grows(api: Api) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1024
            yield b"x" * 1024

    answer = await api.client.post(
        LOG_IN, content=endless(), headers={"content-type": "application/json"}
    )
    assert_problem(answer, 413)
    assert sent <= MAX_BODY + 2048


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "\u00b2"])
async def test_a_length_that_is_none_is_refused(api: Api, length: str) -> None:
    headers = [(b"content-length", length.encode("latin-1"))]
    assert_problem(await api.client.post(LOG_IN, content=b"{}", headers=headers), 400)


async def test_a_request_that_takes_too_long_is_told_so(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(settings, request_deadline_seconds=0.3) as api:
        client = (await api.join()).client
        async with api.held.engine.connect() as other:
            await other.execute(text("BEGIN"))
            await other.execute(text("LOCK TABLE pets IN ACCESS EXCLUSIVE MODE"))
            answer = await client.get("/api/pets")
            await other.execute(text("ROLLBACK"))
        assert_problem(answer, 503)
        assert answer.headers["retry-after"] == "1"
        assert (await client.get("/api/pets")).status_code == 200


async def test_nothing_of_a_request_that_took_too_long_is_stored(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(settings, request_deadline_seconds=0.3) as api:
        (pet,) = await api.list_pets(1)
        client = (await api.join()).client
        body = {"pet_id": pet, "liked": True}
        async with api.held.engine.connect() as other:
            await other.execute(text("BEGIN"))
            await other.execute(text("LOCK TABLE matches IN ACCESS EXCLUSIVE MODE"))
            headers = {"Idempotency-Key": "late"}
            late = await client.post("/api/swipes", json=body, headers=headers)
            await other.execute(text("ROLLBACK"))
        assert_problem(late, 503)
        assert (await client.get("/api/swipes")).json()["items"] == []
        assert (await client.post("/api/swipes", json=body, headers=headers)).status_code == 201


async def test_an_empty_pool_is_an_outage_and_no_hang(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(settings, pool_size=1, request_deadline_seconds=0.3) as api:
        client = (await api.join()).client
        async with api.held.engine.connect():
            answers = await asyncio.gather(*(client.get("/api/pets") for _ in range(20)))
        for answer in answers:
            assert_problem(answer, 503)
            assert answer.headers["retry-after"]
        assert (await client.get("/api/pets")).status_code == 200


async def test_only_the_configured_origins_are_let_in(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(settings, cors_origins=(ORIGIN,)) as api:
        asked = {"access-control-request-method": "POST"}
        allowed = await api.client.options("/api/swipes", headers={"origin": ORIGIN, **asked})
        assert allowed.headers["access-control-allow-origin"] == ORIGIN
        for other in ("https://evil.example", f"{ORIGIN}.evil.example", "null", "*"):
            refused = await api.client.get("/api/deck", headers={"origin": other})
            assert "access-control-allow-origin" not in refused.headers


async def test_without_configuration_no_origin_is_let_in(api: Api) -> None:
    answer = await api.client.get("/health", headers={"origin": ORIGIN})
    assert "access-control-allow-origin" not in answer.headers
