from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.accounts.tables import users
from app.auth import Principal, Role
from app.media.tables import uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.app.conftest import WaitUntil
    from tests.app.gallery import Gallery

pytestmark = pytest.mark.anyio
ROUTE = "/api/users/me/avatar"


async def put(client: httpx.AsyncClient, content: bytes, key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.put(ROUTE, files={"file": content}, headers=headers)


async def avatar(gallery: Gallery) -> str | None:
    async with gallery.api.held.engine.connect() as connection:
        found: str | None = await connection.scalar(select(users.c.avatar_url))
        return found


async def test_a_new_avatar_takes_the_place_of_the_old_one(
    gallery: Gallery, picture: Callable[..., bytes], wait_until: WaitUntil
) -> None:
    client = (await gallery.api.join()).client
    first = await put(client, picture())
    assert (first.status_code, set(first.json())) == (200, {"url"})
    (old,) = gallery.keys()
    assert await avatar(gallery) == first.json()["url"]
    assert first.json()["url"].endswith(f"/{old}")
    second = await put(client, picture("WEBP"))
    assert await avatar(gallery) == second.json()["url"] != first.json()["url"]
    wait_until(lambda: len(gallery.keys()) == 1, "the old picture is gone")
    (new,) = gallery.keys()
    assert second.json()["url"].endswith(f"/{new}")
    assert await gallery.api.rows(uploads) == 1


async def test_an_avatar_can_be_taken_away(
    gallery: Gallery, picture: Callable[..., bytes], wait_until: WaitUntil
) -> None:
    client = (await gallery.api.join()).client
    await put(client, picture())
    for _ in range(2):
        assert (await client.delete(ROUTE)).status_code == 204
        assert await avatar(gallery) is None
    wait_until(gallery.empty, "the picture is gone")
    assert await gallery.api.rows(uploads) == 0


async def test_what_is_no_picture_changes_nothing(
    gallery: Gallery, picture: Callable[..., bytes]
) -> None:
    client = (await gallery.api.join()).client
    made = await put(client, picture())
    assert (await put(client, b"hello")).status_code == 415
    assert (await put(client, picture("PNG")[:60])).status_code == 422
    assert (await client.put(ROUTE)).status_code == 422
    assert await avatar(gallery) == made.json()["url"]
    assert len(gallery.keys()) == 1


async def test_the_same_request_again_is_answered_as_the_first_time(
    gallery: Gallery, picture: Callable[..., bytes]
) -> None:
    client = (await gallery.api.join()).client
    first, again = [await put(client, picture(), "k") for _ in range(2)]
    assert (again.status_code, again.content) == (200, first.content)
    assert (await put(client, picture("PNG"), "k")).status_code == 422
    assert len(gallery.keys()) == 1


async def test_avatars_that_come_at_once_leave_one_picture(
    gallery: Gallery, picture: Callable[..., bytes], wait_until: WaitUntil
) -> None:
    client = (await gallery.api.join()).client
    answers = await asyncio.gather(*(put(client, picture()) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    wait_until(lambda: len(gallery.keys()) == 1, "the pictures of the others are gone")
    assert await gallery.api.rows(uploads) == 1
    (key,) = gallery.keys()
    url = await avatar(gallery)
    assert url is not None
    assert url.endswith(f"/{key}")


async def test_an_account_that_is_gone_has_no_avatar(
    gallery: Gallery, picture: Callable[..., bytes], wait_until: WaitUntil
) -> None:
    nobody = gallery.api.with_token(await gallery.api.token(Principal(uuid4(), Role.USER, uuid4())))
    assert (await put(nobody, picture())).status_code == 401
    assert (await nobody.delete(ROUTE)).status_code == 401
    wait_until(gallery.empty, "the picture is gone")


async def test_all_pictures_of_somebody_go_with_their_account(
    gallery: Gallery, picture: Callable[..., bytes], wait_until: WaitUntil
) -> None:
    one, other = await gallery.api.join(), await gallery.api.join()
    await put(one.client, picture())
    await one.client.post("/api/upload", files={"file": picture()})
    kept = await put(other.client, picture())
    assert len(gallery.keys()) == 3
    assert (await one.client.delete("/api/users/me")).status_code == 204
    wait_until(lambda: len(gallery.keys()) == 1, "their pictures are gone")
    assert kept.json()["url"].endswith(gallery.keys().pop())
    assert await gallery.api.rows(uploads) == 1
