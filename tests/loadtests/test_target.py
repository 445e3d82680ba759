"""Checking a URL before any load is sent."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from app.telemetry.catalog import DECK_READ, LOG_IN, SWIPE_CREATE
from loadtests.errors import MisuseError
from loadtests.scenarios.registry import SCENARIOS
from loadtests.target import MOST_BYTES, check_target
from tests.loadtests.gates import gate
from tests.loadtests.servers import document, documented, server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OPERATIONS = SCENARIOS["swipe-hot-path"].operations


def test_an_api_with_every_operation_passes() -> None:
    everything = [route for each in SCENARIOS.values() for route in each.operations]
    with server(json.dumps(documented(everything)).encode()) as url:
        check_target(url, everything)
        check_target(url + "/", everything)


def test_an_api_without_an_operation_is_named_with_what_may_be_meant() -> None:
    with (
        server(document(SWIPE_CREATE.template)) as url,
        pytest.raises(MisuseError, match="has no POST /api/swipes: did you mean") as raised,
    ):
        check_target(url, OPERATIONS)
    assert str(raised.value).count("\n") == 0


def take_nothing(operation: dict[str, Any]) -> None:
    del operation["requestBody"]


def take_a_form(operation: dict[str, Any]) -> None:
    operation["requestBody"]["content"] = {"multipart/form-data": {}}


def answer_less(operation: dict[str, Any]) -> None:
    del operation["responses"]["200"]


def answer_only_problems(operation: dict[str, Any]) -> None:
    operation["responses"] = {"404": {}, "default": {}}


def say_nothing(operation: dict[str, Any]) -> None:
    operation.clear()


def say_odd_things(operation: dict[str, Any]) -> None:
    operation.update(requestBody=[], responses="200")


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        (take_nothing, ["which takes nothing and not application/json"]),
        (take_a_form, ["which takes 'multipart/form-data' and not application/json"]),
        (answer_less, ["which answers '201' and not 200"]),
        (
            answer_only_problems,
            [f"which answers '404, default' and not {status}" for status in SWIPE_CREATE.success],
        ),
        (say_nothing, ["takes nothing", "answers nothing and not 201", "not 200"]),
        (say_odd_things, ["takes nothing", "answers nothing and not 201", "not 200"]),
    ],
)
def test_an_operation_that_is_not_what_will_be_called_is_said(
    change: Callable[[dict[str, Any]], None], sentences: list[str]
) -> None:
    changed = documented()
    change(changed["paths"][SWIPE_CREATE.template]["post"])
    with server(json.dumps(changed).encode()) as url, pytest.raises(MisuseError) as raised:
        check_target(url, OPERATIONS)
    lines = str(raised.value).splitlines()
    assert len(lines) == len(sentences)
    for line, sentence in zip(lines, sentences, strict=True):
        assert line.startswith(f"the API at {url} has POST /api/swipes, ")
        assert sentence in line


def test_everything_that_is_wrong_is_said_at_once() -> None:
    changed = documented()
    answer_less(changed["paths"][DECK_READ.template]["get"])
    take_a_form(changed["paths"][LOG_IN.template]["post"])
    del changed["paths"][SWIPE_CREATE.template]
    with server(json.dumps(changed).encode()) as url, pytest.raises(MisuseError) as raised:
        check_target(url, OPERATIONS)
    said = [line.removeprefix(f"the API at {url} has ") for line in str(raised.value).splitlines()]
    assert [line.partition(",")[0].partition(":")[0] for line in said] == [
        LOG_IN.operation,
        DECK_READ.operation,
        f"no {SWIPE_CREATE.operation}",
    ]


def widen_media(operation: dict[str, Any]) -> None:
    operation["requestBody"]["content"] = {"Application/*": {}}


def name_a_charset(operation: dict[str, Any]) -> None:
    operation["requestBody"]["content"] = {"application/json; charset=utf-8": {}}


def widen_statuses(operation: dict[str, Any]) -> None:
    operation["responses"] = {"2XX": {}}


@pytest.mark.parametrize("change", [widen_media, name_a_charset, widen_statuses])
def test_other_ways_of_saying_the_same_pass(change: Callable[[dict[str, Any]], None]) -> None:
    changed = documented()
    change(changed["paths"][SWIPE_CREATE.template]["post"])
    changed["paths"][SWIPE_CREATE.template]["summary"] = "beside the methods"
    with server(json.dumps(changed).encode()) as url:
        check_target(url, OPERATIONS)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>", 200),
        (b"[]", 200),
        (b"", 200),
        (b"\xff\xfe", 200),
        (b'{"paths": []}', 200),
        (b'{"paths": {"/api/deck": null}}', 200),
        (b"[" * 200_000, 200),
        (b"{}", 404),
        (document(), 500),
    ],
)
def test_something_else_than_the_api_is_misuse(body: bytes, status: int) -> None:
    with server(body, status) as url, pytest.raises(MisuseError, match=url):
        check_target(url, OPERATIONS)


def test_a_redirect_is_not_followed_but_told() -> None:
    with (
        server(document()) as there,
        server(b"", 308, {"Location": f"{there}/openapi.json"}) as url,
        pytest.raises(MisuseError, match=f"redirects to '{there}/openapi.json'"),
    ):
        check_target(url, OPERATIONS)


def test_more_than_a_document_is_not_read() -> None:
    with (
        server(b" " * (MOST_BYTES + 1)) as url,
        pytest.raises(MisuseError, match="that is not the API"),
    ):
        check_target(url, OPERATIONS)


def test_a_server_that_never_answers_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(MisuseError, match=f"{url} does not answer"):
            check_target(url, OPERATIONS, timeout=0.2)


def test_a_document_that_comes_byte_by_byte_is_not_waited_for() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    done = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):
            connection.sendall(head)
            while not done.wait(0.05):
                connection.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=[listener])
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with pytest.raises(MisuseError, match="has not come within 1 s"):
                check_target(url, OPERATIONS, timeout=0.5)
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("url", ["https://me:s3cret@127.0.0.1:1", "http://me:s3cret/s3cret@host"])
def test_a_password_in_an_address_is_not_told(url: str, tmp_path: Path) -> None:
    ended = gate(
        tmp_path,
        *("run", "--host", url, "--prometheus-url", "http://127.0.0.1:1"),
        *("--scenario", "signup-wave"),
    )
    assert ended.code == 2, ended.said
    assert "s3cret" not in ended.said


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://127.0.0.1:1", "http://["])
def test_an_address_where_nobody_answers_is_misuse(url: str) -> None:
    with pytest.raises(MisuseError):
        check_target(url, OPERATIONS)
