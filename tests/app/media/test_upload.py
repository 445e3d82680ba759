from __future__ import annotations

import asyncio
import socket
import sys
import threading
import tracemalloc
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image
from sqlalchemy import select, text

from app.audit.tables import audit_log
from app.auth import Principal, Role
from app.media.tables import uploads
from app.pets.tables import pets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from app.settings import Settings
    from tests.app.conftest import OpenApi, WaitUntil
    from tests.app.gallery import Gallery

pytestmark = pytest.mark.anyio
ROUTE = "/api/upload"
MIB = 1024 * 1024
BORDER = b"--x\r\n"
HEAD = b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
AS_FORM = {"content-type": "multipart/form-data; boundary=x"}


async def send(
    client: httpx.AsyncClient, content: bytes, key: str = "", **fields: str
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post(ROUTE, files={"file": content}, data=fields, headers=headers)


def assert_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def assert_nothing_stored(gallery: Gallery) -> None:
    assert gallery.empty()
    assert await gallery.api.rows(uploads) == 0


@pytest.mark.parametrize(
    ("name", "content_type", "extension"),
    [("JPEG", "image/jpeg", "jpg"), ("PNG", "image/png", "png"), ("WEBP", "image/webp", "webp")],
)
async def test_a_picture_is_stored_where_its_address_says(
    gallery: Gallery, picture: Callable[..., bytes], name: str, content_type: str, extension: str
) -> None:
    somebody = await gallery.api.join()
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    made = await send(somebody.client, picture(name, exif=exif))
    assert made.status_code == 201, made.text
    assert made.headers["x-content-type-options"] == "nosniff"
    answer = made.json()
    (key,) = gallery.keys()
    assert key == f"{UUID(answer['id'])}.{extension}"
    stored = gallery.fetch(key)
    assert stored["ContentType"] == answer["content_type"] == content_type
    assert stored["CacheControl"] == "public, max-age=31536000, immutable"
    assert (answer["width"], answer["height"], answer["bytes"]) == (64, 32, stored["ContentLength"])
    # As a stranger's browser asks for it.
    async with httpx.AsyncClient(trust_env=False) as browser:
        shown = await browser.get(answer["url"])
    assert shown.status_code == 200
    assert (shown.headers["content-type"], len(shown.content)) == (content_type, answer["bytes"])
    assert not Image.open(BytesIO(shown.content)).getexif()
    async with gallery.api.held.engine.connect() as connection:
        row = (await connection.execute(select(uploads))).one()
        noted = select(audit_log.c.object_id).where(audit_log.c.action == "upload.create")
        assert await connection.scalar(noted) == answer["id"]
    assert (row.owner_id, row.key, row.url) == (somebody.id, key, answer["url"])
    assert (row.content_type, row.width, row.bytes) == (content_type, 64, answer["bytes"])


async def test_with_a_cdn_addresses_are_its_own(
    with_storage: Settings, open_api: OpenApi, picture: Callable[..., bytes]
) -> None:
    async with open_api(with_storage, media_base_url="https://cdn.petswipe.example/media/") as api:
        made = await send((await api.join()).client, picture())
    assert made.json()["url"] == f"https://cdn.petswipe.example/media/{made.json()['id']}.jpg"


async def test_what_is_no_usable_picture_is_refused_and_not_stored(
    gallery: Gallery, picture: Callable[..., bytes]
) -> None:
    client = (await gallery.api.join()).client
    assert_problem(await send(client, picture("GIF")), 415)
    assert_problem(await send(client, b"hello"), 415)
    assert_problem(await send(client, b""), 415)
    assert_problem(await send(client, picture(size=(900, 900))[:-2000]), 422)
    assert_problem(await client.post(ROUTE, data={"pet_id": str(uuid4())}), 422)
    assert_problem(await client.post(ROUTE, data={"file": "text"}), 422)
    assert_problem(await client.post(ROUTE, json={"file": "text"}), 422)
    assert_problem(await send(client, picture(), pet_id="rex"), 422)
    assert_problem(await client.post(ROUTE, content=b"no form", headers=AS_FORM), 400)
    two = [("file", picture()), ("file", picture())]
    assert_problem(await client.post(ROUTE, files=two), 400)
    assert_problem(await send(client, picture(), pet_id="x" * 10_000), 400)
    assert_problem(await send(client, picture(), **{f"f{n}": "x" for n in range(33)}), 400)
    await assert_nothing_stored(gallery)


async def test_sizes_are_held_to_exactly(
    with_storage: Settings, open_api: OpenApi, picture: Callable[..., bytes]
) -> None:
    content = picture("PNG")
    limits = {"max_upload_size": len(content), "max_upload_pixels": 64 * 32}
    async with open_api(with_storage, **limits) as api:
        client = (await api.join()).client
        assert (await send(client, content)).status_code == 201
        assert_problem(await send(client, content + b"\0"), 413)
        assert_problem(await send(client, content + bytes(20_000)), 413)
        assert_problem(await send(client, picture("WEBP", (64, 33))), 422)
        assert await api.rows(uploads) == 1


async def test_a_large_file_is_on_the_disk_while_it_arrives(gallery: Gallery) -> None:
    client = (await gallery.api.join()).client
    held = []

    async def body() -> AsyncIterator[bytes]:
        yield BORDER + HEAD
        for _ in range(9 * 16):
            yield bytes(MIB // 16)
            held.append(tracemalloc.get_traced_memory()[0])
        yield b"\r\n--x--\r\n"

    await send(client, b"warm")
    tracemalloc.start()
    try:
        assert_problem(await client.post(ROUTE, content=body(), headers=AS_FORM), 415)
    finally:
        tracemalloc.stop()
    # A buffer that grows doubles, and the last chunk is in it as well.
    assert max(held) < 2.5 * MIB


async def test_the_file_of_somebody_unknown_is_not_even_read(gallery: Gallery) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield BORDER + HEAD
        for _ in range(100):
            sent += 1
            yield bytes(1024)

    answer = await gallery.api.client.post(ROUTE, content=body(), headers=AS_FORM)
    assert_problem(answer, 401)
    assert sent == 0


async def test_a_pet_gets_its_photo_and_everybody_sees_it_at_once(
    gallery: Gallery, picture: Callable[..., bytes]
) -> None:
    api = gallery.api
    shelter, reader = await api.join(Role.SHELTER), await api.join()
    pet = (await shelter.client.post("/api/pets", json=new_pet())).json()
    path = f"/api/pets/{pet['id']}"
    assert (await reader.client.get(path)).json()["photo_url"] is None
    made = await send(shelter.client, picture(), pet_id=pet["id"])
    assert made.status_code == 201
    assert (await reader.client.get(path)).json()["photo_url"] == made.json()["url"]
    (card,) = (await reader.client.get("/api/deck")).json()["items"]
    assert card["photo_url"] == made.json()["url"]
    admin = await api.join(Role.ADMIN)
    assert (await send(admin.client, picture(), pet_id=pet["id"])).status_code == 201


async def test_a_pet_of_others_gets_no_photo_from_us(
    gallery: Gallery, picture: Callable[..., bytes]
) -> None:
    (pet,) = await gallery.api.list_pets(1)
    for role in (Role.USER, Role.SHELTER):
        client = (await gallery.api.join(role)).client
        assert_problem(await send(client, picture(), pet_id=pet), 404)
        assert_problem(await send(client, picture(), pet_id=str(uuid4())), 404)
    await assert_nothing_stored(gallery)
    async with gallery.api.held.engine.connect() as connection:
        assert await connection.scalar(select(pets.c.photo_url)) is None


async def test_while_the_storage_is_away_nothing_is_stored_and_the_rest_works(
    settings: Settings,
    s3: str,  # noqa: ARG001  # its credentials
    free_port: int,
    open_api: OpenApi,
    picture: Callable[..., bytes],
) -> None:
    async with open_api(settings, storage_endpoint=f"http://127.0.0.1:{free_port}") as api:
        shelter = await api.join(Role.SHELTER)
        pet = (await shelter.client.post("/api/pets", json=new_pet())).json()
        away = await send(shelter.client, picture(), key="k", pet_id=pet["id"])
        assert_problem(away, 503)
        assert away.headers["retry-after"] == "1"
        assert await api.rows(uploads) == 0
        assert (await shelter.client.get(f"/api/pets/{pet['id']}")).json()["photo_url"] is None


async def test_a_bucket_that_is_not_there_is_an_outage(
    settings: Settings, s3: str, open_api: OpenApi, picture: Callable[..., bytes]
) -> None:
    given = {"storage_endpoint": s3, "storage_bucket": "nobody-made-this"}
    async with open_api(settings, **given) as api:
        assert_problem(await send((await api.join()).client, picture()), 503)


async def test_a_storage_that_says_nothing_holds_no_connection_to_the_database(
    settings: Settings,
    s3: str,  # noqa: ARG001  # its credentials
    open_api: OpenApi,
    picture: Callable[..., bytes],
) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        deaf.settimeout(0)
        given = {
            "storage_endpoint": f"http://127.0.0.1:{deaf.getsockname()[1]}",
            "slow_deadline_seconds": 2,
            "pool_size": 1,
        }
        async with open_api(settings, **given) as api:
            client = (await api.join()).client
            waiting = asyncio.create_task(send(client, picture(), key="k"))
            caller, _ = await asyncio.get_running_loop().sock_accept(deaf)
            with caller:
                assert (await client.get("/api/pets")).status_code == 200
                assert not waiting.done()
                assert_problem(await waiting, 503)
            assert await api.rows(uploads) == 0


@pytest.fixture
def callers() -> Iterator[set[tuple[int, int]]]:
    """The port and the thread of every connection that this process opens."""
    seen: set[tuple[int, int]] = set()
    listening = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        # A hook stays for ever.
        if listening and event == "socket.connect" and isinstance(arguments[1], tuple):
            seen.add((arguments[1][1], threading.get_ident()))

    sys.addaudithook(hook)
    yield seen
    listening = False


async def test_the_event_loop_never_talks_to_the_storage(
    callers: set[tuple[int, int]],
    with_storage: Settings,
    open_api: OpenApi,
    picture: Callable[..., bytes],
) -> None:
    async with open_api(with_storage) as api:
        client = (await api.join()).client
        callers.clear()
        assert (await send(client, picture())).status_code == 201
        assert with_storage.storage_endpoint is not None
        threads = {thread for port, thread in callers if port == with_storage.storage_endpoint.port}
        assert threads
        assert threading.get_ident() not in threads


async def test_the_same_upload_again_is_answered_as_the_first_time(
    gallery: Gallery, picture: Callable[..., bytes]
) -> None:
    shelter = await gallery.api.join(Role.SHELTER)
    pet = (await shelter.client.post("/api/pets", json=new_pet())).json()["id"]
    first = await send(shelter.client, picture(), key="k", pet_id=pet)
    again = await send(shelter.client, picture(), key="k", pet_id=pet)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert_problem(await send(shelter.client, picture("PNG"), key="k", pet_id=pet), 422)
    assert_problem(await send(shelter.client, picture(), key="k"), 422)
    assert len(gallery.keys()) == await gallery.api.rows(uploads) == 1
    # Somebody else's key of the same name is another one.
    other = await send((await gallery.api.join()).client, picture("PNG"), key="k")
    assert other.status_code == 201


async def test_many_times_the_same_upload_at_once_leave_one_picture(
    gallery: Gallery, picture: Callable[..., bytes], wait_until: WaitUntil
) -> None:
    client = (await gallery.api.join()).client
    answers = await asyncio.gather(*(send(client, picture(), key="k") for _ in range(12)))
    statuses = {answer.status_code for answer in answers}
    assert 201 in statuses
    assert statuses <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await gallery.api.rows(uploads) == 1
    wait_until(lambda: len(gallery.keys()) == 1, "the pictures of the slower ones are gone")


async def test_a_picture_whose_row_cannot_be_stored_is_taken_away_again(
    gallery: Gallery, picture: Callable[..., bytes], wait_until: WaitUntil
) -> None:
    nobody = gallery.api.with_token(await gallery.api.token(Principal(uuid4(), Role.USER, uuid4())))
    assert_problem(await send(nobody, picture()), 401)
    wait_until(gallery.empty, "the picture is gone")
    versions = gallery.s3.list_object_versions(Bucket=gallery.bucket)
    # It was there.
    assert len(versions["Versions"]) == 1
    assert await gallery.api.rows(uploads) == 0


async def test_a_picture_of_a_request_that_took_too_long_is_taken_away_again(
    with_storage: Settings,
    open_api: OpenApi,
    picture: Callable[..., bytes],
    wait_until: WaitUntil,
    gallery: Gallery,
) -> None:
    async with open_api(with_storage, slow_deadline_seconds=1.5) as api:
        client = (await api.join()).client
        async with api.held.engine.connect() as other:
            await other.execute(text("BEGIN"))
            await other.execute(text("LOCK TABLE uploads IN ACCESS EXCLUSIVE MODE"))
            assert_problem(await send(client, picture()), 503)
            await other.execute(text("ROLLBACK"))
        wait_until(gallery.empty, "the picture is gone")
        assert await api.rows(uploads) == 0


def new_pet() -> dict[str, object]:
    place = {"latitude": 30.2672, "longitude": -97.7431}
    kind = {"pet_type": "dog", "breed": "Boxer", "gender": "male", "size": "large"}
    return {"name": "Rex", "age_months": 12, **kind, **place}
