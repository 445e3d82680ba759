"""Adopters with tokens, pets of a shelter, and the swipes between them that wait to be made."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import jwt

from tests.app.durability.bookkeeping import Ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.app.conftest import Server

ADOPTERS = 16
# Enough for a service that stores thousands of swipes a second.
PETS = 5000
PASSWORD = "correct horse battery"
SWIPE = "/api/swipes"
# Half of the pets match whoever likes them.
LIST_PETS = """
WITH shelter AS (
    INSERT INTO users (id, email, password_hash, display_name, role)
    VALUES (gen_random_uuid(), gen_random_uuid() || '@s.petswipe.example', '', 'S', 'shelter')
    RETURNING id)
INSERT INTO pets (id, owner_id, name, pet_type, breed, age_months, gender, size, latitude,
                  longitude, description, auto_match)
SELECT gen_random_uuid(), shelter.id, 'Rex', 'dog', 'Boxer', 12, 'male', 'large', 30.2, -97.7,
       'Calm.', n % 2 = 0
FROM shelter, generate_series(1, $1::int) n
RETURNING id::text
"""


@dataclass(frozen=True, slots=True)
class Town:
    """Who may swipe whom."""

    # The id of each adopter and the access token of a session.
    adopters: list[tuple[str, str]]
    pets: list[str]
    swipes: Iterator[Ask]


def log_in(client: httpx.Client, url: str, email: str) -> str:
    """Return the access token of a new session."""
    answer = client.post(f"{url}/api/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def join(client: httpx.Client, url: str) -> tuple[str, str]:
    """Sign up and log in; returns the e-mail and the access token."""
    email = f"{uuid4().hex}@people.petswipe.example"
    body = {"email": email, "password": PASSWORD, "display_name": "Someone"}
    answer = client.post(f"{url}/api/auth/signup", json=body)
    assert answer.status_code == 201, answer.text
    return email, log_in(client, url, email)


async def list_pets(database_url: str) -> list[str]:
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        return [row[0] for row in await connection.fetch(LIST_PETS, PETS)]
    finally:
        await connection.close()


def port_of(server: Server) -> int:
    port = urlsplit(server.url).port
    assert port is not None
    return port


def settle_in(client: httpx.Client, url: str, database_url: str) -> Town:
    """Let adopters join a town where pets wait for them."""
    tokens = [join(client, url)[1] for _ in range(ADOPTERS)]
    adopters = [(_owner(token), token) for token in tokens]
    pets = asyncio.run(list_pets(database_url))
    # Adopters take turns and decide at random, alike in every run.
    decisions = itertools.cycle((True, True, False, True, False))
    swipes = (
        Ask("POST", SWIPE, token, (user_id, pet), next(decisions))
        for pet in pets
        for user_id, token in adopters
    )
    return Town(adopters, pets, swipes)


def _owner(token: str) -> str:
    user_id: str = jwt.decode(token, options={"verify_signature": False})["sub"]
    return user_id
