"""Webhooks against a real receiver, and commands that are real programs."""

from __future__ import annotations

import hmac
import json
import os
import socket
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from slo.canary.shift import Message, ShiftCommand, ShiftError, deliver
from slo.canary.webhook import Webhook, WebhookError
from tests.ports import find_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.slo.canary.play import Receiver

MESSAGE = Message(
    id="abc-10",
    walk="abc",
    decision="promote",
    from_weight=5,
    to_weight=10,
    step=2,
    steps=5,
    canary='version="2.0"',
    stable='version="1.9"',
    reasons=("ünsafe, or not",),
)


def failing(shifter: Webhook | ShiftCommand) -> str:
    with pytest.raises(ShiftError) as failed:
        shifter.send(MESSAGE)
    return str(failed.value)


def test_a_decision_is_posted_with_its_key_and_a_signature(receiver: Receiver) -> None:
    Webhook(receiver.url, 5, b"of-both").send(MESSAGE)
    assert receiver.posts == [json.loads(MESSAGE.text)]
    assert (receiver.posts[0]["from_weight"], receiver.posts[0]["to_weight"]) == (5, 10)
    (headers,), (body,) = receiver.headers, receiver.bodies
    assert headers["Idempotency-Key"] == "abc-10"
    signed = hmac.digest(b"of-both", body, "sha256").hex()
    assert headers["X-Canary-Signature"] == f"sha256={signed}"


def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    Webhook(receiver.url, 5).send(MESSAGE)
    assert "X-Canary-Signature" not in receiver.headers[0]


def test_neither_address_nor_secret_is_ever_shown(receiver: Receiver) -> None:
    receiver.forever = 500
    hook = Webhook(receiver.url, 5, b"of-both")
    away = Webhook(f"http://127.0.0.1:{find_port()}/hook?token=of-the-hook", 5)
    for text in (repr(hook), failing(hook), failing(away)):
        assert "of-the-hook" not in text
        assert "of-both" not in text
    with pytest.raises(WebhookError) as refused:
        Webhook("of-the-hook", 5)
    assert "of-the-hook" not in str(refused.value)


@pytest.mark.parametrize(
    ("statuses", "tried"),
    [
        ([500, 503, 200], 3),
        ([429, 408, 204], 3),
        ([500, 500, 500, 500], 4),
        ([400], 1),
        ([404], 1),
        ([302], 1),
        ([503, 401], 2),
    ],
)
def test_what_may_help_is_tried_again(receiver: Receiver, statuses: list[int], tried: int) -> None:
    receiver.statuses = list(statuses)
    pauses: list[float] = []
    hook = Webhook(receiver.url, 5)
    if statuses[-1] < 300:
        deliver(hook, MESSAGE, 4, pauses.append)
    else:
        with pytest.raises(ShiftError, match=f"HTTP {statuses[-1]}"):
            deliver(hook, MESSAGE, 4, pauses.append)
    assert len(receiver.posts) == tried
    assert pauses == [0.5, 1.0, 2.0][: tried - 1]


def test_a_webhook_that_does_not_answer_is_given_up(receiver: Receiver) -> None:
    receiver.answering.clear()
    assert failing(Webhook(receiver.url, 0.2)) == "the webhook does not answer within 0.2 s"


def test_a_webhook_whose_answer_never_ends_has_shifted() -> None:
    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while not done.wait(0.02):
                connection.sendall(b" ")

    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=[listener])
        thread.start()
        # Long before the test gives up.
        ending = threading.Timer(20, done.set)
        ending.start()
        Webhook(f"http://127.0.0.1:{listener.getsockname()[1]}", 5).send(MESSAGE)
        assert not done.is_set()
        done.set()
        ending.cancel()
        thread.join()


def program(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


def test_a_command_gets_the_weight_and_reads_the_message(tmp_path: Path) -> None:
    out = tmp_path / "out"
    text = f"import sys; open({str(out)!r}, 'w').write(repr(sys.argv[1:]) + sys.stdin.read())"
    ShiftCommand((*program(text), "$HOME; true"), 20).send(MESSAGE)
    assert out.read_text() == f"['$HOME; true', '10']{MESSAGE.text}"


def test_a_command_that_fails_is_told_of() -> None:
    text = "import sys; print('first', file=sys.stderr); sys.exit('no such\\nservice')"
    said = failing(ShiftCommand(program(text), 20))
    assert said == f"{sys.executable} exited with 1: service"
    assert failing(ShiftCommand(("/bin/false",), 20)) == (
        "/bin/false exited with 1: it said nothing"
    )
    missing = ShiftCommand(("/none/such",), 20)
    assert failing(missing) == "/none/such cannot be run: No such file or directory"


def test_a_command_that_reads_nothing_has_shifted() -> None:
    ShiftCommand(("/bin/true",), 20).send(MESSAGE)


def test_a_command_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    child = f"import time; f = open({str(pipe)!r}, 'w', 1); f.write('begun\\n'); time.sleep(999)"
    text = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert failing(ShiftCommand(program(text), 1)).endswith("took longer than 1 s")
    # Nothing more, and not nothing yet: whoever could write is gone.
    assert [os.read(reader, 99) for _ in range(2)] == [b"begun\n", b""]
    os.close(reader)
