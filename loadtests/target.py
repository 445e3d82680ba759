"""Checking, before any load, that a URL is the API and takes every call of the scenario."""

from __future__ import annotations

import json
from time import monotonic
from typing import TYPE_CHECKING, Any

import httpx

from app.telemetry.catalog import OPENAPI
from loadtests.errors import MisuseError
from loadtests.scenarios.model import body_type
from slo.bodies import TooLongError, TooSlowError, read_body
from slo.specs.locate import meant, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.telemetry.model import Route

# For every wait; all of it may take twice as long.
TIMEOUT_SECONDS = 10.0
# Ours has 130 KB.
MOST_BYTES = 8 * 1024 * 1024
# Small on the wire must not become large here.
PLAIN = {"Accept-Encoding": "identity"}


def check_target(url: str, operations: Sequence[Route], timeout: float = TIMEOUT_SECONDS) -> None:
    """Raise MisuseError unless the API at `url` documents every operation as it will be called.

    That is its method and path, the media type of its body, and every status that counts as
    success. All that is wrong is said at once, a line each. `timeout` is in seconds.
    """
    documented = _operations(_read(url, timeout), url)
    problems: list[str] = []
    for route in operations:
        if route.operation in documented:
            problems += _differences(route, documented[route.operation])
        else:
            problems.append(f"no {route.operation}: {meant(route.operation, list(documented))}")
    if problems:
        raise MisuseError("\n".join(f"the API at {url} has {problem}" for problem in problems))


def _read(url: str, timeout: float) -> bytes:
    address = url.rstrip("/") + OPENAPI.template
    try:
        with httpx.stream("GET", address, timeout=timeout, headers=PLAIN) as answer:
            if answer.has_redirect_location:
                to = shown(answer.headers["location"])
                raise MisuseError(f"{address} redirects to {to}: give the address it has there")
            return read_body(answer.raise_for_status(), MOST_BYTES, monotonic() + 2 * timeout)
    except TooLongError:
        raise MisuseError(f"{address} has over {MOST_BYTES} bytes: that is not the API") from None
    except TooSlowError:
        raise MisuseError(f"{address} has not come within {2 * timeout:g} s") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        # Before an @ there may be a password, whatever it makes of the address.
        told = "the address" if "@" in url else repr(url)
        raise MisuseError(f"{told} is no address like http://localhost:8000") from None
    except httpx.HTTPError as error:
        raise MisuseError(f"the API at {url} does not answer: {error}") from None


def _operations(content: bytes, url: str) -> dict[str, Any]:
    """Return what a document says about each operation, by names like `POST /api/swipes`."""
    try:
        paths = json.loads(content)["paths"]
        return {
            f"{method.upper()} {path}": operation
            for path, methods in paths.items()
            for method, operation in methods.items()
            # Next to methods stand texts and lists about all of them.
            if isinstance(operation, dict)
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise MisuseError(f"what answers at {url} has no OpenAPI document") from None


def _differences(route: Route, operation: dict[str, Any]) -> Iterator[str]:
    """Say what a call of this operation has, or counts as success, and the document lacks."""
    sent, taken = body_type(route), _names(operation, "requestBody", "content")
    if sent and not {sent, f"{sent.partition('/')[0]}/*", "*/*"} & {_plain(name) for name in taken}:
        yield f"{route.operation}, which takes {_list(taken)} and not {sent}"
    answered = _names(operation, "responses")
    for status in map(str, route.success):
        if not {status, f"{status[0]}xx"} & {name.lower() for name in answered}:
            yield f"{route.operation}, which answers {_list(answered)} and not {status}"


def _names(document: object, *path: str) -> list[str]:
    """Return the names in a part of a document, none where it has no such part."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return list(document) if isinstance(document, dict) else []


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _list(names: Sequence[str]) -> str:
    return shown(", ".join(names)) if names else "nothing"
