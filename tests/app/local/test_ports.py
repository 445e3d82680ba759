from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.local.ports import HOST, MAX_PORT, OTHERS, Ports

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_wish_that_nobody_holds_is_granted(free_port: int) -> None:
    ports = Ports()
    assert ports.choose("the API", free_port) == free_port
    assert ports.moved == []


def test_a_taken_port_is_avoided_and_named(taken_port: int) -> None:
    ports = Ports()
    chosen = ports.choose("the API", taken_port)
    assert chosen != taken_port
    assert ports.moved == [f"port {taken_port} is taken, the API uses {chosen}"]
    with socket.socket() as listener:
        listener.bind((HOST, chosen))


def test_without_wishes_none_is_granted(free_port: int) -> None:
    ports = Ports(wishing=False)
    chosen = ports.choose("the API", free_port)
    run = ports.choose_run("metrics", free_port, 2)
    assert free_port not in (chosen, *run)
    assert ports.moved == [
        f"port {free_port} is left to others, the API uses {chosen}",
        f"ports from {free_port} are left to others, metrics use those from {run[0]}",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="the range is told by Linux")
def test_no_outgoing_connection_is_given_a_port_of_ours() -> None:
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert not set(OTHERS) & set(range(first, last + 1))


def test_a_port_is_given_once(free_port: int) -> None:
    ports = Ports()
    first = ports.choose("the API", free_port)
    second = ports.choose("metrics", free_port)
    third = ports.choose_run("S3", free_port, 1)[0]
    assert len({first, second, third}) == 3
    assert len(ports.moved) == 2


def test_a_run_is_in_a_row_and_avoids_a_taken_port_inside_it(taken_port: int) -> None:
    ports = Ports()
    run = ports.choose_run("metrics", taken_port - 1, 3)
    assert run == list(range(run[0], run[0] + 3))
    assert taken_port not in run
    assert ports.moved == [
        f"ports from {taken_port - 1} are taken, metrics use those from {run[0]}"
    ]


def test_a_run_ends_at_the_last_port() -> None:
    run = Ports().choose_run("metrics", MAX_PORT, 2)
    assert max(run) <= MAX_PORT


def test_a_port_of_a_connection_that_has_just_ended_is_free() -> None:
    with socket.socket() as listener:
        # As every server does.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]
        with socket.create_connection((HOST, port)):
            accepted, _ = listener.accept()
            # This side closes first, so the port is the one that lingers.
            accepted.close()
    ports = Ports()
    assert ports.choose("the API", port) == port
