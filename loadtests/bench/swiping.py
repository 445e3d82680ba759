"""Swipes to measure with: adopters who are logged in, and decisions that nobody has made yet."""

from __future__ import annotations

import json
import math
import secrets
from itertools import islice
from typing import TYPE_CHECKING, Any

import httpx

from app.telemetry.catalog import LOG_IN, PET_LIST, SWIPE_CREATE
from loadtests.bench.client import Job
from loadtests.errors import LoadTestError
from slo.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loadtests.bench.servers import Running
    from loadtests.stack import Stack

MOST_PETS = 2400
# Few enough that the server's core is busy and not its queue, more than one to overlap its waits.
CONNECTIONS = 8
PAGE = 100
NEW = "201"
TIMEOUT_SECONDS = 60.0
# The passwords are thrown away with the database.
CHEAP_PASSWORDS = {"PET_BCRYPT_ROUNDS": "4"}


class Swiping:
    """Hands out jobs of swipes, each swipe a new one."""

    def __init__(self, tokens: list[str], pets: list[str]) -> None:
        """Take who swipes, and what."""
        # Neighbours are of different adopters, so that no two wait for the same row.
        self._waiting: Iterator[tuple[str, str]] = (
            (token, json.dumps({"pet_id": pet, "liked": bool((a + p) % 2)}))
            for p, pet in enumerate(pets)
            for a, token in enumerate(tokens)
        )

    def job(self, server: Running, requests: int) -> Job:
        """Prepare so many swipes for a server.

        With an Idempotency-Key each, so that FastAPI's own route answers them: a service as most
        are, which is what telemetry is compared on.
        """
        taken = list(islice(self._waiting, requests))
        if len(taken) < requests:
            raise LoadTestError(f"there are no {requests} new swipes left")
        path = SWIPE_CREATE.template
        return Job(HOST, server.port, SWIPE_CREATE.method, path, CONNECTIONS, taken, keyed=True)


def prepare_swipes(stack: Stack, server: Running, needed: int, folder: Path) -> Swiping:
    """Seed a catalogue and log adopters in, enough for so many swipes."""
    adopters = max(CONNECTIONS, math.ceil(needed / MOST_PETS))
    return Swiping(
        *prepare_catalogue(stack, server, math.ceil(needed / adopters), adopters, folder)
    )


def prepare_catalogue(
    stack: Stack, server: Running, pets: int, adopters: int, folder: Path
) -> tuple[list[str], list[str]]:
    """Seed pets and adopters; returns the tokens of the adopters, logged in, and the pets' ids."""
    accounts, password = folder / "accounts.txt", secrets.token_urlsafe(16)
    stack.command(
        "seed",
        *("--pets", str(pets), "--adopters", str(adopters)),
        *("--accounts", str(accounts.resolve())),
        environment={"PET_SEED_PASSWORD": password, **CHEAP_PASSWORDS},
    )
    with httpx.Client(base_url=server.url, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        tokens = [_log_in(client, email, password) for email in accounts.read_text().split()]
        client.headers["Authorization"] = f"Bearer {tokens[0]}"
        return tokens, list(_pets(client))


def _log_in(client: httpx.Client, email: str, password: str) -> str:
    body = {"email": email, "password": password}
    token: str = _ask(client, LOG_IN.method, LOG_IN.template, json=body)["access_token"]
    return token


def _pets(client: httpx.Client) -> Iterator[str]:
    wanted: dict[str, Any] = {"limit": PAGE}
    while True:
        page = _ask(client, PET_LIST.method, PET_LIST.template, params=wanted)
        yield from (pet["id"] for pet in page["items"])
        if page["next_cursor"] is None:
            return
        wanted["cursor"] = page["next_cursor"]


def _ask(client: httpx.Client, method: str, path: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401  # httpx's
    answer = client.request(method, path, **given)
    if answer.status_code != 200:
        raise LoadTestError(f"{method} {path} answered {answer.status_code}")
    found: dict[str, Any] = answer.json()
    return found
