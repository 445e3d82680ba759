"""`python -m app dispatch` as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import select

from app.notifications.tables import notifications

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aio_pika.abc import AbstractChannel

    from app.settings import Settings
    from tests.app.conftest import Command, WaitUntil
    from tests.app.notifications.conftest import Outbox

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]


@contextmanager
def dispatcher(
    port: int, environment: dict[str, str], *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "dispatch", "--management-port", str(port), *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def lines(web: httpx.Client, metrics: str) -> list[str]:
    """Read a metrics port line by line; none while nobody listens."""
    try:
        return web.get(metrics).text.splitlines()
    except httpx.TransportError:
        return []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_delivers_and_shows_its_metrics_until_it_is_told_to_stop(
    number: signal.Signals,
    store: Outbox,
    environment: dict[str, str],
    free_port: int,
    web: httpx.Client,
    wait_until: WaitUntil,
) -> None:
    (user,) = await store.add_users()
    event = await store.add(user, pet_name="Rex")
    private = await store.add(user, "account.created")
    metrics = f"http://127.0.0.1:{free_port}/metrics"

    with dispatcher(free_port, environment) as process:
        await store.settled()
        delivered = 'petswipe_notifications_total{channel="in_app",outcome="delivered"} 1.0'
        wait_until(lambda: delivered in lines(web, metrics), "the delivery is counted")
        labels = '{outcome="delivered",topic="match"}'
        ended = f"petswipe_notification_delivery_seconds_count{labels} 1.0"
        assert ended in lines(web, metrics)
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "PET_SMTP_URL is not set: no e-mail is sent" in said
    async with store.engine.connect() as connection:
        assert (await connection.execute(select(notifications.c.id))).scalars().all() == [event]
    assert (await store.read(private)).channels_done == []


async def test_with_a_broker_one_publishes_and_another_delivers(
    broker: AbstractChannel,
    amqp_url: str,
    store: Outbox,
    environment: dict[str, str],
    wait_until: WaitUntil,
    web: httpx.Client,
    free_port: int,
    port: int,
) -> None:
    del broker
    (user,) = await store.add_users()
    event = await store.add(user)
    variables = {**environment, "PET_AMQP_URL": amqp_url}
    metrics = f"http://127.0.0.1:{port}/metrics"
    delivered = 'petswipe_notifications_total{channel="in_app",outcome="delivered"} 1.0'
    with (
        dispatcher(free_port, variables) as publisher,
        dispatcher(port, variables, "--consume") as consumer,
    ):
        wait_until(lambda: delivered in lines(web, metrics), "the delivery is counted")
        for process in (publisher, consumer):
            process.terminate()
            process.communicate(timeout=60)
            assert process.returncode == 0
    assert (await store.read(event)).channels_done == ["amqp"]
    async with store.engine.connect() as connection:
        assert (await connection.execute(select(notifications.c.id))).scalars().all() == [event]


@pytest.mark.parametrize(
    ("arguments", "variables", "complaint"),
    [
        (["--consume"], {}, "PET_AMQP_URL is not set: --consume needs the broker's address"),
        (
            [],
            {"PET_SMTP_URL": "http://me:hunter2@mail.example"},
            "PET_SMTP_URL: give it an address like smtp://host:587",
        ),
    ],
)
def test_a_bad_configuration_is_one_sentence(
    arguments: list[str],
    variables: dict[str, str],
    complaint: str,
    command: Command,
    settings: Settings,
    free_port: int,
) -> None:
    del settings
    ended = command("dispatch", "--management-port", str(free_port), *arguments, **variables)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == f"Error: {complaint}"
    assert "hunter2" not in ended.stderr
