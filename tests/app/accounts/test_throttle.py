from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import anyio
import pytest

if TYPE_CHECKING:
    from httpx import Response

    from app.settings import Settings
    from tests.app.conftest import Account, Api, OpenApi

pytestmark = pytest.mark.anyio
LOG_IN = "/api/auth/login"
PASSWORD = "correct horse battery"
NOBODY = "redis://127.0.0.1:1/0"


async def log_in(
    api: Api, email: str, password: str = PASSWORD, address: str = "203.0.113.1"
) -> Response:
    given = {"email": email, "password": password}
    return await api.client.post(LOG_IN, json=given, headers={"X-Forwarded-For": address})


async def fail(api: Api, email: str, times: int, **given: str) -> list[int]:
    return [(await log_in(api, email, "wrong", **given)).status_code for _ in range(times)]


async def test_ten_failures_close_an_account_for_a_while_whether_it_exists_or_not(
    api: Api, adopter: Account
) -> None:
    refused = []
    for email in (adopter.email, "nobody@people.petswipe.example"):
        assert await fail(api, email, 11) == [401] * 10 + [429]
        refused.append(await log_in(api, email))
    assert [answer.status_code for answer in refused] == [429, 429]
    for answer in refused:
        assert answer.headers["content-type"] == "application/problem+json"
        assert 890 <= int(answer.headers["retry-after"]) <= 900
    assert refused[0].json()["detail"] == refused[1].json()["detail"]
    # Whoever is logged in stays so.
    assert (await adopter.client.get("/api/swipes")).status_code == 200
    other = await api.join()
    assert (await log_in(api, other.email)).status_code == 200


async def test_log_ins_that_succeed_are_not_counted(api: Api, adopter: Account) -> None:
    for _ in range(12):
        assert (await log_in(api, adopter.email)).status_code == 200
    assert await fail(api, adopter.email, 9) == [401] * 9
    assert (await log_in(api, adopter.email)).status_code == 200
    assert await fail(api, adopter.email, 2) == [401, 429]


async def test_a_hundred_guesses_at_once_are_ten(api: Api, adopter: Account) -> None:
    statuses: list[int] = []

    async def guess() -> None:
        statuses.append((await log_in(api, adopter.email, "wrong")).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(guess)
    assert Counter(statuses) == {401: 10, 429: 90}


async def test_an_address_that_guesses_at_many_accounts_is_refused(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(settings, login_failures_ip=5, trusted_proxies=("127.0.0.1",)) as api:
        adopter = await api.join()

        async def guess(number: int, address: str) -> int:
            email = f"{number}@people.petswipe.example"
            return (await log_in(api, email, "wrong", address)).status_code

        first = [await guess(number, "203.0.113.9") for number in range(6)]
        assert first == [401] * 5 + [429]
        assert (await log_in(api, adopter.email, address="203.0.113.9")).status_code == 429
        assert (await log_in(api, adopter.email, address="203.0.113.10")).status_code == 200
        # A customer of an IPv6 provider has a whole network.
        many = [await guess(10 + n, f"2001:db8:1:2::{n}") for n in range(6)]
        assert many == [401] * 5 + [429]
        assert await guess(20, "2001:db8:1:3::1") == 401


async def test_the_refusal_ends_with_its_window(open_api: OpenApi, settings: Settings) -> None:
    async with open_api(settings, login_failures_account=1, login_window_seconds=1) as api:
        adopter = await api.join()
        assert await fail(api, adopter.email, 1) == [401]
        with anyio.fail_after(30):
            while (await log_in(api, adopter.email)).status_code != 200:
                await anyio.lowlevel.checkpoint()


async def test_without_valkey_the_limit_is_stricter(
    open_api: OpenApi, settings: Settings, api: Api
) -> None:
    adopter = await api.join()
    async with open_api(settings, cache_url=NOBODY) as alone:
        assert await fail(alone, adopter.email, 4) == [401] * 3 + [429]
        assert (await log_in(alone, adopter.email)).status_code == 429
        other = await alone.join()
        assert (await log_in(alone, other.email)).status_code == 200


async def test_guesses_at_the_password_of_whoever_is_logged_in_are_counted_too(
    adopter: Account,
) -> None:
    body = {"current": "wrong", "new": "a new password"}
    statuses = [
        (await adopter.client.put("/api/users/me/password", json=body)).status_code
        for _ in range(11)
    ]
    assert statuses == [422] * 10 + [429]
    right = {**body, "current": PASSWORD}
    assert (await adopter.client.put("/api/users/me/password", json=right)).status_code == 429
