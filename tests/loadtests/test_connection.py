"""One connection of a session against servers that keep it, end it, and answer oddly."""

from __future__ import annotations

from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING

import pytest

from app.telemetry.catalog import DECK_READ, SWIPE_CREATE
from loadtests import connection
from loadtests.connection import FAILURES, Address, Answer, ClosedError, Connection
from loadtests.load import UNANSWERED
from loadtests.scenarios.model import Person, call
from loadtests.sender import Sender
from tests.loadtests.scripted import END, RESET, Scripted, scripted
from tests.slo.test_connection import write_chain

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlast"


@contextmanager
def linked(
    *connections: list[bytes | None], context: ssl.SSLContext | None = None
) -> Iterator[tuple[Scripted, Connection]]:
    """Serve these connections to one that is a client's."""
    with scripted(*connections, context=context) as server:
        link = Connection(Address(server.url))
        try:
            yield server, link
        finally:
            link.close()


def somebody() -> Person:
    chance = Random(1)  # noqa: S311  # no secret
    return Person(7, "a@example.org", "secret", chance, token="t0ken")


def test_a_connection_is_used_again() -> None:
    # Somebody who connects a second time would find nobody there.
    with linked([FINE, FINE, FINE]) as (server, link):
        assert [link.exchange(PUT) for _ in range(3)] == [Answer(200, b"fine")] * 3
    assert server.requests == [PUT] * 3


def test_one_that_the_server_has_closed_is_replaced_before_anything_is_sent() -> None:
    with linked([FINE], [FINE]) as (server, link):
        link.exchange(ASK)
        assert server.ended[0].wait(10)
        assert link.exchange(PUT) == Answer(200, b"fine")
    assert server.requests == [ASK, PUT]


def test_one_that_was_idle_for_long_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with linked([FINE, None], [FINE]) as (server, link):
        link.exchange(ASK)
        monkeypatch.setattr(connection, "KEEP_SECONDS", 0.0)
        assert link.exchange(PUT) == Answer(200, b"fine")
        assert server.ended[0].wait(10)
    assert server.requests == [ASK, PUT]


def test_one_that_the_server_will_close_is_not_used_again() -> None:
    with linked([LAST, None], [FINE]) as (_, link):
        assert link.exchange(ASK).content == b"last"
        assert link.exchange(ASK).content == b"fine"


@pytest.mark.parametrize(
    ("sent", "status", "content"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", 200, b"to the end"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (
            CHUNKED + b"4\r\nin p\r\n5\r\narts.\r\n0\r\n\r\n",
            200,
            b"in parts.",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 500, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + FINE, 200, b"fine"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + FINE, 200, b"fine"),
    ],
    ids=["no length", "HTTP/1.0", "chunked", "no content", "error", "100", "103"],
)
def test_answers_of_every_kind_are_read_to_their_end(
    sent: bytes, status: int, content: bytes
) -> None:
    with linked([sent]) as (_, link):
        assert link.exchange(PUT) == Answer(status, content)


def test_an_answer_may_come_in_parts_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"HTTP/1.1 100 Continue\r\n\r\n" + FINE
    sizes = range(1, len(whole) + 1)
    with linked([whole for _ in sizes]) as (_, link):
        for size in sizes:
            monkeypatch.setattr(connection, "BLOCK_BYTES", size)
            assert link.exchange(ASK) == Answer(200, b"fine"), size


@pytest.mark.parametrize(
    "sent",
    [
        END,
        RESET,
        b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nhalf",
        CHUNKED + b"4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
    ids=["end", "reset", "half", "half chunked", "half a head", "beginning"],
)
def test_a_server_that_closes_in_the_middle_is_asked_nothing_twice(sent: bytes) -> None:
    with linked([sent], [FINE]) as (server, link):
        with pytest.raises(ConnectionError):
            link.exchange(PUT)
        assert server.requests == [PUT]
        # And it is no end of the session.
        assert link.exchange(ASK) == Answer(200, b"fine")


@pytest.mark.parametrize(
    "sent",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        FINE + FINE,
        FINE + b"more",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfine",
    ],
    ids=["no HTTP", "two answers", "more than an answer", "another protocol", "two lengths"],
)
def test_what_is_no_answer_is_a_failure_and_ends_the_connection(sent: bytes) -> None:
    with linked([sent, None], [FINE]) as (_, link):
        with pytest.raises(FAILURES):
            link.exchange(ASK)
        assert link.exchange(ASK) == Answer(200, b"fine")


def test_an_answer_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LONGEST_ANSWER_BYTES", 100_000)
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000
    with linked([endless, None], [FINE]) as (_, link):
        with pytest.raises(ClosedError, match="more than 100000 bytes"):
            link.exchange(ASK)
        assert link.exchange(ASK) == Answer(200, b"fine")


def test_a_server_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.05)
    silent = b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"
    with linked([silent, None]) as (_, link), pytest.raises(TimeoutError):
        link.exchange(ASK)


def test_nobody_there_is_a_failure() -> None:
    with pytest.raises(ConnectionRefusedError):
        Connection(Address("http://127.0.0.1:1")).exchange(ASK)


def test_only_a_certificate_of_a_trusted_authority_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = write_chain(tmp_path)
    with linked([FINE], context=context) as (server, link):
        with pytest.raises(FAILURES, match="CERTIFICATE_VERIFY_FAILED"):
            link.exchange(ASK)
        assert server.ended[0].wait(10)
    assert server.requests == []
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with linked([FINE], context=context) as (_, link):
        assert link.exchange(ASK) == Answer(200, b"fine")


@pytest.mark.parametrize(
    ("url", "port", "prefix", "name"),
    [
        ("http://api", 80, "", "api"),
        ("https://api/", 443, "", "api"),
        ("http://api:8000/v2/", 8000, "/v2", "api:8000"),
        ("http://[::1]:8000", 8000, "", "[::1]:8000"),
    ],
)
def test_an_address_has_a_port_and_perhaps_a_path(
    url: str, port: int, prefix: str, name: str
) -> None:
    address = Address(url)
    assert (address.port, address.prefix, address.name) == (port, prefix, name)


def test_a_call_goes_below_the_path_of_its_address_with_its_token_and_body() -> None:
    with scripted([FINE, LAST]) as server:
        sender = Sender(Address(f"{server.url}/v2/"), somebody())
        assert sender.send(call(DECK_READ)).reply.content == b"fine"
        sender.send(call(SWIPE_CREATE, {"liked": True}))
    deck, swipe = server.requests
    assert deck.startswith(b"GET /v2/api/deck HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nX-Forwarded-For: 198.18.0.7\r\n" in deck
    assert b"\r\nAuthorization: Bearer t0ken\r\n" in swipe
    assert swipe.endswith(b'\r\nContent-Length: 15\r\n\r\n{"liked": true}')


def test_a_call_without_an_answer_is_told_as_such() -> None:
    with scripted([END]) as server:
        sent = Sender(Address(server.url), somebody()).send(call(DECK_READ))
    assert sent.reply.status == UNANSWERED
    assert not sent.reply.good
    assert isinstance(sent.problem, ClosedError)
