from __future__ import annotations

import asyncio
import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from app.audit.tables import audit_log
from app.auth import Role
from app.pets.exporting import PAGE
from app.pets.importing import MOST_ROWS
from app.pets.schemas import NewPet
from app.pets.tables import pets
from app.pets.tabular import HEADER, read_cell, write_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    from httpx import AsyncClient, Response

    from app.settings import Settings
    from tests.app.conftest import Account, Api, OpenApi

pytestmark = pytest.mark.anyio
IMPORT = "/api/pets/import"
EXPORT = "/api/pets/export"
REX = {
    "name": "Rex",
    "pet_type": "dog",
    "breed": "Boxer",
    "age_months": "12",
    "gender": "male",
    "size": "large",
    "latitude": "30.2672",
    "longitude": "-97.7431",
    "description": "Rex is calm.",
    "auto_match": "true",
}
FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n\n@x",
    " =1",
    "'=1",
    "''=1",
    "'",
    "''",
    "' =1",
    "＝1",  # a wide sign
    "'tis a dog",
    "a=1",
    "",
    '"quoted", and more\r\nlines',
)


def table(*rows: dict[str, str], header: Sequence[str] = tuple(REX)) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([header, *(row.values() for row in rows)])
    return text.getvalue().encode()


async def send(client: AsyncClient, content: bytes, key: str = "") -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post(IMPORT, files={"file": content}, headers=headers)


async def mine(client: AsyncClient) -> list[dict[str, Any]]:
    """The caller's pets without what is new with each import."""
    found = (await client.get("/api/pets/mine", params={"limit": 100})).json()["items"]
    return sorted(({name: pet[name] for name in HEADER} for pet in found), key=str)


def test_the_header_is_what_a_new_pet_has() -> None:
    assert tuple(NewPet.model_fields) == HEADER == tuple(REX)


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_every_cell_comes_back_and_none_begins_a_formula(text: str) -> None:
    (cell,) = write_cells([text])
    assert read_cell(cell) == text
    assert not cell.lstrip()[:1] or cell.lstrip()[0] not in "=+-@＝＋－＠"
    assert cell[:1] not in {"\t", "\r", "\n"}


async def test_the_pets_of_a_file_are_listed(api: Api, shelter: Account) -> None:
    done = await send(shelter.client, table(REX, {**REX, "name": "Zoë", "auto_match": ""}))
    assert done.status_code == 200, done.text
    assert done.json() == {"imported": 2, "failed": 0, "errors": []}
    rex, zoe = await mine(shelter.client)
    assert rex == {
        **REX,
        "age_months": 12,
        "latitude": 30.2672,
        "longitude": -97.7431,
        "auto_match": True,
    }
    assert (zoe["name"], zoe["auto_match"]) == ("Zoë", False)
    async with api.held.engine.connect() as connection:
        noted = select(audit_log.c.actor_id).where(audit_log.c.action == "pet.import")
        assert await connection.scalar(noted) == shelter.id


async def test_good_lines_are_kept_and_the_others_explained(shelter: Account) -> None:
    content = table(
        {**REX, "description": "two\r\nlines"},
        {**REX, "age_months": "old", "gender": ""},
        {"name": "Short"},
        {**REX, "latitude": "nan"},
        {**REX, "name": "a\0b"},
        REX,
    )
    done = (await send(shelter.client, content + b'"open')).json()
    assert (done["imported"], done["failed"]) == (2, 5)
    errors = done["errors"]
    assert [(each["line"], each["field"]) for each in errors] == [
        (4, "age_months"),
        (4, "gender"),
        (5, None),
        (6, "latitude"),
        (7, "name"),
        (9, None),
    ]
    assert errors[2]["problem"] == "has 1 cells in place of 10"
    assert errors[5]["problem"].startswith("no CSV: ")
    assert all(each["problem"] for each in errors)
    assert len(await mine(shelter.client)) == 2


async def test_a_byte_order_mark_and_empty_lines_are_no_trouble(shelter: Account) -> None:
    content = b"\xef\xbb\xbf" + table(REX).replace(b"\r\n", b"\n\n")
    assert (await send(shelter.client, content)).json()["imported"] == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"name\r\nRex\r\n",
        table(REX, header=[*REX, "owner_id"]),
        table(REX, header=[*list(REX)[1:], "name"]),
        table(REX, header=[name.upper() for name in REX]),
        table(REX).decode().encode("utf-16"),
        table(*[REX] * 600, {**REX, "name": "Zoë"}).decode().encode("latin-1"),
        b'"' + b"x" * 200_000,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
    ],
    ids=["empty", "short", "long", "order", "capitals", "utf-16", "latin-1", "open", "picture"],
)
async def test_a_file_of_another_kind_is_refused_whole(
    api: Api, shelter: Account, content: bytes
) -> None:
    refused = await send(shelter.client, content)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert await api.rows(pets) == 0


