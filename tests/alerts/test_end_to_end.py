"""From a fault to whoever is told: the committed rules and routes in a running stack.

Durations are the real ones; only the intervals of scrapes and evaluations are cut.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from alerts.artifacts import GENERATED
from loadtests.stack import embedded_stack
from tests.alerts.outage import (
    broken_swipes,
    closed_database,
    deep_queue,
    hanging_cache,
    locked_pets,
)
from tests.alerts.proving import PASSWORD, Proof, Running, prove, under_load

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from loadtests.stack import Stack

    Begin = Callable[[str, str], AbstractContextManager[Stack]]

# Nothing is measured here, so the limits of one adopter are out of the way.
SETTINGS = {
    "PET_RATE_LIMIT_USER": "100000",
    "PET_RATE_LIMIT_IP": "100000",
    "PET_BCRYPT_ROUNDS": "4",
    "PET_LOG_LEVEL": "WARNING",
}
# Mostly 30: but an alert that fires before Prometheus has found Alertmanager, in its first 5
# seconds, is sent again only a minute later.
HEARTBEAT_SECONDS = 95


@pytest.fixture
def begin_stack(tmp_path: Path) -> Begin:
    """Return a function that starts a stack on the generated files, in a folder of that name."""

    def begin(name: str, evaluation: str) -> AbstractContextManager[Stack]:
        generated = tmp_path / f"generated-{name}"
        shutil.copytree(GENERATED, generated)
        for rules in generated.glob("*.rules.yml"):
            often = re.sub(r"(?m)^  interval: 30s$", f"  interval: {evaluation}", rules.read_text())
            rules.write_text(often)
        arguments = ["--workers", "1", "--scrape-interval", "5s", "--generated", str(generated)]
        return embedded_stack(tmp_path / name, arguments, SETTINGS, print)

    return begin


@pytest.mark.timeout(180)
def test_the_heartbeat_arrives_with_its_links(begin_stack: Begin, tmp_path: Path) -> None:
    async def wait(stack: Stack) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as web:
            running = Running(stack, tmp_path / "one", web)
            told = await running.until(
                "a heartbeat",
                HEARTBEAT_SECONDS,
                lambda: running.told("heartbeat", "Watchdog", "firing"),
            )
            # What stands in for the service that waits for it hears it as well.
            await running.until(
                "outside", 5, lambda: running.told("dead-mans-switch", "Watchdog", "firing")
            )
            alert: dict[str, Any] = told[0]
            return alert

    with begin_stack("one", "15s") as stack:
        told = asyncio.run(wait(stack))
    assert urlsplit(told["annotations"]["runbook_url"]).path == "/runbooks/Watchdog"
    assert told["labels"]["channel"] == "heartbeat"


ERRORS = Proof("HighErrorRate", broken_swipes, "pager")
LATENCY = Proof("HighLatencyP99", locked_pets, "pager")
DATABASE = Proof("DatabaseDown", closed_database, "pager")
CACHE = Proof("CacheDown", hanging_cache, "chat")
QUEUE = Proof("QueueDepthHigh", deep_queue, "chat")


@pytest.mark.prove
@pytest.mark.timeout(2400)
def test_five_faults_are_told_with_links_that_work_and_taken_back(
    begin_stack: Begin, tmp_path: Path
) -> None:
    async def api(stack: Stack) -> None:
        async with under_load(stack, tmp_path / "api") as running:
            await asyncio.gather(prove(running, ERRORS), prove(running, LATENCY))

    async def servers(stack: Stack) -> None:
        async with under_load(stack, tmp_path / "servers") as running:
            open_again = asyncio.Event()
            await asyncio.gather(
                prove(running, DATABASE, ended=open_again),
                prove(running, CACHE),
                # Nobody can count events while there is no database.
                prove(running, QUEUE, after=open_again),
            )

    async def both(first: Stack, second: Stack) -> None:
        await asyncio.gather(api(first), servers(second))

    with begin_stack("api", "5s") as first, begin_stack("servers", "5s") as second:
        for stack in (first, second):
            stack.command("seed", environment={"PET_SEED_PASSWORD": PASSWORD})
        asyncio.run(both(first, second))
