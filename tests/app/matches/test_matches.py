from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio


async def test_the_feed_shows_the_callers_matches_newest_first(api: Api, adopter: Account) -> None:
    made = []
    for pet in await api.list_pets(3, auto_match=True):
        answer = await adopter.client.post("/api/swipes", json={"pet_id": pet, "liked": True})
        made.append((answer.json()["match_id"], pet))
    feed = (await adopter.client.get("/api/matches")).json()["items"]
    assert [(match["id"], match["pet_id"]) for match in feed] == made[::-1]
    assert [match["pet_name"] for match in feed] == ["Pet 2", "Pet 1", "Pet 0"]
    assert {match["status"] for match in feed} == {"pending"}
    assert all(match["matched_at"] == match["status_changed_at"] for match in feed)
    shorter = (await adopter.client.get("/api/matches", params={"limit": "1"})).json()["items"]
    assert shorter == feed[:1]


async def test_the_feed_shows_nothing_of_others_and_nothing_unmatched(
    api: Api, adopter: Account
) -> None:
    matching, plain = [(await api.list_pets(1, auto_match=value))[0] for value in (True, False)]
    other = await api.join()
    await adopter.client.post("/api/swipes", json={"pet_id": matching, "liked": True})
    await other.client.post("/api/swipes", json={"pet_id": matching, "liked": False})
    await other.client.post("/api/swipes", json={"pet_id": plain, "liked": True})
    assert len((await adopter.client.get("/api/matches")).json()["items"]) == 1
    assert (await other.client.get("/api/matches")).json() == {"items": []}
