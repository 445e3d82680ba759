from __future__ import annotations

import json
import socket
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.local.notifications import MAX_BODY_BYTES, Receiver
from app.local.ports import HOST
from app.local.supervisor import StackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Send = Callable[..., int]

PAGE = {
    "status": "firing",
    "labels": {"alertname": "HighErrorRate"},
    "annotations": {"summary": "It fails.", "runbook_url": "http://localhost:1/runbooks/x"},
}


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "notifications.jsonl"


@pytest.fixture
def send(free_port: int, file: Path, said: list[str]) -> Iterator[Send]:
    """Return a function that posts to a receiver and returns the status."""
    receiver = Receiver(free_port, file, said.append)
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.01):
            receiver.look()

    thread = threading.Thread(target=look)
    thread.start()

    def post(path: str, content: str | bytes, **headers: str) -> int:
        url = f"http://{HOST}:{free_port}{path}"
        return httpx.post(url, content=content, headers=headers, trust_env=False).status_code

    try:
        yield post
    finally:
        done.set()
        thread.join()
        receiver.close()


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_each_message_is_a_line_and_each_alert_a_sentence(
    send: Send, file: Path, said: list[str]
) -> None:
    over = {**PAGE, "status": "resolved"}
    messages: list[dict[str, Any]] = [{"alerts": [PAGE, over]}, {"alerts": [over]}]
    assert [send("/pager", json.dumps(message)) for message in messages] == [200, 200]
    assert [(line["receiver"], line["message"]) for line in lines(file)] == [
        ("pager", message) for message in messages
    ]
    told = "— It fails. — http://localhost:1/runbooks/x"
    assert said == [
        f"pager: HighErrorRate {status} {told}" for status in ("firing", "resolved", "resolved")
    ]


@pytest.mark.parametrize("receiver", ["heartbeat", "dead-mans-switch"])
def test_a_heartbeat_is_kept_and_not_said(
    send: Send, file: Path, said: list[str], receiver: str
) -> None:
    assert send(f"/{receiver}", json.dumps({"alerts": [PAGE]})) == 200
    assert len(lines(file)) == 1
    assert said == []


def test_what_is_said_moves_no_cursor(send: Send, said: list[str]) -> None:
    nasty = {**PAGE, "annotations": {"summary": "\x1b[2Jgone\n"}}
    assert send("/chat", json.dumps({"alerts": [nasty]})) == 200
    assert said == ["chat: HighErrorRate firing — ?[2Jgone?"]


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("/", "{}", 404),
        ("/a/b", "{}", 404),
        ("/%2e%2e", "{}", 404),
        ("/pager", "no JSON", 400),
        ("/pager", "[]", 400),
        ("/pager", '{"alerts": [{}]}', 400),
    ],
)
def test_what_is_no_message_is_refused(
    send: Send, file: Path, path: str, content: str, status: int
) -> None:
    assert send(path, content) == status
    assert not file.exists()


def test_a_message_without_end_is_refused_unread(send: Send, free_port: int, file: Path) -> None:
    with closing(socket.create_connection((HOST, free_port), timeout=5)) as client:
        head = f"POST /pager HTTP/1.1\r\nContent-Length: {MAX_BODY_BYTES + 1}\r\n\r\n"
        client.sendall(head.encode())
        assert client.recv(100).startswith(b"HTTP/1.0 413 ")
    assert send("/pager", json.dumps({"alerts": []})) == 200
    assert len(lines(file)) == 1


def test_somebody_who_says_nothing_keeps_nobody_waiting_for_long(
    send: Send, free_port: int, file: Path
) -> None:
    with closing(socket.create_connection((HOST, free_port), timeout=5)):
        assert send("/pager", json.dumps({"alerts": []})) == 200
    assert len(lines(file)) == 1


def test_a_taken_port_is_a_sentence(free_port: int, file: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, free_port))
        taken.listen()
        with pytest.raises(StackError, match=r"^nobody can listen for notifications: "):
            Receiver(free_port, file, print)
