"""A client of Prometheus' HTTP API that never mistakes silence for an answer.

Thanos, Mimir and VictoriaMetrics speak it as well; the address then has their prefix.

PrometheusError
 ├ WrongAddressError   what answers there is no Prometheus, or the address is none
 │  └ RefusedError     it is one, and wants to know who asks
 ├ UnreachableError    nobody answers, or not in time
 ├ PartialAnswerError  it answers, but a part of the data could not be read
 ├ QueryError          Prometheus refuses the query
 └ NoDataError         it answers, but not with the one number that was asked for
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

import httpx

from slo.addresses import wrong_address
from slo.answers import NOT_READY, WHO_ASKS, gave_up, is_from_prometheus, missing
from slo.bodies import TooLongError, read_body
from slo.queries import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path
    from types import TracebackType

TIMEOUT_SECONDS = 10.0
# A hundred series of as many points as Prometheus gives have 30 MB.
MOST_BYTES = 128 * 1024 * 1024


class PrometheusError(Exception):
    """Base of what can go wrong; the text is one sentence."""


class WrongAddressError(PrometheusError):
    """The address is malformed, or something else than Prometheus lives there."""


class RefusedError(WrongAddressError):
    """The server does not answer to whoever asks."""


class UnreachableError(PrometheusError):
    """Nobody answers in time, or Prometheus itself gave up."""


class PartialAnswerError(PrometheusError):
    """The answer was made without a part of the data: a store or a replica was not there."""


class QueryError(PrometheusError):
    """Prometheus refuses the query."""


class NoDataError(PrometheusError):
    """The answer is empty, several series, or not a finite number."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a range: its labels and its (unix seconds, value) points."""

    labels: dict[str, str]
    points: list[tuple[float, float]]


class Prometheus:
    """A connection to one Prometheus-compatible server; close it, or use it in `with`."""

    def __init__(
        self,
        url: str,
        timeout: float = TIMEOUT_SECONDS,
        *,
        headers: Mapping[str, str] | None = None,
        authorization: str = "",
        ca_file: Path | None = None,
    ) -> None:
        """Check the address; nothing is sent yet.

        `timeout` is in seconds. `authorization` is the value of that header, which is shown
        nowhere. With `ca_file`, the authorities in it are trusted and no others. Raises
        WrongAddressError for no address, one that has a secret in it, an authorization that
        everybody on the way could read, and no certificates in the file.
        """
        if problem := wrong_address(url, secret=bool(authorization)):
            raise WrongAddressError(problem)
        self.url = url.rstrip("/")
        self._timeout = timeout
        # How many questions it was asked.
        self.asked = 0
        sent = {**(headers or {}), **({"Authorization": authorization} if authorization else {})}
        trusted = _trusting(ca_file) if ca_file else True
        self._client = httpx.Client(timeout=timeout, trust_env=False, headers=sent, verify=trusted)

    def __enter__(self) -> Self:
        """Enter a block that closes the connection."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._client.close()

    def check(self) -> None:
        """Raise WrongAddressError or UnreachableError unless this is a Prometheus that answers."""
        self.number("vector(1)")

    def number(self, query: str, at: datetime | None = None) -> Fraction:
        """Evaluate a query that gives one number.

        Raises NoDataError for no series, several series, NaN and infinity.
        """
        result = self.vector(query, at)
        if len(result) != 1:
            how = "no series" if not result else f"{len(result)} series in place of one"
            raise NoDataError(f"the query gives {how}: {query}")
        (value,) = result.values()
        return _finite(value, query)

    def numbers(
        self, query: str, by: Sequence[str], at: datetime | None = None
    ) -> dict[tuple[tuple[str, str], ...], Fraction]:
        """Evaluate a query that gives one number a group, or one number if there are no groups.

        Raises NoDataError like `number`, and for two series of one group.
        """
        if not by:
            return {(): self.number(query, at)}
        found: dict[tuple[tuple[str, str], ...], Fraction] = {}
        for labels, value in self.vector(query, at).items():
            group = tuple((label, dict(labels).get(label, "")) for label in by)
            if group in found:
                raise NoDataError(f"the query gives several series of {dict(group)}: {query}")
            found[group] = _finite(value, query)
        if not found:
            raise NoDataError(f"the query gives no series: {query}")
        return found

    def vector(
        self, query: str, at: datetime | None = None
    ) -> dict[tuple[tuple[str, str], ...], str]:
        """Evaluate a query; maps the sorted labels of each series to its value as written."""
        parameters = {"query": query}
        if at is not None:
            parameters["time"] = timestamp(at)
        data = self._get("/api/v1/query", parameters)
        if data.get("resultType") != "vector":
            raise QueryError(f"the query gives a {data.get('resultType')}, not a vector: {query}")
        return {tuple(sorted(x["metric"].items())): x["value"][1] for x in data["result"]}

    def range(self, query: str, start: datetime, end: datetime, step: timedelta) -> list[Series]:
        """Evaluate a query at every step of a window."""
        parameters = {
            "query": query,
            "start": timestamp(start),
            "end": timestamp(end),
            "step": str(step.total_seconds()),
        }
        data = self._get("/api/v1/query_range", parameters)
        return [
            Series(x["metric"], [(float(t), float(v)) for t, v in x["values"]])
            for x in data["result"]
        ]

    def _get(self, path: str, parameters: dict[str, str]) -> dict[str, Any]:
        self.asked += 1
        try:
            answer = self._answer(path, parameters)
        except httpx.TimeoutException:
            raise UnreachableError(f"Prometheus at {self.url} does not answer in time") from None
        except TooLongError as error:
            raise UnreachableError(
                f"Prometheus at {self.url} answers without end: {error}"
            ) from None
        except httpx.HTTPError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise WrongAddressError(
                    f"the certificate of {self.url} is not trusted: {error}"
                ) from None
            raise UnreachableError(f"Prometheus at {self.url} is not reachable: {error}") from None
        document = self._document(answer)
        if gave_up(document, answer.status_code):
            raise UnreachableError(f"Prometheus at {self.url} gave up: {document.get('error')}")
        if document.get("status") != "success":
            raise QueryError(f"Prometheus refuses {parameters['query']}: {document.get('error')}")
        if lacking := missing(document):
            raise PartialAnswerError(
                f"Prometheus at {self.url} answers from a part of the data: {lacking}"
            )
        data: dict[str, Any] = document["data"]
        return data

    def _answer(self, path: str, parameters: dict[str, str]) -> httpx.Response:
        """Read an answer whole in the time for it."""
        latest = time.monotonic() + self._timeout
        with self._client.stream("POST", self.url + path, data=parameters) as answer:
            body = read_body(answer, MOST_BYTES, latest)
        return httpx.Response(answer.status_code, content=body)

    def _document(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.status_code in WHO_ASKS:
            raise RefusedError(
                f"{self.url} does not answer to these credentials: HTTP {answer.status_code}"
            )
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not is_from_prometheus(document):
            if answer.status_code in NOT_READY:
                raise UnreachableError(
                    f"Prometheus at {self.url} is not ready: HTTP {answer.status_code}"
                )
            raise WrongAddressError(
                f"what answers at {self.url} is no Prometheus: HTTP {answer.status_code}"
            )
        return document


def _trusting(ca_file: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        said = error.strerror or "no certificate in it can be read"
        raise WrongAddressError(f"{ca_file} names no authority to trust: {said}") from None


def _finite(value: str, query: str) -> Fraction:
    try:
        return Fraction(value)
    except ValueError:
        raise NoDataError(f"the query gives {value}: {query}") from None
