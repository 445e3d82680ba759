"""Secrets sent to every route, in every place, are told to nobody."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from app.accounts.transport import ACCESS_COOKIE, REFRESH_COOKIE
from app.auth import csrf_digest
from app.gate import CSRF_HEADER
from app.idempotency.service import HEADER as IDEMPOTENCY_KEY
from app.telemetry.catalog import SPANS_QUEUED
from tests.app.conftest import NO_TLS, PATIENCE_SECONDS
from tests.app.otlp_sink import otlp_sink
from tests.app.test_access import MATRIX, QUERIES, SECRET, build_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from app.auth import Principal
    from tests.app.conftest import Api, Elsewhere, Server, Serving, WaitUntil
    from tests.app.otlp_sink import Sink
    from tests.app.test_access import Row, World

pytestmark = pytest.mark.anyio

# What somebody sends. An X-Request-ID is none of them: it is there to be told.
SENT = {
    "password": "canary-password-1a2b",
    "new password": "canary-new-password-3c4d",
    "access token": "canary-access-token-5e6f",
    "refresh token": "canary-refresh-token-7a8b9c0d1e2f3a4b5c6d7e",
    "reset token": "canary-reset-token-9c0",
    "CSRF token": "canary-csrf-token-1e2f",
    "session cookie": "canary-session-cookie-3a4b",
    "idempotency key": "canary-idempotency-key-5c6d",
    "e-mail": "canary-email-7e8f",
    "credentials of another scheme": "Y2FuYXJ5LWJhc2ljOjlhMGI",
    "token in the query": "canary-query-token-1c2d",
    "segment of the path": "canary-path-segment-3e4f",
    "address of a webhook": "canary-webhook-5a6b",
    "question": "canary-question-7c8d",
    "text": "canary-text-9e0f",
    "user agent": "canary-user-agent-1a2c",
}
# What the service keeps.
KEPT = {
    "key of Gemini": "canary-gemini-key-3d4e",
    "key of Yelp": "canary-yelp-key-5f6a",
    "stored e-mail or hash": SECRET,
}
FIELDS = {
    "password": SENT["password"],
    "current": SENT["password"],
    "new": SENT["new password"],
    "refresh_token": SENT["refresh token"],
    "token": SENT["reset token"],
    "email": f"{SENT['e-mail']}@people.petswipe.example",
    "webhook_url": f"https://hooks.petswipe.example/{SENT['address of a webhook']}",
    "question": f"Is there a calm dog? {SENT['question']}",
    "code": SENT["text"],
    "name": SENT["text"],
    "display_name": SENT["text"],
}
BAD_FIELDS = {
    **{name: [value, {value: value}] for name, value in FIELDS.items()},
    "webhook_url": f"https://user:{SENT['address of a webhook']}@hooks.petswipe.example",
    "email": f"{SENT['e-mail']}@@{SENT['e-mail']}",
    **{f"unknown {number}": value for number, value in enumerate(SENT.values())},
}
PROBLEM = "application/problem+json"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
# The ways in which somebody is let in with a body that is right.
AUTHENTIC = slice(-2, None)


@dataclass(slots=True)
class Sweep:
    """Asks every operation for everything, and keeps what must not hold a secret."""

    api: Api
    client: httpx.AsyncClient
    problems: list[str] = field(default_factory=list)
    # Of each operation, by status.
    answers: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    # What makes an access token a secret is its last part.
    signatures: set[str] = field(default_factory=set)

    async def ask_everything(self, ways: slice = slice(None)) -> None:
        """Ask each operation in these ways, about things that are there each time."""
        # Shelters are told of before somebody looks for them.
        for operation, row in reversed(MATRIX.items()):
            world = await build_world(self.api)
            *others, last = (await self.requests(operation, row, world))[ways]
            await asyncio.gather(*(self.ask(operation, request) for request in others))
            # It may take everything away.
            await self.ask(operation, last)

    async def ask(self, operation: str, request: httpx.Request) -> None:
        """Send one request."""
        answer = await self.client.send(request)
        self.answers[operation][answer.status_code] += 1
        if answer.headers.get("content-type") == PROBLEM:
            self.problems.append(answer.text)
        # Nobody else shall come with what a log-in has set.
        self.client.cookies.clear()

    def operations_with(self, *statuses: int) -> int:
        """Count the operations that have answered so."""
        return sum(any(found[status] for status in statuses) for found in self.answers.values())

    async def requests(self, operation: str, row: Row, world: World) -> list[httpx.Request]:
        """Write the requests to one operation, those last that may change much."""
        method, template = operation.split(" ", 1)
        owner, admin = world.people[row.of], world.people["admin"]
        bearer = await self.bearer(owner)
        path = world.fill(template)
        good = fill(row, world)
        ways: list[tuple[str, dict[str, str], dict[str, Any]]] = [
            (path, {"Authorization": f"Basic {SENT['credentials of another scheme']}"}, good),
            (path, {"Authorization": f"Bearer {SENT['access token']}"}, good),
            (path, cookies(SENT["session cookie"]), good),
            (path, cookies(await self.token(owner, "another CSRF token")), good),
            (path, cookies(await self.token(owner, SENT["CSRF token"])), good),
            (path, bearer, {"json": BAD_FIELDS}),
            (path, bearer, {"content": json.dumps(BAD_FIELDS)[:-1]}),
            (path, bearer, {"data": FIELDS}),
            (f"{template.partition('{')[0]}{SENT['segment of the path']}", bearer, good),
            (f"{path}/{SENT['segment of the path']}", bearer, good),
            (path, await self.bearer(admin), good),
            (path, bearer, good),
        ]
        query: dict[str, Any] = {**QUERIES.get(operation, {}), "token": SENT["token in the query"]}
        key = {IDEMPOTENCY_KEY: SENT["idempotency key"]}
        return [
            self.client.build_request(method, where, params=query, headers=headers | key, **given)
            for where, headers, given in ways
        ]

    async def token(self, principal: Principal, csrf: str = "") -> str:
        """Sign a token, and remember what is secret about it."""
        digest = csrf_digest(csrf) if csrf else ""
        token = await self.api.token(replace(principal, csrf=digest))
        self.signatures.add(token.rpartition(".")[2])
        return token

    async def bearer(self, principal: Principal) -> dict[str, str]:
        """Write the header that a program sends."""
        return {"Authorization": f"Bearer {await self.token(principal)}"}


def cookies(access: str) -> dict[str, str]:
    """Write the headers that a page sends."""
    refresh = SENT["refresh token"]
    sent = f"{ACCESS_COOKIE}={access}; {REFRESH_COOKIE}={refresh}; other={SENT['session cookie']}"
    return {"Cookie": sent, CSRF_HEADER: SENT["CSRF token"]}


def fill(row: Row, world: World) -> dict[str, Any]:
    """Write a body as the operation wants it, with a secret wherever it takes one."""
    body = row.body and {
        name: FIELDS.get(name) or (world.fill(value) if isinstance(value, str) else value)
        for name, value in row.body.items()
    }
    if row.file is None:
        return {"json": body}
    return {"data": body, "files": {"file": (f"{SENT['text']}.png", SENT["text"].encode())}}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with otlp_sink() as sink:
        yield sink


@asynccontextmanager
async def sweeping(api: Api, server: Server) -> AsyncIterator[Sweep]:
    async with httpx.AsyncClient(
        base_url=server.url,
        timeout=PATIENCE_SECONDS,
        trust_env=False,
        verify=NO_TLS,
        headers={"User-Agent": SENT["user agent"]},
        # After an error the server closes the connection.
        limits=httpx.Limits(max_keepalive_connections=0),
    ) as client:
        yield Sweep(api, client)


def read_all(server: Server, sweep: Sweep, sink: Sink, wait_until: WaitUntil) -> dict[str, str]:
    """Return everything that was told, once it is."""
    asked = sum(statuses.total() for statuses in sweep.answers.values())
    wait_until(lambda: server.said().count('"event":"request"') >= asked, "a line for each")
    wait_until(lambda: server.total(SPANS_QUEUED.name) == 0, "all spans")
    wait_until(lambda: str(sink.logs()).count("event='request'") >= asked, "a record for each")
    forms = ({"Accept": accept} for accept in ("*/*", OPENMETRICS))
    (address,) = server.metrics
    told = {
        "log": server.said(),
        "spans": repr(sink.spans()),
        "records": repr(sink.logs()),
        "metrics": "".join(
            httpx.get(address, headers=form, trust_env=False, verify=NO_TLS).text for form in forms
        ),
        "problems": "".join(sweep.problems),
    }
    # There is much to look through, of every kind.
    assert '"stream":"audit"' in told["log"] or '"error_stack":"' in told["log"]
    assert ' # {span_id="' in told["metrics"]
    assert len(sweep.problems) > len(MATRIX)
    assert len(sink.spans()) > asked
    return told


def leaks(told: dict[str, str], secrets: dict[str, str]) -> list[tuple[str, str]]:
    """List which secret is told where."""
    return [
        (name, where)
        for where, text in told.items()
        for name, secret in secrets.items()
        if secret in text
    ]


@pytest.fixture
def tell_everything(elsewhere: Elsewhere, sink: Sink) -> dict[str, str]:
    """The variables of a service that tells as much as it can, and asks others in vain."""
    elsewhere.status = 500
    return {
        "PET_GEMINI_URL": elsewhere.url,
        "PET_GEMINI_API_KEY": KEPT["key of Gemini"],
        "PET_YELP_URL": elsewhere.url,
        "PET_YELP_API_KEY": KEPT["key of Yelp"],
        "PET_OTLP_ENDPOINT": sink.url,
        "PET_OTLP_LOGS": "true",
        "PET_TRACE_RATIO": "1",
        "PET_LOG_LEVEL": "DEBUG",
    }


async def test_no_secret_is_told_by_logs_spans_metrics_exemplars_or_problems(
    api: Api,
    serving: Serving,
    tell_everything: dict[str, str],
    sink: Sink,
    elsewhere: Elsewhere,
    wait_until: WaitUntil,
) -> None:
    with serving(workers=1, **tell_everything) as server:
        async with sweeping(api, server) as sweep:
            await sweep.ask_everything()
        told = read_all(server, sweep, sink, wait_until)
    assert set(sweep.answers) == set(MATRIX)
    assert sweep.operations_with(200, 201, 202, 204) > 0.8 * len(MATRIX)
    assert sweep.operations_with(500) == 0
    # Both keys were used.
    sent = repr(elsewhere.asked)
    assert KEPT["key of Gemini"] in sent
    assert KEPT["key of Yelp"] in sent
    password = urlsplit(str(api.held.settings.database_url)).password or ""
    assert password
    secrets = SENT | KEPT | {"password of the database": password}
    assert leaks(told, secrets | {signature: signature for signature in sweep.signatures}) == []


async def test_no_secret_is_told_when_everything_fails_that_asks_the_database(
    api: Api,
    serving: Serving,
    tell_everything: dict[str, str],
    empty_database: str,
    sink: Sink,
    wait_until: WaitUntil,
) -> None:
    # Its errors hold statements and their values.
    with serving(workers=1, **tell_everything, PET_DATABASE_URL=empty_database) as server:
        async with sweeping(api, server) as sweep:
            await sweep.ask_everything(AUTHENTIC)
        told = read_all(server, sweep, sink, wait_until)
    assert sweep.operations_with(500) > 0.7 * len(MATRIX)
    secrets = SENT | KEPT | {"password of the database": urlsplit(empty_database).password or "?"}
    assert leaks(told, secrets | {signature: signature for signature in sweep.signatures}) == []
