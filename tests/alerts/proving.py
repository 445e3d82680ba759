"""Following an alert in a running stack, from its fault to the message that all is well again."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import yaml

from alerts.artifacts import GENERATED
from app.seed.adopters import adopter_email
from loadtests.stack import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from loadtests.stack import Stack

    Fault = Callable[[Stack], AbstractAsyncContextManager[None]]

DASHBOARDS = ROOT / "dashboards" / "generated"
PASSWORD = "correct horse battery staple"
PAUSE_SECONDS = 0.5
LOOK_SECONDS = 1.0
# The longest `for` of the five and of a group's wait are 5 minutes and 30 s.
FIRING_SECONDS = 600
# A window of 5 minutes drains, a page keeps firing for 5 more, a group is told every 5 or 10.
RESOLVED_SECONDS = 1320


@dataclass(frozen=True, slots=True)
class Proof:
    """An alert, what makes it fire, and who is told."""

    alert: str
    fault: Fault
    receiver: str


@dataclass(frozen=True, slots=True)
class Running:
    """A stack under a little load."""

    stack: Stack
    out: Path
    web: httpx.AsyncClient

    async def states(self, alert: str) -> set[str]:
        """Say in which states the alert is, by Prometheus."""
        answer = await self.web.get(f"{self.stack.prometheus}/api/v1/alerts")
        active = answer.raise_for_status().json()["data"]["alerts"]
        return {each["state"] for each in active if each["labels"]["alertname"] == alert}

    def told(self, receiver: str, alert: str, status: str) -> list[dict[str, Any]]:
        """List what a receiver was told of an alert."""
        file = self.out / "notifications.jsonl"
        lines = file.read_text().splitlines() if file.is_file() else []
        return [
            each
            for line in map(json.loads, lines)
            if line["receiver"] == receiver
            for each in line["message"]["alerts"]
            if (each["labels"]["alertname"], each["status"]) == (alert, status)
        ]

    async def until(self, what: str, seconds: float, found: Callable[[], Any]) -> Any:
        """Wait until something is found."""
        deadline = time.monotonic() + seconds
        while not (result := found()):
            self.stack.check()
            assert time.monotonic() < deadline, f"not after {seconds:.0f} s: {what}"
            await asyncio.sleep(LOOK_SECONDS)
        return result


@asynccontextmanager
async def under_load(stack: Stack, out: Path) -> AsyncIterator[Running]:
    """Look at pets and swipe a few times a second, whatever comes back."""
    limits = httpx.Limits(max_connections=10)
    async with httpx.AsyncClient(trust_env=False, timeout=10, limits=limits) as web:
        credentials = {"email": adopter_email(0), "password": PASSWORD}
        answer = await web.post(f"{stack.api}/api/auth/login", json=credentials)
        token = answer.raise_for_status().json()["access_token"]
        web.headers["Authorization"] = f"Bearer {token}"
        pets = (await web.get(f"{stack.api}/api/pets")).raise_for_status().json()["items"]
        async with asyncio.TaskGroup() as group:
            load = group.create_task(_load(stack.api, web, [pet["id"] for pet in pets]))
            try:
                yield Running(stack, out, web)
            finally:
                load.cancel()


async def _load(api: str, web: httpx.AsyncClient, pets: list[str]) -> None:
    async def look(pet: str) -> None:
        try:
            await web.get(f"{api}/api/pets")
            await web.post(f"{api}/api/swipes", json={"pet_id": pet, "liked": False})
        except httpx.HTTPError:
            # A fault may reach as far as the connection.
            return

    async with asyncio.TaskGroup() as group:
        while True:
            for pet in pets:
                group.create_task(look(pet))
                await asyncio.sleep(PAUSE_SECONDS)


async def prove(
    running: Running,
    proof: Proof,
    *,
    after: asyncio.Event | None = None,
    ended: asyncio.Event | None = None,
) -> None:
    """Follow an alert from its fault until the message that all is well again."""
    if after is not None:
        await after.wait()
    assert await running.states(proof.alert) == set()
    begun = time.monotonic()
    try:
        async with proof.fault(running.stack):
            for state in ("pending", "firing"):
                await _reaches(running, proof.alert, state)
                _say(proof.alert, state, begun)
            (told, *_) = await running.until(
                f"{proof.receiver} is told of {proof.alert}",
                FIRING_SECONDS,
                lambda: running.told(proof.receiver, proof.alert, "firing"),
            )
            _say(proof.alert, f"told to {proof.receiver}", begun)
            # Whoever was told follows the links while it is still broken.
            await _assert_runbook(running.web, told)
            _assert_panel(told)
    finally:
        if ended is not None:
            ended.set()
    await running.until(
        f"{proof.receiver} is told that {proof.alert} is over",
        RESOLVED_SECONDS,
        lambda: running.told(proof.receiver, proof.alert, "resolved"),
    )
    _say(proof.alert, "told to be over", begun)


async def _reaches(running: Running, alert: str, state: str) -> None:
    deadline = time.monotonic() + FIRING_SECONDS
    while state not in await running.states(alert):
        running.stack.check()
        assert time.monotonic() < deadline, f"{alert} is not {state} after {FIRING_SECONDS} s"
        await asyncio.sleep(LOOK_SECONDS)


def _say(alert: str, what: str, begun: float) -> None:
    # It takes twenty minutes; pytest shows this with -s.
    print(f"{alert} {what} after {time.monotonic() - begun:.0f} s")  # noqa: T201  # see above


async def _assert_runbook(web: httpx.AsyncClient, told: dict[str, Any]) -> None:
    page = await web.get(told["annotations"]["runbook_url"])
    assert page.status_code == 200, told["annotations"]["runbook_url"]
    assert told["labels"]["alertname"] in page.text
    assert "Mitigate" in page.text


def _assert_panel(told: dict[str, Any]) -> None:
    """The link opens a panel that draws the very series that the alert compares."""
    address = urlsplit(told["annotations"]["dashboard_url"])
    _, _, uid, _ = address.path.split("/")
    number = int(parse_qs(address.query)["viewPanel"][0].removeprefix("panel-"))
    dashboard = json.loads((DASHBOARDS / f"{uid}.json").read_text())
    assert dashboard["uid"] == uid
    (panel,) = (panel for panel in _panels(dashboard) if panel["id"] == number)
    drawn = {
        name for target in panel["targets"] for name in re.findall(r"\w+:\w+:\w+", target["expr"])
    }
    compared = re.findall(r"\w+:\w+:\w+", _rule(told["labels"]["alertname"])["expr"])
    assert compared[0] in drawn


def _panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def _rule(alert: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [
        rule
        for file in GENERATED.glob("*.rules.yml")
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
        if rule.get("alert") == alert
    ]
    (rule,) = found
    return rule
