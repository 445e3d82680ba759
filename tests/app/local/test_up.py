"""The embedded stack as a process: how it comes up and, above all, how it ends."""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.app.conftest import WaitUntil
    from tests.app.local.conftest import Inspecting, Starting, Up

pytestmark = pytest.mark.timeout(120)

EXPORTERS = frozenset({"node-exporter", "postgres-exporter", "redis-exporter"})
BASE = frozenset({"postgres", "valkey", "s3", "api", "dispatcher", "alertmanager", "prometheus"})
SERVICES = BASE | EXPORTERS
NOBODY = 65534
ROOT = Path(__file__).parents[3]
on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells children of such an end"
)


def assert_nothing_left(
    up: Up,
    pids: dict[str, int],
    alive: Callable[[int], bool],
    services: frozenset[str] = SERVICES,
) -> None:
    assert set(pids) == services
    assert [name for name, pid in pids.items() if alive(pid)] == []
    assert list(up.temporary.iterdir()) == []
    if sys.platform == "linux":
        assert up.leftovers() == []


def ask(web: httpx.Client, url: str, query: str) -> list[str]:
    """Return the values of an instant query."""
    answer = web.get(f"{url}/api/v1/query", params={"query": query})
    assert answer.status_code == 200, answer.text
    return [series["value"][1] for series in answer.json()["data"]["result"]]


def assert_s3_keeps_objects(web: httpx.Client, url: str) -> None:
    # It believes every signature, and takes a request without one for a stranger's.
    credential = "Credential=me/20260101/us-east-1/s3/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0"}
    assert web.put(f"{url}/photos", headers=signed).status_code == 200
    stored = web.put(f"{url}/photos/rex", headers=signed, content=b"a dog")
    assert stored.status_code == 200
    assert web.get(f"{url}/photos/rex", headers=signed).content == b"a dog"


def test_the_stack_comes_up_beside_taken_ports_and_ends_without_a_trace(
    run_up: Starting,
    inspecting: Inspecting,
    web: httpx.Client,
    wait_until: WaitUntil,
    alive: Callable[[int], bool],
) -> None:
    with run_up("--seed", "--scrape-interval", "2s", PET_BCRYPT_ROUNDS="4") as up:
        state = up.state
        pids = state["processes"]
        assert stat.S_IMODE(up.state_file.stat().st_mode) == 0o600
        said = up.said()
        for port, who in ((5432, "PostgreSQL"), (6379, "Valkey"), (8000, "the API")):
            assert f"port {port} is taken, {who} uses " in said
        for port, who in ((9000, "S3"), (9090, "Prometheus"), (9093, "Alertmanager")):
            assert f"port {port} is taken, {who} uses " in said
        for port, job in ((9100, "node"), (9187, "postgres"), (9121, "redis")):
            assert f"port {port} is taken, the {job} exporter uses " in said
        assert "port 9095 is taken, notifications uses " in said
        assert "port 9474 is taken, the dispatcher uses " in said
        assert "ports from 9464 are taken, metrics use those from " in said

        # Everything that it says is up works.
        assert {path.stem for path in (up.out / "logs").iterdir()} == SERVICES | {
            "migrate",
            "storage",
            "seed",
        }
        found = re.search(r"log in as +(\S+) with (\S+)", said)
        assert found is not None
        credentials = {"email": found[1], "password": found[2]}
        token = web.post(f"{state['api']}/api/auth/login", json=credentials).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        deck = web.get(f"{state['api']}/api/deck", headers=headers).json()
        assert len(deck["items"]) == 100
        assert_s3_keeps_objects(web, state["s3"])
        assert len(state["management"]) == 2
        prometheus = state["prometheus"]
        wait_until(
            lambda: ask(web, prometheus, 'up{job="petswipe-api"}') == ["1", "1"],
            "Prometheus has scraped both workers",
        )
        # Of another job: a rehearsal counts the workers.
        waiting = 'petswipe_outbox_waiting{job="petswipe-dispatcher"}'
        wait_until(lambda: ask(web, prometheus, waiting) != [], "Prometheus has the outbox")
        for series in ("node_memory_MemTotal_bytes", "pg_up", "redis_up"):
            wait_until(lambda s=series: ask(web, prometheus, s) != [], f"it has {series}")  # type: ignore[misc]
        rules = web.get(f"{prometheus}/api/v1/rules").json()["data"]["groups"]
        assert rules
        known = web.get(f"{prometheus}/api/v1/alertmanagers").json()["data"]
        assert known["activeAlertmanagers"] == [{"url": f"{state['alertmanager']}/api/v2/alerts"}]

        # What Alertmanager sends is kept, and said where it is no heartbeat.
        hook = {"alerts": [{"status": "firing", "labels": {"alertname": "A"}, "annotations": {}}]}
        assert web.post(f"{state['webhook']}/pager", json=hook).status_code == 200
        wait_until(lambda: "\npager: A firing\n" in up.said(), "the message is told")
        assert '"receiver":"pager"' in (up.out / "notifications.jsonl").read_text()

        # The password of nothing is where others can read it.
        secret = state["environment"]["PET_DATABASE_URL"].partition("@")[0].rpartition(":")[2]
        assert secret not in said + up.complained()
        if sys.platform == "linux":
            for pid in pids.values():
                assert secret.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()

        up.process.terminate()
        assert up.process.wait(60) == 0
        assert up.said().endswith("\nstopped\n")
        assert up.complained() == ""
        assert_nothing_left(up, pids, alive)

        # What Prometheus has seen can be asked for again.
        with inspecting(up.out) as (process, url):
            assert ask(web, url, 'count(last_over_time(up{job="petswipe-api"}[1h]))') == ["2"]
            process.terminate()
            assert process.wait(60) == 0


