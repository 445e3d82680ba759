"""Following a script with answers that a test makes up."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from loadtests.scenarios.model import Person, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.scenarios.model import Call, Script

TOKEN = b'{"access_token": "t", "expires_in": 3600}'
MOST_CALLS = 100


def somebody(email: str = "", number: int = 7, seed: str = "") -> Person:
    chance = Random(f"{seed} {number}")  # noqa: S311  # no secret
    return Person(number, email, "a long and good one", chance)


def follow(script: Script, answer: Callable[[Call], Reply]) -> list[Call]:
    calls: list[Call] = []
    what = next(script, None)
    while what is not None:
        calls.append(what)
        assert len(calls) < MOST_CALLS, "a script without an end"
        try:
            what = script.send(answer(what))
        except StopIteration:
            break
    return calls


def answering(status: int, content: bytes = b"") -> Callable[[Call], Reply]:
    return lambda what: Reply(what.route, status or what.route.success[0], content)
