from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from app.server import check_connections
from app.settings import MisconfiguredError

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.settings import Settings
    from tests.app.conftest import Command, Serving, WaitUntil


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT], ids=lambda by: by.name)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_that_is_asked_to_stop_ends_well(
    serving: Serving, web: httpx.Client, workers: int, by: signal.Signals
) -> None:
    with serving(workers=workers) as server:
        server.process.send_signal(by)
        assert server.process.wait(60) == 0
        with pytest.raises(httpx.ConnectError):
            web.get(server.url)


@pytest.mark.usefixtures("settings")
def test_a_request_under_way_is_answered_before_the_end(
    serving: Serving, wait_until: WaitUntil
) -> None:
    answers: list[int] = []
    with serving(PET_FAULT="slow") as server, server.log_in() as client:

        def swipe() -> None:
            # The pet does not matter, only that the fifth swipe takes a while.
            body = {"pet_id": "00000000-0000-0000-0000-000000000000", "liked": True}
            answers.append(client.post("/api/swipes", json=body).status_code)

        for _ in range(4):
            swipe()
        fifth = threading.Thread(target=swipe)
        fifth.start()
        active = "http_server_active_requests"
        wait_until(
            # On a machine that hangs for a moment it may be over before anybody has looked.
            lambda: server.total(active, http_request_method="POST") == 1 or not fifth.is_alive(),
            "the fifth swipe begins",
        )
        server.process.terminate()
        assert server.process.wait(60) == 0
        fifth.join(60)
        assert answers == [404] * 5


def test_all_workers_end_when_one_does(
    serving: Serving, wait_until: WaitUntil, alive: Callable[[int], bool]
) -> None:
    with serving(workers=2) as server:
        wait_until(lambda: len(server.pids()) == 2, "both workers start")
        first, second = server.pids()
        os.kill(second, signal.SIGKILL)
        assert server.process.wait(60) == 1
        assert f"worker {second} ended with -9" in server.said()
        assert not alive(first)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of such an end")
def test_no_worker_outlives_a_parent_that_was_killed(
    serving: Serving, wait_until: WaitUntil, alive: Callable[[int], bool]
) -> None:
    with serving(workers=2) as server:
        wait_until(lambda: len(server.pids()) == 2, "both workers start")
        workers = server.pids()
        assert all(alive(pid) for pid in workers)
        server.process.kill()
        wait_until(lambda: not any(alive(pid) for pid in workers), "the workers end")


@pytest.mark.parametrize(
    ("workers", "pool", "reserve", "fits"),
    [
        (8, 10, 10, True),
        (9, 10, 10, False),
        (9, 10, 7, True),
        (1, 88, 10, False),
        (1, 1, 97, False),
    ],
)
def test_workers_must_find_connections_for_their_pools(
    migrated: Settings, workers: int, pool: int, reserve: int, *, fits: bool
) -> None:
    """PostgreSQL has 100 here and keeps 3 for its superusers."""
    given = {"pool_size": pool, "connection_reserve": reserve}
    settings = migrated.model_copy(update=given)
    if fits:
        check_connections(settings, workers)
        return
    with pytest.raises(MisconfiguredError, match=f"PET_POOL_SIZE={pool} want {workers * pool} "):
        check_connections(settings, workers)
    replica = migrated.model_copy(update={"replica_url": migrated.database_url, **given})
    with pytest.raises(MisconfiguredError):
        check_connections(replica, workers)


def test_a_server_without_connections_for_its_workers_does_not_start(command: Command) -> None:
    done = command("serve", "--port=0", "--workers=9")
    assert done.returncode == 2
    assert done.stderr == (
        "Error: --workers=9 with PET_POOL_SIZE=10 want 90 connections, and PostgreSQL has 87 for "
        "them once PET_CONNECTION_RESERVE=10 are kept: lower these or raise its max_connections\n"
    )


def test_a_server_starts_before_postgresql_and_says_so(
    serving: Serving, web: httpx.Client, free_port: int
) -> None:
    away = f"postgresql://somebody:canary-password@127.0.0.1:{free_port}/petswipe"
    with serving(PET_DATABASE_URL=away) as server:
        assert web.get(f"{server.url}/health/ready").status_code == 503
        assert "Warning: PostgreSQL does not answer yet: ConnectionRefusedError" in server.said()
        assert "canary-password" not in server.said()
