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
from tests.loadtests.rehearsals import ROOT, alive, finish, rehearse, stack_pids, started, wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)

SMALL = ("--adopters", "12", "--seconds", "8")


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


def test_a_healthy_release_is_allowed_and_every_number_can_be_had_again(tmp_path: Path) -> None:
    with ExitStack() as busy:
        for port in (5432, 6379, 8000, 9090):
            occupy(busy, port)
        done = rehearse(tmp_path, *SMALL)
    assert done.code == 0, done.stderr + done.stdout
    for port in (5432, 6379, 8000, 9090):
        assert f"port {port} is taken" in done.stderr
    assert done.stdout.count(" met ") == 4
    document = done.document()
    counted = document["conservation"]
    assert counted["acknowledged"] == counted["rows"] == counted["metric"]["value"] > 0
    assert not (tmp_path / "stack.json").exists()

    numbers = [(query, value) for query, value in queries(document) if value is not None]
    assert len(numbers) >= 4 * 2 + 1
    with (
        stop_event() as stop,
        archived_prometheus(tmp_path, ROOT / ".tools", stop, print) as (url, _),
        Prometheus(url) as prometheus,
    ):
        assert [float(prometheus.number(query)) for query, _ in numbers] == [
            value for _, value in numbers
        ]


@pytest.mark.parametrize(
    ("fault", "slo", "limit"),
    [("errors", "swipe-availability", "99.95 %"), ("slow", "swipe-latency", "95 % < 150 ms")],
)
def test_a_fault_blocks_and_the_verdict_names_slo_measurement_and_limit(
    tmp_path: Path, fault: str, slo: str, limit: str
) -> None:
    done = rehearse(tmp_path, *SMALL, "--fault", fault)
    assert done.code == 1, done.stderr + done.stdout
    broken = done.slo(slo)
    assert broken["verdict"] == "exhausted"
    # A machine that others keep busy may break a latency objective besides.
    (reason,) = (r for r in done.document()["reasons"] if r.startswith(f"{slo}: "))
    assert reason.startswith(f"{slo}: exhausted, measured {broken['measured']}, limit {limit}")
    assert reason in done.stdout.replace("\n", " ")
    assert done.document()["conservation"]["acknowledged"] > 0


def test_a_prometheus_that_dies_leaves_it_undecided_and_nothing_running(tmp_path: Path) -> None:
    with started(tmp_path, "--adopters", "4", "--seconds", "120") as process:
        wait_for((tmp_path / "stack.json").exists, "up")
        pids = stack_pids(tmp_path)
        wait_for((tmp_path / "logs" / "locust.log").exists, "under load")
        os.kill(pids["prometheus"], signal.SIGKILL)
        done = finish(process, tmp_path)
    assert done.code == 3, done.stderr + done.stdout
    assert "prometheus was ended by SIGKILL" in done.stdout
    assert done.document()["decision"] == "undecided"
    assert {slo["verdict"] for slo in done.document()["slos"]} == {"no_data"}
    assert [name for name, pid in pids.items() if alive(pid)] == []


def test_a_rehearsal_that_is_told_to_end_takes_the_stack_with_it(tmp_path: Path) -> None:
    with started(tmp_path, "--adopters", "4", "--seconds", "120") as process:
        wait_for((tmp_path / "stack.json").exists, "up")
        pids = stack_pids(tmp_path)
        process.send_signal(signal.SIGTERM)
        done = finish(process, tmp_path)
    assert done.code == 3
    assert [name for name, pid in pids.items() if alive(pid)] == []


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (("nonsense",), {}, "there is no SLO 'nonsense'"),
        (("--fault", "errors"), {"PET_ENVIRONMENT": "production"}, "refused in production"),
        ((), {"PET_POOL_SIZE": "many"}, "PET_POOL_SIZE"),
    ],
)
def test_misuse_ends_before_anything_starts(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], words: str
) -> None:
    done = rehearse(tmp_path, *arguments, **environment)
    assert done.code == 2, done.stderr
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "logs" / "postgres.log").exists()
