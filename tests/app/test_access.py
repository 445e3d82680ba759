"""Who may do what: every operation, asked by everybody about somebody else's things."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from prometheus_client.exposition import generate_latest
from sqlalchemy import func, insert

from app.accounts.tables import users
from app.auth import Principal, Role
from app.households.tables import household_members, households
from app.main import build_resources, create_api
from app.matches.tables import interests, matches
from app.notifications.tables import notifications
from app.pets.tables import pets
from app.swipes.tables import swipes

if TYPE_CHECKING:
    import httpx

    from app.settings import Settings
    from tests.app.conftest import Api

pytestmark = pytest.mark.anyio
# Appears in everything that belongs to somebody, and must not appear before strangers.
CANARY = "canary-7f3a"
# Part of every e-mail and password hash: nobody but its owner and an admin sees an e-mail.
SECRET = "secret-9c1d"
METHODS = ("get", "put", "post", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Row:
    """The status for each who asks: nobody, a strange adopter and shelter, an admin, the owner."""

    anonymous: int
    user: int
    shelter: int
    admin: int
    owner: int
    body: dict[str, Any] | None = None
    # Sent in a form, with the body as its other fields.
    file: bytes | None = None
    # Whose thing it is, when it is somebody's.
    of: str = "adopter"
    # What everybody may see carries the canary too.
    public: bool = False


def everybody(status: int, **given: Any) -> Row:
    """Open to all, logged in or not."""
    return Row(status, status, status, status, status, **given)


def own(status: int, **given: Any) -> Row:
    """About the caller's own things, so that nobody can ask for another's."""
    return Row(401, status, status, status, status, **given)


def private(status: int, **given: Any) -> Row:
    """Only the owner's; nobody else learns that it is there, not even an admin."""
    return Row(401, 404, 404, 404, status, **given)


def managed(status: int, **given: Any) -> Row:
    """The owner's and the admin's; nobody else learns that it is there."""
    return Row(401, 404, 404, status, status, **given)


def admins(status: int, **given: Any) -> Row:
    """For administrators."""
    return Row(401, 403, 403, status, 403, **given)


def listers(status: int, **given: Any) -> Row:
    """For shelters and administrators; the owner is a shelter here."""
    return Row(401, 403, status, status, status, of="shelter", **given)


PET = {
    "name": "Rex",
    "pet_type": "dog",
    "breed": "Boxer",
    "age_months": 12,
    "gender": "male",
    "size": "large",
    "latitude": 30.0,
    "longitude": -97.0,
}
CREDENTIALS = {"email": "somebody@people.petswipe.example", "password": "no such password"}

MATRIX = {
    "POST /api/auth/signup": everybody(201, body={**CREDENTIALS, "display_name": "x"}),
    "POST /api/auth/login": everybody(401, body=CREDENTIALS),
    "POST /api/auth/logout": own(204),
    "POST /api/auth/refresh": everybody(401, body={"refresh_token": "x" * 43}),
    "POST /api/auth/reset-password/request": everybody(202, body={"email": CREDENTIALS["email"]}),
    "POST /api/auth/reset-password/confirm": everybody(
        422, body={"token": "x" * 22, "password": "a new password"}
    ),
    "GET /api/users/me": own(200),
    "PATCH /api/users/me": own(200, body={"display_name": "New"}),
    "DELETE /api/users/me": own(204),
    "PUT /api/users/me/password": own(
        422, body={"current": "wrong password", "new": "a new password"}
    ),
    "GET /api/users/me/preferences": own(200),
    "PUT /api/users/me/preferences": own(200, body={}),
    "PUT /api/users/me/avatar": own(415, file=b"no picture"),
    "DELETE /api/users/me/avatar": own(204),
    "GET /api/users/me/export": own(200),
    "GET /api/users": admins(200),
    "PATCH /api/users/{user_id}": admins(200, body={"is_active": False}),
    "GET /api/pets": own(200, public=True),
    "POST /api/pets": listers(201, body=PET),
    "GET /api/pets/mine": own(200, of="shelter"),
    "POST /api/pets/import": listers(422, file=b"no table"),
    "GET /api/pets/export": own(200, of="shelter"),
    "GET /api/pets/{pet_id}": own(200, public=True),
    "PATCH /api/pets/{pet_id}": managed(200, of="shelter", body={"name": "Max"}),
    "DELETE /api/pets/{pet_id}": managed(204, of="shelter"),
    "POST /api/upload": managed(415, of="shelter", body={"pet_id": "{pet_id}"}, file=b"no picture"),
    "GET /api/deck": own(200, public=True),
    "POST /api/swipes": Row(
        401, 201, 201, 201, 200, body={"pet_id": "{pet_id}", "liked": True}, public=True
    ),
    "GET /api/swipes": own(200),
    "DELETE /api/swipes/last": Row(401, 404, 404, 404, 409),
    "GET /api/pets/{pet_id}/admirers": managed(200, of="shelter"),
    "PUT /api/pets/{pet_id}/admirers/{user_id}": managed(
        200, of="shelter", body={"interested": True}
    ),
    "GET /api/matches": own(200),
    "GET /api/matches/{match_id}": managed(200),
    "PATCH /api/matches/{match_id}": managed(200, of="shelter", body={"status": "accepted"}),
    "POST /api/households": Row(401, 201, 201, 201, 409, body={"name": "Home"}),
    "POST /api/households/join": Row(401, 404, 404, 404, 404, body={"code": "no-such-code-at-all"}),
    "GET /api/households/{household_id}": private(200),
    "GET /api/households/{household_id}/members": private(200),
    "DELETE /api/households/{household_id}/members/me": private(204),
    "GET /api/notifications": own(200),
    "PUT /api/notifications/{notification_id}/read": private(204),
    "GET /api/notifications/channels": own(200),
    "PUT /api/notifications/channels": own(200, body={"email": True, "webhook_url": None}),
    "POST /api/chat": own(200, body={"question": "Is there a calm dog?"}, public=True),
    "GET /api/shelters": own(200, public=True),
    "PUT /api/shelters/me": Row(
        401,
        403,
        200,
        403,
        200,
        of="shelter",
        body={"name": "Paws", "city": "Austin", "latitude": 30.0, "longitude": -97.0},
    ),
    "GET /api/audit": admins(200),
    "GET /api/info": everybody(200),
    "GET /health": everybody(200),
    "GET /health/ready": everybody(200),
    "GET /health/startup": everybody(200),
    "GET /health/deep": admins(200),
    "GET /ready": everybody(200),
    "GET /live": everybody(200),
    "GET /actuator/health": everybody(200),
    "GET /actuator/info": everybody(200),
}
QUERIES = {"GET /api/shelters": {"latitude": 30.0, "longitude": -97.0}}