def test_ctrl_c_ends_the_stack_as_well(run_up: Starting, alive: Callable[[int], bool]) -> None:
    with run_up("--workers", "1", "--no-exporters") as up:
        pids = up.state["processes"]
        up.process.send_signal(signal.SIGINT)
        # Who presses it again is impatient, and changes nothing.
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(60) == 0
        assert up.said().endswith("\nstopped\n")
        assert_nothing_left(up, pids, alive, BASE)


def test_all_end_when_one_is_killed(run_up: Starting, alive: Callable[[int], bool]) -> None:
    with run_up("--workers", "1") as up:
        pids = up.state["processes"]
        os.kill(pids["valkey"], signal.SIGKILL)
        assert up.process.wait(60) == 1
        log = up.out / "logs" / "valkey.log"
        assert up.complained() == f"Error: valkey was ended by SIGKILL; its log is {log}\n"
        assert_nothing_left(up, pids, alive)


@on_linux
def test_nothing_outlives_a_stack_that_was_killed(run_up: Starting, wait_until: WaitUntil) -> None:
    with run_up() as up:
        pids = up.state["processes"]
        assert len(up.leftovers()) > len(pids)
        up.process.kill()
        wait_until(lambda: up.leftovers() == [], "all processes end")


@on_linux
@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as an ordinary user already")
def test_an_ordinary_user_can_run_the_stack(run_up: Starting, alive: Callable[[int], bool]) -> None:
    for needed in (Path(sys.executable).resolve(), Path(sys.prefix), ROOT):
        if not all(folder.stat().st_mode & 0o001 for folder in (needed, *needed.parents)):
            pytest.skip(f"user {NOBODY} cannot reach {needed}")
    with run_up("--workers", "1", user=NOBODY) as up:
        pids = up.state["processes"]
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in pids.values()} == {NOBODY}
        up.process.terminate()
        assert up.process.wait(60) == 0
        assert_nothing_left(up, pids, alive)


def test_a_stack_that_is_stopped_while_it_starts_leaves_nothing(
    begin_up: Starting, wait_until: WaitUntil
) -> None:
    with begin_up() as up:
        wait_until(lambda: "starting s3" in up.said(), "half of the stack has started")
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(60) == 0
        assert up.said().endswith("\nstopped before everything was up\n")
        assert up.complained() == ""
        assert not up.state_file.exists()
        assert list(up.temporary.iterdir()) == []
        if sys.platform == "linux":
            assert up.leftovers() == []


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "complaint"),
    [
        (
            [],
            {"PET_ENVIRONMENT": "production", "PET_FAULT": "errors"},
            2,
            "PET_FAULT=errors is refused in production: unset it",
        ),
        (["--scrape-interval", "soon"], {}, 1, "scrape interval 'soon' is no duration like 2s"),
        (
            ["--generated", "nowhere"],
            {},
            1,
            f"{Path('nowhere', 'prometheus.yml')} is missing: run `make build`",
        ),
    ],
)
def test_a_stack_that_cannot_be_says_why_in_one_sentence_before_anything_starts(
    begin_up: Starting,
    arguments: list[str],
    environment: dict[str, str],
    code: int,
    complaint: str,
) -> None:
    with begin_up(*arguments, user=None, **environment) as up:
        assert up.process.wait(60) == code
        assert up.complained() == f"Error: {complaint}\n"
        assert "starting" not in up.said()
        assert list(up.temporary.iterdir()) == []
