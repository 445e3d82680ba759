from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, text

from app.auth import Principal, Role
from app.main import build_resources, create_api
from app.migrations.revisions import head_revision
from app.migrations.runner import migrate
from app.outbox.tables import outbox
from app.version import VERSION

if TYPE_CHECKING:
    import httpx

    from app.settings import Settings
    from tests.app.conftest import Account, Api, OpenApi
    from tests.app.gallery import Gallery

pytestmark = pytest.mark.anyio


async def test_a_process_that_can_work_is_live_started_and_ready(api: Api) -> None:
    for route in ("/health", "/health/startup", "/health/ready", "/live", "/ready"):
        answer = await api.client.get(route)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "reason": None})


async def test_spring_probes_read_up(api: Api) -> None:
    answer = await api.client.get("/actuator/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "UP"})


async def test_without_postgresql_probes_read_down(
    settings: Settings, open_api: OpenApi, free_port: int
) -> None:
    url = f"postgresql://somebody@127.0.0.1:{free_port}/petswipe"
    async with open_api(settings, database_url=url) as api:
        answer = await api.client.get("/actuator/health")
        assert (answer.status_code, answer.json()) == (503, {"status": "DOWN"})
        assert (await api.client.get("/ready")).status_code == 503
        assert (await api.client.get("/live")).status_code == 200


async def administer(api: Api) -> httpx.AsyncClient:
    return api.with_token(await api.token(Principal(uuid4(), Role.ADMIN, uuid4())))


async def test_an_administrator_sees_every_dependency(gallery: Gallery) -> None:
    api = gallery.api
    admin = await administer(api)
    answer = await admin.get("/health/deep")
    assert answer.status_code == 200
    found = answer.json()
    assert found["status"] == "ok"
    assert {"postgresql", "cache", "storage", "outbox"} <= set(found["dependencies"])
    for dependency in found["dependencies"].values():
        assert dependency["status"] == "ok"
        assert 0 < dependency["latency_ms"] < 1000
    assert found["dependencies"]["outbox"]["oldest_seconds"] == 0
    assert (await api.client.get("/health/deep")).status_code == 401
    assert (await (await api.join()).client.get("/health/deep")).status_code == 403


async def test_the_age_of_the_oldest_event_is_told(api: Api, adopter: Account) -> None:
    async with api.held.engine.connect() as connection:
        for hours in (1, 2):
            since = func.now() - text(f"interval '{hours} h'")
            await connection.execute(
                insert(outbox).values(user_id=adopter.id, kind="x", payload={}, created_at=since)
            )
    found = (await (await administer(api)).get("/health/deep")).json()
    assert found["dependencies"]["outbox"]["oldest_seconds"] == pytest.approx(7200, abs=60)


async def test_a_dependency_that_is_away_is_named(
    settings: Settings, open_api: OpenApi, free_port: int
) -> None:
    away = f"postgresql://somebody:canary-password@127.0.0.1:{free_port}/petswipe"
    async with open_api(settings, replica_url=away) as api:
        answer = await (await administer(api)).get("/health/deep")
        found = answer.json()
        assert (answer.status_code, found["status"]) == (200, "degraded")
        assert found["dependencies"]["replica"]["status"] == "unavailable"
        assert found["dependencies"]["postgresql"]["status"] == "ok"
        assert "canary-password" not in answer.text


async def test_without_the_bucket_the_service_is_degraded(gallery: Gallery) -> None:
    gallery.s3.delete_bucket(Bucket=gallery.bucket)
    found = (await (await administer(gallery.api)).get("/health/deep")).json()
    storage = found["dependencies"]["storage"]
    assert (found["status"], storage["status"]) == ("degraded", "unavailable")
    assert storage["reason"] == "ClientError"


async def test_without_postgresql_the_whole_service_is_unavailable(
    settings: Settings, open_api: OpenApi, free_port: int
) -> None:
    away = f"postgresql://somebody:canary-password@127.0.0.1:{free_port}/petswipe"
    async with open_api(settings, database_url=away) as api:
        answer = await (await administer(api)).get("/health/deep")
        found = answer.json()
        assert (answer.status_code, found["status"]) == (503, "unavailable")
        assert found["dependencies"]["cache"]["status"] == "ok"
        assert "canary-password" not in answer.text


async def test_no_dependency_is_waited_for_longer_than_a_second(
    settings: Settings, open_api: OpenApi
) -> None:
    # Takes connections and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://somebody@127.0.0.1:{silent.getsockname()[1]}/petswipe"
        async with open_api(settings, replica_url=url) as api:
            found = (await (await administer(api)).get("/health/deep")).json()
    replica = found["dependencies"]["replica"]
    assert (replica["status"], replica["reason"]) == ("unavailable", "TimeoutError")
    assert 900 < replica["latency_ms"] < 1900


async def test_live_asks_nobody(api: Api) -> None:
    with api.round_trips() as asked:
        assert (await api.client.get("/health")).status_code == 200
    assert asked.statements == []
    assert not asked.commands


async def test_startup_waits_for_the_migration_and_remembers_it(
    settings: Settings, empty_database: str, open_api: OpenApi
) -> None:
    async with open_api(settings, database_url=empty_database) as api:
        early = await api.client.get("/health/startup")
        assert early.status_code == 503
        assert early.json() == {
            "status": "unavailable",
            "reason": f"the schema is at no migration, this release needs {head_revision()}",
        }
        assert (await api.client.get("/health/ready")).status_code == 200
        await migrate(api.held.engine)
        assert (await api.client.get("/health/startup")).status_code == 200
        with api.round_trips() as again:
            assert (await api.client.get("/health/startup")).status_code == 200
        assert again.statements == []


async def test_startup_does_not_wait_for_the_cache(
    settings: Settings, free_port: int, open_api: OpenApi
) -> None:
    cache_url = f"redis://127.0.0.1:{free_port}"
    async with open_api(settings, cache_url=cache_url) as api:
        assert (await api.client.get("/health/startup")).status_code == 200
        assert (await api.client.get("/health/ready")).status_code == 200


async def test_a_process_that_drains_takes_no_more_traffic(settings: Settings) -> None:
    app = create_api(build_resources(settings))
    health = app.state.health
    async with app.router.lifespan_context(app):
        assert await health.ready(app.state.resources) == ""
    assert await health.ready(app.state.resources) == "draining"


async def test_info_says_what_is_running(settings: Settings, open_api: OpenApi) -> None:
    async with open_api(settings, revision="abc1234", build_time="2026-11-21T08:00:00Z") as api:
        answer = await api.client.get("/api/info")
        assert answer.json() == {
            "version": VERSION,
            "revision": "abc1234",
            "build_time": "2026-11-21T08:00:00Z",
            "environment": "test",
        }
        assert (await api.client.get("/actuator/info")).json() == answer.json()
        labels = {"version": VERSION, "revision": "abc1234"}
        assert api.sample("petswipe_build_info", **labels) == 1
