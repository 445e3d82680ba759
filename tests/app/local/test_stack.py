"""The stack inside this process: what happens between choosing a port and using it."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from app.local.ports import HOST, Ports
from app.local.stack import StackOptions, stack
from app.stop import Stop

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).parents[3]


def test_a_port_that_is_taken_after_we_looked_makes_the_stack_begin_again(tmp_path: Path) -> None:
    (port,) = Ports().choose_run("a test", 18000, 1)
    options = StackOptions(
        tmp_path, ROOT / "alerts" / "generated", ROOT / ".tools", workers=1, port=port
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