async def test_only_the_first_hundred_errors_are_told(shelter: Account) -> None:
    content = table(*[{**REX, "age_months": "", "size": ""}] * 700, REX)
    done = (await send(shelter.client, content)).json()
    assert (done["imported"], done["failed"], len(done["errors"])) == (1, 700, 100)


async def test_a_file_with_too_many_lines_is_refused_whole(api: Api, shelter: Account) -> None:
    refused = await send(shelter.client, table() + b"x\r\n" * (MOST_ROWS + 1))
    assert refused.status_code == 422
    assert str(MOST_ROWS) in refused.json()["detail"]
    taken = await send(shelter.client, table(REX) + b"x\r\n" * (MOST_ROWS - 1))
    assert taken.json()["failed"] == MOST_ROWS - 1
    assert await api.rows(pets) == 1


async def test_a_file_that_is_too_large_is_refused(settings: Settings, open_api: OpenApi) -> None:
    content = table(REX)
    async with open_api(settings, max_upload_size=len(content)) as api:
        client = (await api.join(Role.SHELTER)).client
        assert (await send(client, content)).status_code == 200
        assert (await send(client, content + b"\n")).status_code == 413


async def test_only_shelters_and_administrators_import(api: Api, adopter: Account) -> None:
    assert (await send(api.client, table(REX))).status_code == 401
    assert (await send(adopter.client, table(REX))).status_code == 403
    assert (await adopter.client.post(IMPORT)).status_code in {403, 422}
    assert (await adopter.client.get(IMPORT)).status_code == 405
    assert await api.rows(pets) == 0


async def test_the_same_import_again_happens_once(api: Api, shelter: Account) -> None:
    first = await send(shelter.client, table(REX), "k")
    again = await send(shelter.client, table(REX), "k")
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert (await send(shelter.client, table(REX, REX), "k")).status_code == 422
    answers = await asyncio.gather(*(send(shelter.client, table(REX), "m") for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert await api.rows(pets) == 2


async def test_what_is_exported_can_be_imported_again(api: Api, shelter: Account) -> None:
    for number, text in enumerate(FORMULAS):
        pet: dict[str, object] = {**REX, "age_months": number, "auto_match": number % 2 == 0}
        pet |= {"latitude": -0.1 * number, "longitude": -179.9999999, "description": text}
        # A name has no spaces around it, and something to be seen.
        pet |= {"name": text.strip() or "Rex", "breed": text.strip() or "Boxer"}
        created = await shelter.client.post("/api/pets", json=pet)
        assert created.status_code == 201, created.text
    hidden, gone = (await shelter.client.get("/api/pets/mine")).json()["items"][:2]
    await shelter.client.patch(f"/api/pets/{hidden['id']}", json={"is_available": False})
    await shelter.client.delete(f"/api/pets/{gone['id']}")
    exported = await shelter.client.get(EXPORT)
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    assert exported.headers["content-disposition"].startswith("attachment")
    cells = [cell for row in csv.reader(StringIO(exported.text, newline="")) for cell in row]
    texts = [cell for cell in cells if not cell.lstrip("-").replace(".", "").isdigit()]
    assert not [cell for cell in texts if cell.lstrip().startswith(("=", "+", "-", "@", "＝"))]
    other = await api.join(Role.SHELTER)
    done = (await send(other.client, exported.content)).json()
    assert done == {"imported": len(FORMULAS) - 1, "failed": 0, "errors": []}
    assert await mine(other.client) == await mine(shelter.client)
    assert (await other.client.get(EXPORT)).status_code == 200


async def test_everybody_exports_their_own_pets_and_administrators_all(
    api: Api, adopter: Account
) -> None:
    await api.list_pets(2)
    await api.list_pets(1)
    admin = await api.join(Role.ADMIN)
    assert (await adopter.client.get(EXPORT)).text == ",".join(HEADER) + "\r\n"
    assert len((await admin.client.get(EXPORT)).text.splitlines()) == 4
    assert (await api.client.get(EXPORT)).status_code == 401


async def test_more_pets_than_a_page_are_exported_each_once(api: Api, shelter: Account) -> None:
    names = [f"Pet {number}" for number in range(PAGE * 2)]
    content = table(*({**REX, "name": name} for name in names))
    assert (await send(shelter.client, content)).json()["imported"] == len(names)
    with api.round_trips() as seen:
        exported = (await shelter.client.get(EXPORT)).text
    rows = list(csv.reader(StringIO(exported, newline="")))[1:]
    assert sorted(row[0] for row in rows) == sorted(names)
    assert len(seen.statements) == 3


async def test_an_outage_is_still_answered_as_one(
    settings: Settings, free_port: int, open_api: OpenApi, key_token: str
) -> None:
    url = f"postgresql://petswipe@127.0.0.1:{free_port}/postgres"
    async with open_api(settings, database_url=url) as api:
        client = api.with_token(key_token)
        assert (await client.get(EXPORT)).status_code == 503
