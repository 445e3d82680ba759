"""The stack inside this process: what happens between choosing a port and using it."""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.local.plan import StackOptions
from app.local.ports import HOST, Ports
from app.local.stack import stack
from app.local.tools import find_tool
from app.stop import Stop

if TYPE_CHECKING:
    import httpx

    from tests.app.conftest import WaitUntil

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).parents[3]


def test_a_port_that_is_taken_after_we_looked_makes_the_stack_begin_again(tmp_path: Path) -> None:
    (port,) = Ports().choose_run("a test", 18000, 1)
    options = StackOptions(
        tmp_path,
        ROOT / "alerts" / "generated",
        ROOT / ".tools",
        workers=1,
        port=port,
        exporters=False,
    )
    said: list[str] = []
    thief = socket.socket()

    def say(line: str) -> None:
        if line == "starting api" and "starting api" not in said:
            thief.bind((HOST, port))
            thief.listen()
        said.append(line)

    with thief, stack(options, Stop(), say) as (state, _):
        assert state.api != f"http://{HOST}:{port}"
        key = Path(state.environment["PET_JWT_PRIVATE_KEY_FILE"])
        assert key.is_file()
    # Tests that run at the same time look for ports too, and may take others.
    lost = " ".join(line for line in said if line.endswith("; starting again"))
    assert str(port) in re.findall(r"\d+", lost)
    assert said.count("starting postgres") >= 2
    assert not key.parents[1].exists()


def put_program(folder: Path, name: str) -> None:
    """Put a program on a PATH that has nothing else."""
    tool = find_tool(name, ROOT / ".tools", print)
    path = folder / name
    path.write_text(f'#!/bin/sh\ncd "{tool.cwd or "."}"\nexec "{tool.path}" "$@"\n')
    path.chmod(0o755)


def test_exporters_that_cannot_be_had_are_named_and_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: httpx.Client, wait_until: WaitUntil
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("prometheus", "alertmanager"):
        put_program(programs, name)
    monkeypatch.setenv("PATH", str(programs))
    options = StackOptions(
        tmp_path / "out", ROOT / "alerts" / "generated", tmp_path / "tools", workers=1
    )
    said: list[str] = []

    def jobs(url: str) -> set[str]:
        active = web.get(f"{url}/api/v1/targets").json()["data"]["activeTargets"]
        return {target["labels"]["job"] for target in active}

    # Another test may start a stack at this moment, and would choose the same usual ports.
    with ExitStack() as held:
        for port in (5432, 6379, 8000, 9000, 9090, 9093, 9464, 9474):
            with suppress(OSError):
                held.enter_context(socket.create_server((HOST, port)))
        state, _ = held.enter_context(stack(options, Stop(), said.append))
        wait_until(
            lambda: (
                jobs(state.prometheus)
                == {"petswipe-api", "petswipe-dispatcher", "prometheus", "alertmanager"}
            ),
            "Prometheus has those targets and no other",
        )
    missing = "node_exporter, postgres_exporter, redis_exporter"
    assert said[:2] == [
        f"{missing} are not on PATH; fetching them once",
        f"{missing} cannot be had; going on without",
    ]
