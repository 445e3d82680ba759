"""Asking Prometheus for the values that queries of a page have now, within one deadline."""

from __future__ import annotations

import json
import math
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

PATIENCE_SECONDS = 2.0
MOST_QUERIES = 12
MOST_SERIES = 20
MOST_BYTES = 1_000_000
# Pages that ask at the same time; more of them would only make each other late.
MOST_ASKING = 4
MOST_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an answer: its labels, and its value as text."""

    labels: dict[str, str]
    value: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query gave: samples, how many more there were, or why there are none."""

    samples: tuple[Sample, ...] = ()
    left_out: int = 0
    refused: str = ""


@dataclass(slots=True)
class Answers:
    """What the queries of a page gave; `silent` says why some have no answer."""

    found: dict[str, Answer] = field(default_factory=dict)
    silent: str = ""


class Prometheus:
    """A Prometheus server, asked from threads."""

    def __init__(self, address: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Take its address; nothing connects before the first question."""
        self._address = address.rstrip("/")
        self._patience = patience_seconds
        self._asking = threading.BoundedSemaphore(MOST_ASKING)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Reading the system's certificates takes longer than asking.
        return httpx.create_ssl_context(trust_env=False)

    def ask(self, queries: Sequence[str]) -> Answers:
        """Ask for the values of now; returns in time, whatever the server does.

        The asking is done in a thread of its own, which has lost its connection by then.
        """
        answers = Answers()
        if not self._asking.acquire(blocking=False):
            answers.silent = "others are asking Prometheus; load this page again"
            return answers
        wanted = list(dict.fromkeys(queries))[:MOST_QUERIES]
        deadline = time.monotonic() + self._patience
        try:
            client = httpx.Client(verify=self._tls, trust_env=False)
            worker = threading.Thread(
                target=self._ask_all, args=(client, wanted, deadline, answers), daemon=True
            )
            worker.start()
        except Exception as error:  # noqa: BLE001  # whatever it is, the page is worth reading
            # No thread gives the place back.
            self._asking.release()
            answers.silent = f"Prometheus cannot be asked ({type(error).__name__})"
            return answers
        with closing(client):
            worker.join(self._patience)
            if not worker.is_alive():
                return answers
            # The thread may still write into the other one.
            silent = f"Prometheus took longer than {self._patience:g} s"
            return Answers(dict(answers.found), silent)

    def _ask_all(
        self, client: httpx.Client, queries: list[str], deadline: float, answers: Answers
    ) -> None:
        try:
            for query in queries:
                answers.found[query] = self._ask(client, query, deadline)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, RuntimeError, ValueError) as error:
            # The last two: the client was closed meanwhile, because time was up.
            answers.silent = f"Prometheus does not answer ({type(error).__name__})"
        finally:
            self._asking.release()

    def _ask(self, client: httpx.Client, query: str, deadline: float) -> Answer:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        # One more than is shown would do; a server that knows no limit ignores it.
        asked = {"query": query, "timeout": f"{left:.3f}", "limit": str(MOST_SERIES * 10)}
        url = f"{self._address}/api/v1/query"
        with client.stream("GET", url, params=asked, timeout=left) as response:
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    return Answer(refused="the answer is too long: aggregate the query")
                if time.monotonic() > deadline:
                    raise TimeoutError
        try:
            return _read(json.loads(body))
        except (ValueError, LookupError, TypeError, AttributeError):
            return Answer(refused=f"no answer of a Prometheus: HTTP {response.status_code}")


def _read(document: Any) -> Answer:  # noqa: ANN401  # JSON
    if document["status"] != "success":
        return Answer(refused=_cut(document["error"]))
    data = document["data"]
    result = data["result"]
    if data["resultType"] == "scalar":
        return Answer((Sample({}, _number(result[1])),))
    if data["resultType"] != "vector":
        return Answer(refused=f"a {_cut(data['resultType'])} has no value of now")
    shown = tuple(_sample(one) for one in result[:MOST_SERIES])
    return Answer(shown, len(result) - len(shown))


def _sample(one: dict[str, Any]) -> Sample:
    labels = {_cut(name): _cut(value) for name, value in one["metric"].items()}
    value = _number(one["value"][1]) if "value" in one else "histogram"
    return Sample(labels, value)


def _number(text: str) -> str:
    """Write a value with six digits; whole numbers in full."""
    value = float(text)
    if math.isfinite(value) and value == int(value) and abs(value) < 10**15:
        return str(int(value))
    return f"{value:.6g}"


def _cut(text: object) -> str:
    whole = str(text)
    return whole if len(whole) <= MOST_LETTERS else f"{whole[: MOST_LETTERS - 1]}…"
