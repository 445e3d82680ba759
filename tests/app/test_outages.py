from __future__ import annotations

import os
import signal
import socket
from collections import Counter
from typing import TYPE_CHECKING
from uuid import uuid4

import anyio
import asyncpg
import pytest
from anyio import to_thread

from app.auth import Principal, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx import AsyncClient, Response

    from app.settings import Settings
    from tests.app.conftest import Account, Api, Cluster, OpenApi, Servers

pytestmark = [
    pytest.mark.anyio,
    # From Python 3.12 on, starting PostgreSQL beside the threads of an application warns.
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]

CALLERS = 8
DATABASE_ROUTES = ("/api/pets", "/api/deck", "/api/swipes", "/api/matches")


def assert_try_again(answer: Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["detail"] == "A dependency does not answer; try again."
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def somebody(api: Api) -> AsyncClient:
    return api.with_token(await api.token(Principal(uuid4(), Role.SHELTER, uuid4())))


async def assert_all_routes_say_try_again(api: Api) -> None:
    client = await somebody(api)
    for route in DATABASE_ROUTES:
        assert_try_again(await client.get(route))
    swipe = {"pet_id": str(uuid4()), "liked": True}
    assert_try_again(await client.post("/api/swipes", json=swipe))
    log_in = {"email": "a@people.petswipe.example", "password": "12345678"}
    assert_try_again(await client.post("/api/auth/login", json=log_in))


async def assert_alive_but_not_ready(api: Api) -> None:
    assert (await api.client.get("/health")).status_code == 200
    for route in ("/health/ready", "/health/startup"):
        answer = await api.client.get(route)
        assert answer.status_code == 503
        assert answer.json() == {"status": "unavailable", "reason": "PostgreSQL does not answer"}


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


async def test_a_closed_port_is_an_outage(
    settings: Settings, free_port: int, open_api: OpenApi
) -> None:
    url = f"postgresql://petswipe@127.0.0.1:{free_port}/postgres"
    async with open_api(settings, database_url=url) as api:
        await assert_all_routes_say_try_again(api)
        await assert_alive_but_not_ready(api)


async def test_a_host_that_nobody_knows_is_an_outage(settings: Settings, open_api: OpenApi) -> None:
    # The top-level domain .invalid is reserved for names that never exist.
    url = "postgresql://petswipe@database.invalid/postgres"
    async with open_api(settings, database_url=url) as api:
        await assert_all_routes_say_try_again(api)
        await assert_alive_but_not_ready(api)


async def test_a_server_that_says_nothing_is_an_outage_and_no_wait_for_ever(
    settings: Settings, deaf_port: int, open_api: OpenApi
) -> None:
    url = f"postgresql://petswipe@127.0.0.1:{deaf_port}/postgres"
    async with open_api(settings, database_url=url, database_timeout_seconds=0.1) as api:
        await assert_all_routes_say_try_again(api)
        await assert_alive_but_not_ready(api)


async def test_a_cache_that_says_nothing_costs_a_deck_and_a_swipe_nothing_but_time(
    settings: Settings, deaf_port: int, open_api: OpenApi
) -> None:
    async with open_api(settings, cache_url=f"redis://127.0.0.1:{deaf_port}") as api:
        adopter = await api.join()
        (pet,) = await api.list_pets(1)
        deck = await adopter.client.get("/api/deck")
        assert [card["id"] for card in deck.json()["items"]] == [pet]
        swipe = {"pet_id": pet, "liked": True}
        assert (await adopter.client.post("/api/swipes", json=swipe)).status_code == 201
        errors = api.sample("petswipe_cache_requests_total", cache="deck", result="error")
        assert errors == 1


async def test_a_cache_that_freezes_and_thaws_is_used_again(
    api: Api, adopter: Account, servers: Servers
) -> None:
    await api.list_pets(3)
    assert (await adopter.client.get("/api/deck")).status_code == 200
    os.kill(servers.processes["valkey"], signal.SIGSTOP)
    try:
        for _ in range(3):
            frozen = await adopter.client.get("/api/deck")
            assert len(frozen.json()["items"]) == 3
    finally:
        os.kill(servers.processes["valkey"], signal.SIGCONT)
    with anyio.fail_after(60):
        while api.sample("petswipe_cache_requests_total", cache="deck", result="hit") == 0:
            assert (await adopter.client.get("/api/deck")).status_code == 200
    assert api.sample("petswipe_cache_requests_total", cache="deck", result="error") >= 3


async def test_a_database_without_room_for_another_session_is_an_outage(
    cluster: Cluster, open_api: OpenApi
) -> None:
    address = str(cluster.settings.database_url).replace("+asyncpg", "")
    sessions = []
    with pytest.raises(asyncpg.TooManyConnectionsError):  # noqa: PT012  # until the room is taken
        while True:
            sessions.append(await asyncpg.connect(address))
    async with open_api(cluster.settings) as api:
        await assert_all_routes_say_try_again(api)
        for session in sessions:
            await session.close()
        with anyio.fail_after(60):
            while (await api.client.get("/health/ready")).status_code != 200:
                await anyio.lowlevel.checkpoint()
        assert (await (await somebody(api)).get("/api/pets")).status_code == 200


async def test_sessions_that_the_database_ended_are_replaced(
    cluster: Cluster, open_api: OpenApi
) -> None:
    async with open_api(cluster.settings) as api:
        client = await somebody(api)
        assert (await client.get("/api/pets")).status_code == 200
        operator = await asyncpg.connect(str(cluster.settings.database_url).replace("+asyncpg", ""))
        ended = await operator.fetchval(
            "SELECT count(pg_terminate_backend(pid, 30000)) FROM pg_stat_activity "
            "WHERE application_name = 'petswipe-api'"
        )
        await operator.close()
        assert ended >= 1
        answers = [await client.get("/api/pets") for _ in range(3)]
        # One request finds out, the others get a new session.
        assert [answer.status_code for answer in answers[1:]] == [200, 200]
        if answers[0].status_code != 200:
            assert_try_again(answers[0])


async def test_under_load_a_database_that_goes_and_comes_is_an_outage_and_no_mistake_of_ours(
    cluster: Cluster, open_api: OpenApi
) -> None:
    statuses: Counter[int] = Counter()
    async with open_api(cluster.settings) as api:
        accounts = [await api.join() for _ in range(CALLERS)]
        pets = await api.list_pets(1)

        async def call(account: Account, end: anyio.Event) -> None:
            while not end.is_set():
                for answer in (
                    await account.client.get("/api/pets"),
                    await account.client.post(
                        "/api/swipes", json={"pet_id": pets[0], "liked": True}
                    ),
                    await account.client.get("/api/deck"),
                ):
                    statuses[answer.status_code] += 1
                    if answer.status_code not in {200, 201}:
                        assert_try_again(answer)

        async def see(status: int) -> None:
            seen = statuses[status]
            while statuses[status] <= seen:  # noqa: ASYNC110  # eight callers bring it about
                await anyio.sleep(0.01)

        with anyio.fail_after(100):
            async with anyio.create_task_group() as tasks:
                end = anyio.Event()
                for account in accounts:
                    tasks.start_soon(call, account, end)
                for _ in range(2):
                    await see(200)
                    await to_thread.run_sync(cluster.stop)
                    await see(503)
                    await to_thread.run_sync(cluster.start)
                await see(200)
                end.set()
        assert (await api.client.get("/health/ready")).status_code == 200
    assert set(statuses) == {200, 201, 503}