def operations(settings: Settings) -> set[str]:
    paths = create_api(build_resources(settings)).openapi()["paths"]
    return {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method in methods
        if method in METHODS
    }


def test_every_operation_has_its_row_and_every_row_its_operation(settings: Settings) -> None:
    assert operations(settings) == set(MATRIX)


@dataclass(slots=True)
class World:
    """An adopter and a shelter who are matched, and strangers of each role."""

    ids: dict[str, UUID] = field(default_factory=dict)
    people: dict[str, Principal] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """Put the ids of the things of the matched pair in."""
        for name, value in self.ids.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text


async def build_world(api: Api) -> World:
    """Store everything in a few statements: asking the API for it would take minutes in all."""
    world = World()
    roles = {
        "adopter": Role.USER,
        "shelter": Role.SHELTER,
        "stranger": Role.USER,
        "other shelter": Role.SHELTER,
        "admin": Role.ADMIN,
    }
    world.people = {name: Principal(uuid4(), role, uuid4()) for name, role in roles.items()}
    adopter, shelter = world.people["adopter"].user_id, world.people["shelter"].user_id
    names = ("pet_id", "match_id", "household_id", "notification_id")
    world.ids = {name: uuid4() for name in names} | {"user_id": adopter}
    pair = {"user_id": adopter, "pet_id": world.ids["pet_id"]}
    async with api.held.engine.connect() as connection:
        await connection.execute(
            insert(users),
            [
                {
                    "id": person.user_id,
                    "email": f"{person.user_id}@{SECRET}.example",
                    "password_hash": f"$2b$04${SECRET}",
                    "display_name": name,
                    "role": person.role,
                }
                for name, person in world.people.items()
            ],
        )
        pet = {**PET, "name": CANARY, "description": "", "owner_id": shelter}
        await connection.execute(insert(pets).values(id=world.ids["pet_id"], **pet))
        await connection.execute(
            insert(swipes).values(id=uuid4(), liked=True, notes=CANARY, **pair)
        )
        await connection.execute(
            insert(interests).values(
                liked_at=func.now(), answered_at=func.now(), interested=True, **pair
            )
        )
        await connection.execute(
            insert(matches).values(id=world.ids["match_id"], status="pending", **pair)
        )
        home = world.ids["household_id"]
        await connection.execute(
            insert(households).values(
                id=home, name=CANARY, leader_id=adopter, invite_code=f"{CANARY}-{home.hex[:16]}"
            )
        )
        await connection.execute(
            insert(household_members).values(household_id=home, user_id=adopter)
        )
        await connection.execute(
            insert(notifications).values(
                id=world.ids["notification_id"],
                user_id=adopter,
                kind="match.created",
                payload={"note": CANARY},
            )
        )
    return world


async def ask(api: Api, world: World, operation: str, row: Row, who: str) -> httpx.Response:
    method, path = operation.split(" ", 1)
    client = api.client
    if who != "anonymous":
        client = api.with_token(await api.token(world.people[who]))
    body = row.body
    if body is not None:
        body = {
            name: world.fill(value) if isinstance(value, str) else value
            for name, value in body.items()
        }
    path = world.fill(path)
    if row.file is not None:
        return await client.request(method, path, data=body, files={"file": row.file})
    return await client.request(method, path, json=body, params=QUERIES.get(operation))


@pytest.mark.parametrize("operation", MATRIX)
async def test_everybody_gets_what_the_matrix_says_and_strangers_see_nothing(
    api: Api, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    row = MATRIX[operation]
    world = await build_world(api)
    # The owner is last: what the admin may do changes what there is to see.
    expected = {
        "anonymous": row.anonymous,
        "stranger": row.user,
        "other shelter": row.shelter,
        "admin": row.admin,
        row.of: row.owner,
    }
    found = {}
    for who in expected:
        if who == row.of and not operation.startswith("GET"):
            world = await build_world(api)
        answer = await ask(api, world, operation, row, who)
        found[who] = answer.status_code
        assert_nothing_leaks(answer.text, world, row, who)
    assert found == expected
    told = generate_latest(api.held.instruments.registry).decode() + caplog.text
    assert CANARY not in told
    assert SECRET not in told


def assert_nothing_leaks(text: str, world: World, row: Row, who: str) -> None:
    if who == "admin":
        assert f"$2b$04${SECRET}" not in text
        return
    if who != "anonymous":
        text = text.replace(f"{world.people[who].user_id}@{SECRET}.example", "")
    assert SECRET not in text
    if who != row.of and not row.public:
        assert CANARY not in text
