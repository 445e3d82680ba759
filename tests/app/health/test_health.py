from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.main import build_resources, create_api
from app.migrations.runner import head_revision, migrate
from app.version import VERSION

if TYPE_CHECKING:
    from app.settings import Settings
    from tests.app.conftest import Api, OpenApi

pytestmark = pytest.mark.anyio


async def test_a_process_that_can_work_is_live_started_and_ready(api: Api) -> None:
    for route in ("/health", "/health/startup", "/health/ready"):
        answer = await api.client.get(route)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "reason": None})


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
    async with open_api(settings, revision="abc1234") as api:
        answer = await api.client.get("/api/info")
        assert answer.json() == {
            "version": VERSION,
            "revision": "abc1234",
            "environment": "test",
        }
        labels = {"version": VERSION, "revision": "abc1234"}
        assert api.sample("petswipe_build_info", **labels) == 1
