from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest
from anyio import to_thread

from app.telemetry.catalog import HTTP_DURATION

if TYPE_CHECKING:
    from app.settings import Settings
    from tests.app.conftest import Api, OpenApi, Serving

pytestmark = pytest.mark.anyio
COUNT = f"{HTTP_DURATION.name}_count"
TRIES = 1000
CLIENTS = 4
LIMIT = 100
NOBODY = "redis://127.0.0.1:1/0"


def one_client(url: str, token: str) -> list[httpx.Response]:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
        return [client.get("/api/swipes") for _ in range(TRIES // CLIENTS)]


async def test_a_limit_is_exact_for_many_clients_over_two_workers(
    serving: Serving, key_token: str
) -> None:
    with serving(workers=2, PET_RATE_LIMIT_USER=str(LIMIT)) as server:
        runs = await asyncio.gather(
            *(to_thread.run_sync(one_client, server.url, key_token) for _ in range(CLIENTS))
        )
        answers = [answer for run in runs for answer in run]
        assert Counter(answer.status_code for answer in answers) == {
            200: LIMIT,
            429: TRIES - LIMIT,
        }
        labels = {"http_route": "/api/swipes", "http_response_status_code": "200"}
        admitted = [
            sample.value
            for sample in server.scrape()
            if sample.name == COUNT and labels.items() <= sample.labels.items()
        ]
        assert len([count for count in admitted if count]) == 2, "both workers take part"
    refused = [answer for answer in answers if answer.status_code == 429]
    for answer in refused:
        assert answer.headers["content-type"] == "application/problem+json"
        assert 1 <= int(answer.headers["retry-after"]) <= 60


async def test_answers_tell_the_limits_and_what_is_left(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(settings, rate_limit_user=3, rate_limit_ip=50) as api:
        client = (await api.join()).client
        answers = [await client.get("/api/swipes") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    for answer in answers:
        assert answer.headers["ratelimit-policy"] == '"user";q=3;w=60, "ip";q=50;w=60'
    left = [re.findall(r'"user";r=(\d+);t=(\d+)', a.headers["ratelimit"])[0] for a in answers]
    assert [remaining for remaining, _ in left] == ["2", "1", "0", "0"]
    assert all(1 <= int(resets) <= 60 for _, resets in left)


async def test_one_callers_limit_is_nobody_elses(open_api: OpenApi, settings: Settings) -> None:
    async with open_api(settings, rate_limit_user=1) as api:
        first, second = (await api.join()).client, (await api.join()).client
        assert (await first.get("/api/swipes")).status_code == 200
        assert (await first.get("/api/swipes")).status_code == 429
        assert (await second.get("/api/swipes")).status_code == 200


async def test_who_is_not_logged_in_is_limited_by_address(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(settings, rate_limit_anonymous=2) as api:
        statuses = [(await api.client.get("/api/deck")).status_code for _ in range(3)]
        assert statuses == [401, 401, 429]
        forged = api.with_token("forged").get
        assert (await forged("/api/deck")).status_code == 429


async def test_a_window_ends(open_api: OpenApi, settings: Settings) -> None:
    async with open_api(settings, rate_limit_user=1, rate_window_seconds=1) as api:
        client = (await api.join()).client
        assert (await client.get("/api/swipes")).status_code == 200
        assert (await client.get("/api/swipes")).status_code == 429
        with anyio.fail_after(30):
            while (await client.get("/api/swipes")).status_code != 200:
                await anyio.lowlevel.checkpoint()


async def test_probes_are_not_limited(open_api: OpenApi, settings: Settings) -> None:
    async with open_api(settings, rate_limit_anonymous=1) as api:
        for _ in range(3):
            assert (await api.client.get("/health")).status_code == 200
            assert (await api.client.get("/health/ready")).status_code == 200


async def test_without_valkey_reads_are_answered_and_limits_hold_in_each_process(
    open_api: OpenApi, settings: Settings, api: Api
) -> None:
    account = await api.join()
    token = account.client.headers["authorization"].removeprefix("Bearer ")
    async with open_api(settings, cache_url=NOBODY, rate_limit_user=3) as alone:
        client = alone.with_token(token)
        statuses = [(await client.get("/api/swipes")).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]


async def test_nobody_is_believed_about_addresses_unless_configured(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(settings, rate_limit_anonymous=1) as api:
        first = await api.client.get("/api/deck", headers={"X-Forwarded-For": "203.0.113.9"})
        second = await api.client.get("/api/deck", headers={"X-Forwarded-For": "192.0.2.77"})
        assert (first.status_code, second.status_code) == (401, 429)


async def test_a_configured_proxy_is_believed_about_the_last_address_it_added(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(
        settings, rate_limit_anonymous=1, trusted_proxies=("127.0.0.1", "10.0.0.0/8")
    ) as api:

        async def ask(*lines: str) -> int:
            headers = [("X-Forwarded-For", line) for line in lines]
            return (await api.client.get("/api/deck", headers=headers)).status_code

        assert await ask("203.0.113.1") == 401
        assert await ask("203.0.113.2") == 401
        # Whatever a client writes in front of its own address changes nothing.
        assert await ask("203.0.113.77, 203.0.113.1") == 429
        assert await ask("203.0.113.78", "203.0.113.1") == 429
        # An inner proxy is passed over, one that writes nonsense is not.
        assert await ask("203.0.113.1, 10.1.2.3") == 429
        assert await ask("203.0.113.3, nonsense") == 401
        assert await ask("203.0.113.4, nonsense") == 429
