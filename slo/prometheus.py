"""A client of Prometheus' HTTP API that never mistakes silence for an answer.

PrometheusError
 ├ WrongAddressError   what answers there is no Prometheus, or the address is none
 ├ UnreachableError    nobody answers, or not in time
 ├ QueryError          Prometheus refuses the query
 └ NoDataError         it answers, but not with the one number that was asked for
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self, TypeGuard

import httpx

from slo.queries import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta
    from types import TracebackType

TIMEOUT_SECONDS = 10.0
# What Prometheus says while it starts, and a proxy while nothing is behind it.
NOT_READY = (502, 503, 504)
# It was reached, but has no answer for now; asking again may help, another query need not.
GAVE_UP = ("timeout", "canceled", "unavailable", "internal")


class PrometheusError(Exception):
    """Base of what can go wrong; the text is one sentence."""


class WrongAddressError(PrometheusError):
    """The address is malformed, or something else than Prometheus lives there."""


class UnreachableError(PrometheusError):
    """Nobody answers in time, or Prometheus itself gave up."""


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

    def __init__(self, url: str, timeout: float = TIMEOUT_SECONDS) -> None:
        """Check the address; raises WrongAddressError when it is none."""
        try:
            parsed = httpx.URL(url)
            # httpx passes on host names that no resolver takes, like a label of 64 letters.
            parsed.host.encode("idna")
        except (httpx.InvalidURL, UnicodeError) as error:
            raise WrongAddressError(f"{url!r} is no address: {error}") from None
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise WrongAddressError(f"{url!r} is no address like http://localhost:9090")
        self.url = url.rstrip("/")
        # How many questions it was asked.
        self.asked = 0
        self._client = httpx.Client(timeout=timeout, trust_env=False)

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
            answer = self._client.post(self.url + path, data=parameters)
        except httpx.TimeoutException:
            raise UnreachableError(f"Prometheus at {self.url} does not answer in time") from None
        except httpx.HTTPError as error:
            raise UnreachableError(f"Prometheus at {self.url} is not reachable: {error}") from None
        document = self._document(answer)
        if document.get("errorType") in GAVE_UP:
            raise UnreachableError(f"Prometheus at {self.url} gave up: {document.get('error')}")
        if document.get("status") != "success":
            raise QueryError(f"Prometheus refuses {parameters['query']}: {document.get('error')}")
        data: dict[str, Any] = document["data"]
        return data

    def _document(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not _is_from_prometheus(document):
            if answer.status_code in NOT_READY:
                raise UnreachableError(
                    f"Prometheus at {self.url} is not ready: HTTP {answer.status_code}"
                )
            raise WrongAddressError(
                f"what answers at {self.url} is no Prometheus: HTTP {answer.status_code}"
            )
        return document


def _finite(value: str, query: str) -> Fraction:
    try:
        return Fraction(value)
    except ValueError:
        raise NoDataError(f"the query gives {value}: {query}") from None


def _is_from_prometheus(document: object) -> TypeGuard[dict[str, Any]]:
    """Say whether it is an answer or a refusal of Prometheus; many services have a `status`."""
    return isinstance(document, dict) and (
        isinstance(document.get("data"), dict) or "errorType" in document
    )
