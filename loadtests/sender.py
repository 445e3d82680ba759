"""Sending one call of a person, and noting its trace."""

from __future__ import annotations

from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from loadtests.connection import FAILURES, Connection
from loadtests.load import UNANSWERED
from loadtests.scenarios.model import Reply

if TYPE_CHECKING:
    from loadtests.connection import Address
    from loadtests.scenarios.model import Call, Person

# As many as production samples; a caller's wish counts, and all of them would be another load.
SAMPLED_SHARE = 0.1
AGENT = "petswipe-load"


class Sent(NamedTuple):
    """A reply, when it was over by perf_counter(), its trace id, and why there is no answer."""

    reply: Reply
    ended: float
    trace_id: str
    problem: Exception | None


class Sender:
    """Sends what a person calls, one call after the other, on a connection that stays open."""

    def __init__(self, address: Address, person: Person) -> None:
        """Send to this address on behalf of a person."""
        self._connection = Connection(address)
        self._prefix = address.prefix
        self._person = person
        self._chance = Random()  # noqa: S311  # ids of traces are no secret
        # A service that takes us for its proxy counts every person for himself; others ignore it.
        caller = f"X-Forwarded-For: {caller_address(person.number)}\r\n"
        self._headers = f"Host: {address.name}\r\nUser-Agent: {AGENT}\r\n{caller}"

    def send(self, call: Call) -> Sent:
        """Send a call and read its answer to the end; no answer in time is status 0."""
        trace = f"{self._chance.getrandbits(128):032x}"
        try:
            answer = self._connection.exchange(self._request(call, trace))
        except (*FAILURES, ValueError) as error:
            return Sent(Reply(call.route, UNANSWERED), perf_counter(), trace, error)
        reply = Reply(call.route, answer.status, answer.content)
        return Sent(reply, perf_counter(), trace, None)

    def _request(self, call: Call, trace: str) -> bytes:
        token = self._person.token
        # It comes from the service; what ends a header early would be a request of its own.
        if not token.isprintable():
            raise ValueError("the service gave a token that no header can carry")
        sampled = self._chance.random() < SAMPLED_SHARE
        span, kind = self._chance.getrandbits(64), call.content_type
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        content_type = f"Content-Type: {kind}\r\n" if kind else ""
        return (
            f"{call.route.method} {self._prefix}{call.path} HTTP/1.1\r\n{self._headers}"
            f"traceparent: 00-{trace}-{span:016x}-0{sampled:d}\r\n"
            f"{authorization}{content_type}Content-Length: {len(call.body)}\r\n\r\n"
        ).encode("latin-1", "replace") + call.body


def caller_address(number: int) -> str:
    """Return an address of RFC 2544's range for tests of performance, which nobody else has."""
    return f"198.{18 + (number >> 16) % 2}.{number >> 8 & 255}.{number & 255}"
