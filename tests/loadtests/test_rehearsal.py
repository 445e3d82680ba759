"""Whole rehearsals by the real command line: the verdict, its evidence, and nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from app.local.archive import archived_prometheus
from app.stop import stop_event
from slo.prometheus import Prometheus
from tests.loadtests.gates import REPORTS, ROOT, finish, started, undisturbed
from tests.loadtests.processes import alive
from tests.loadtests.rehearsals import PATIENCE_SECONDS, SESSIONS, SMALL, rehearse, stack_pids
from tests.loadtests.scraping import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loadtests.gates import Ended

pytestmark = pytest.mark.timeout(500)

LONG = (*SESSIONS, "--seconds", "120")
# A machine that others keep busy may break a latency objective; these it does not.
SLOS = ("swipe-availability", "deck-availability", "login-availability", "api-availability")


def occupy(stack: ExitStack, port: int) -> None:
    """Listen on a port, unless somebody else does already."""
    sock = stack.enter_context(socket.socket())
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
        sock.listen()
    except OSError:
        return


def queries(node: Any) -> list[tuple[str, float | None]]:
    """Collect every query of a report that stands beside one number."""
    found: list[tuple[str, float | None]] = []
    if isinstance(node, dict):
        if set(node) == {"value", "query"}:
            found.append((node["query"], node["value"]))
        if "queries" in node:
            found += [(query, node[name]) for name, query in node["queries"].items()]
        for child in node.values():
            found += queries(child)
    elif isinstance(node, list):
        for child in node:
            found += queries(child)
    return found


def small(folder: Path, *words: str) -> Ended:
    return undisturbed(folder, lambda here: rehearse(here, *SMALL, *words))


def test_a_healthy_release_is_allowed_and_every_number_can_be_had_again(tmp_path: Path) -> None:
    with ExitStack() as busy:
        for port in (5432, 6379, 8000, 9090):
            occupy(busy, port)
        done = small(tmp_path, *SLOS)
    assert done.code == 0, done.said
    for port in (5432, 6379, 8000, 9090):
        assert f"port {port} is taken" in done.said
    (attempt,) = done.report["attempts"]
    assert {slo["slo"]: slo["verdict"] for slo in attempt["slos"]} == dict.fromkeys(SLOS, "met")
    counted = attempt["conservation"]
    assert counted["acknowledged"] == counted["rows"] == counted["metric"]["value"] > 0
    assert not (done.out / "stack.json").exists()

    numbers = [(query, value) for query, value in queries(attempt) if value is not None]
    assert len(numbers) >= len(SLOS) * 2 + 1
    with (
        stop_event() as stop,
        archived_prometheus(done.out, ROOT / ".tools", stop, print) as (url, _),
        Prometheus(url) as prometheus,
    ):
        assert [float(prometheus.number(query)) for query, _ in numbers] == [
            value for _, value in numbers
        ]


def test_a_fault_blocks_and_the_verdict_names_slo_measurement_and_limit(tmp_path: Path) -> None:
    done = small(tmp_path, "--fault", "errors")
    assert done.code == 1, done.said
    (attempt,) = done.report["attempts"]
    broken = attempt["slos"][0]
    assert (broken["slo"], broken["verdict"]) == ("swipe-availability", "exhausted")
    assert broken["limit"] == "99.95 %"
    (reason,) = (
        r for r in done.report["reasons"] if r.startswith("swipe-availability over run: failed")
    )
    assert reason in done.said
    assert attempt["conservation"]["acknowledged"] > 0


@pytest.mark.prove
def test_a_prometheus_that_dies_leaves_it_undecided_and_nothing_running(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started("rehearse", "--out", str(out), *LONG) as process:
        wait_for((out / "stack.json").exists, "up")
        pids = stack_pids(out)
        wait_for((out / "logs" / "locust.log").exists, "under load")
        os.kill(pids["prometheus"], signal.SIGKILL)
        done = finish(process, tmp_path, PATIENCE_SECONDS)
    assert done.code == 3, done.said
    assert "prometheus was ended by SIGKILL" in done.said
    assert done.report["decision"] == "undecided"
    assert [name for name, pid in pids.items() if alive(pid)] == []


def test_a_rehearsal_that_is_told_to_end_reports_and_takes_the_stack_with_it(
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    with started("rehearse", "--out", str(out), *LONG) as process:
        wait_for((out / "stack.json").exists, "up")
        pids = stack_pids(out)
        wait_for((out / "logs" / "locust.log").exists, "under load")
        process.send_signal(signal.SIGTERM)
        done = finish(process, tmp_path, PATIENCE_SECONDS)
    assert done.code == 3, done.said
    assert "the run was stopped by SIGTERM" in done.said
    assert all((out / name).is_file() for name in REPORTS)
    assert [name for name, pid in pids.items() if alive(pid)] == []


def test_a_rehearsal_that_is_told_to_end_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started("rehearse", "--out", str(out), *LONG) as process:
        wait_for((out / "logs" / "postgres.log").exists, "starting")
        process.send_signal(signal.SIGINT)
        done = finish(process, tmp_path, PATIENCE_SECONDS)
    assert done.code == 3, done.said
    assert done.stderr.endswith("Error: the run was stopped by SIGINT\n")
    assert not (out / "stack.json").exists()


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        (("nonsense",), {}, "there is no SLO 'nonsense'"),
        (("--fault", "errors"), {"PET_ENVIRONMENT": "production"}, "refused in production"),
        ((), {"PET_POOL_SIZE": "many"}, "PET_POOL_SIZE"),
    ],
)
def test_misuse_ends_before_anything_starts(
    tmp_path: Path, words: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    done = rehearse(tmp_path, *words, **environment)
    assert done.code == 2, done.said
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (done.out / "logs" / "postgres.log").exists()
