from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import pytest

from app.faults import SLOW_SECONDS
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from app.settings import Settings
    from tests.app.conftest import OpenApi

pytestmark = pytest.mark.anyio


async def test_errors_fails_exactly_every_tenth_swipe_and_stores_nothing_of_it(
    settings: Settings, open_api: OpenApi
) -> None:
    async with open_api(settings, fault="errors") as api:
        adopter = await api.join()
        pets = await api.list_pets(23)
        answers = [
            await adopter.client.post("/api/swipes", json={"pet_id": pet, "liked": True})
            for pet in pets
        ]
        failed = [number for number, answer in enumerate(answers, 1) if answer.is_error]
        assert failed == [10, 20]
        for number in failed:
            answer = answers[number - 1]
            assert answer.status_code == 500
            assert answer.headers["content-type"] == "application/problem+json"
            assert "PET_FAULT=errors" in answer.json()["detail"]
        assert await api.rows(swipes) == 21
        stored = (await adopter.client.get("/api/swipes", params={"limit": 100})).json()["items"]
        untouched = {pets[number - 1] for number in failed}
        assert {swipe["pet_id"] for swipe in stored} == set(pets) - untouched
        assert api.sample("petswipe_swipes_total", direction="like") == 21
        assert api.sample("petswipe_faults_injected_total", fault="errors") == 2
        assert api.sample("petswipe_faults_injected_total", fault="slow") == 0


async def test_slow_delays_every_fifth_swipe_and_stores_all(
    settings: Settings, open_api: OpenApi
) -> None:
    async with open_api(settings, fault="slow") as api:
        adopter = await api.join()
        seconds: list[float] = []
        for pet in await api.list_pets(11):
            begun = monotonic()
            answer = await adopter.client.post("/api/swipes", json={"pet_id": pet, "liked": True})
            seconds.append(monotonic() - begun)
            assert answer.status_code == 201
        assert min(seconds[4], seconds[9]) >= SLOW_SECONDS
        assert await api.rows(swipes) == 11
        assert api.sample("petswipe_faults_injected_total", fault="slow") == 2
        assert api.sample("petswipe_faults_injected_total", fault="errors") == 0


@pytest.mark.parametrize("fault", ["errors", "slow"])
async def test_only_the_making_of_swipes_is_disturbed(
    settings: Settings, open_api: OpenApi, fault: str
) -> None:
    async with open_api(settings, fault=fault) as api:
        adopter = await api.join()
        for route in ("/api/swipes", "/api/deck", "/api/pets"):
            answers = [await adopter.client.get(route) for _ in range(11)]
            assert {answer.status_code for answer in answers} == {200}
        assert api.sample("petswipe_faults_injected_total", fault=fault) == 0


async def test_without_a_fault_nothing_is_disturbed(settings: Settings, open_api: OpenApi) -> None:
    async with open_api(settings, fault="none") as api:
        adopter = await api.join()
        for pet in await api.list_pets(11):
            answer = await adopter.client.post("/api/swipes", json={"pet_id": pet, "liked": True})
            assert answer.status_code == 201
        for fault in ("errors", "slow"):
            assert api.sample("petswipe_faults_injected_total", fault=fault) == 0
