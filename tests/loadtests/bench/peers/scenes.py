"""An adopter on one of the services, an owner on ours, and what is left of it in PostgreSQL."""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import httpx

from app.auth import Tokens
from app.telemetry.catalog import DECK_READ, LOG_IN, SIGN_UP, SWIPE_CREATE
from tests.app.conftest import NO_TLS, PASSWORD, PATIENCE_SECONDS, execute, new_pet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.settings import Settings

# Linux answers at all of 127.0.0.0/8: everybody has an address, and so a limit, of their own.
HOSTS = count(2)
LEFT = {
    "swipes": """
        SELECT name, liked, notes FROM swipes JOIN pets ON pets.id = pet_id
        WHERE user_id = $1 ORDER BY name""",
    "interests": """
        SELECT name, liked_at IS NULL AS unliked, liked_at = swipes.created_at AS liked_then,
               answered_at = liked_at AS answered_then, answered_at IS NULL AS unanswered,
               interested
        FROM interests JOIN pets ON pets.id = pet_id LEFT JOIN swipes USING (user_id, pet_id)
        WHERE user_id = $1 ORDER BY name""",
    "matches": """
        SELECT name, status, matched_at = status_changed_at AS unchanged
        FROM matches JOIN pets ON pets.id = pet_id WHERE user_id = $1 ORDER BY name""",
    "outbox": """
        SELECT name, outbox.user_id = $1 AS adopter, outbox.user_id = owner_id AS owner, kind,
               payload = jsonb_build_object(
                 'match_id', matches.id, 'pet_id', pet_id, 'pet_name', name) AS complete,
               attempts, channels_done, delivered_at, dead_at, last_error
        FROM matches JOIN pets ON pets.id = pet_id
             JOIN outbox ON payload ->> 'match_id' = matches.id::text
        WHERE matches.user_id = $1 ORDER BY name, position""",
}


@dataclass
class Person:
    """Somebody with an account, and the token of their session."""

    user_id: str
    token: str


@dataclass
class Scene:
    """Everything that a case needs: the same people on whichever service it is played."""

    settings: Settings
    ours: httpx.Client
    service: httpx.Client
    adopter: Person
    owner: Person
    names: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[int, object]] = field(default_factory=list)

    def pet(self, **given: object) -> str:
        """Let the owner list a pet, the next by name."""
        name = f"Pet {len(self.names)}"
        made = self.as_owner("POST", "/api/pets", json=new_pet(name=name, **given))
        pet_id: str = made.json()["id"]
        self.names[pet_id] = name
        return pet_id

    def as_owner(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Ask our service something that only the owner may."""
        return ask(self.ours, method, path, self.owner.token, **given)

    def as_adopter(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Ask our service something that is not compared."""
        return ask(self.ours, method, path, self.adopter.token, **given)

    def swipe(self, pet_id: str, *, liked: bool = True, **given: object) -> None:
        """Swipe on the service that is compared."""
        self.send({"pet_id": pet_id, "liked": liked, **given})

    def send(self, body: Any, token: str | None = None) -> None:
        """Send any body, with any token."""
        self.note(SWIPE_CREATE.method, SWIPE_CREATE.template, token, json=body)

    def deck(self) -> None:
        """Read the deck."""
        self.note(DECK_READ.method, DECK_READ.template)

    def note(self, method: str, path: str, token: str | None = None, **given: Any) -> None:
        """Send a request to the service that is compared, and keep what it answers."""
        headers = {} if token == "" else {"Authorization": f"Bearer {token or self.adopter.token}"}
        answer = self.service.request(method, path, headers=headers, **given)
        self.answers.append((answer.status_code, self._shown(answer)))

    def _shown(self, answer: httpx.Response) -> object:
        """Take away what differs from one time to the next."""
        body = answer.json()
        if answer.status_code == 422:
            return None
        if not answer.is_success:
            told = [name for name in ("retry-after", "www-authenticate") if name in answer.headers]
            return body["detail"], told
        if "items" in body:
            cards = [{**card, "id": self.names[card["id"]]} for card in body["items"]]
            return {**body, "items": sorted(cards, key=lambda card: str(card["id"]))}
        return {
            **body,
            "id": len(body["id"]),
            "pet_id": self.names[body["pet_id"]],
            "created_at": re.sub(r"\d", "0", body["created_at"]),
            "match_id": body["match_id"] and len(body["match_id"]),
        }

    def left(self) -> dict[str, list[tuple[object, ...]]]:
        """Read the rows that are about the adopter."""
        return asyncio.run(_rows(str(self.settings.database_url), self.adopter.user_id))


@contextmanager
def scene(settings: Settings, ours: str, service: str) -> Iterator[Scene]:
    """Sign an adopter and an owner up at ours, for a case that is played on a service."""
    with _client(ours) as at_ours, _client(service) as at_service:
        owner, adopter = sign_up(settings, at_ours, shelter=True), sign_up(settings, at_ours)
        yield Scene(settings, at_ours, at_service, adopter, owner)


def sign_up(settings: Settings, ours: httpx.Client, *, shelter: bool = False) -> Person:
    """Make an account and log in."""
    email = f"{uuid4().hex}@people.petswipe.example"
    body = {"email": email, "password": PASSWORD}
    account = {**body, "display_name": "Someone"}
    ask(ours, SIGN_UP.method, SIGN_UP.template, "", json=account)
    if shelter:
        # Over HTTP everybody is an adopter.
        change = f"UPDATE users SET role = 'shelter' WHERE email = '{email}'"  # noqa: S608  # our own
        asyncio.run(execute(str(settings.database_url), change))
    token: str = ask(ours, LOG_IN.method, LOG_IN.template, "", json=body).json()["access_token"]
    return Person(str(Tokens(settings).verify(token).user_id), token)


def ask(client: httpx.Client, method: str, path: str, token: str, **given: Any) -> httpx.Response:
    """Ask for something that must succeed."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = client.request(method, path, headers=headers, **given)
    assert answer.is_success, answer.text
    return answer


def _client(url: str) -> httpx.Client:
    number = next(HOSTS)
    transport = httpx.HTTPTransport(
        verify=NO_TLS, local_address=f"127.1.{number // 250}.{number % 250 + 1}"
    )
    return httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, transport=transport)


async def _rows(database_url: str, user_id: str) -> dict[str, list[tuple[object, ...]]]:
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        return {
            table: [tuple(row) for row in await connection.fetch(query, user_id)]
            for table, query in LEFT.items()
        }
    finally:
        await connection.close()
