"""Checking, before any load, that a URL is the API and has every operation of the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from app.telemetry.catalog import OPENAPI
from loadtests.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.telemetry.model import Route

TIMEOUT_SECONDS = 10.0


def check_target(url: str, steps: Sequence[Route]) -> None:
    """Raise MisuseError unless the API at `url` documents every step."""
    try:
        answer = httpx.get(url.rstrip("/") + OPENAPI.template, timeout=TIMEOUT_SECONDS)
        paths = answer.raise_for_status().json()["paths"]
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise MisuseError(f"{url!r} is no address like http://localhost:8000") from None
    except httpx.HTTPError as error:
        raise MisuseError(f"the API at {url} does not answer: {error}") from None
    except (ValueError, KeyError, TypeError):
        raise MisuseError(f"what answers at {url} has no OpenAPI document") from None
    for step in steps:
        if step.method.lower() not in paths.get(step.template, {}):
            raise MisuseError(f"the API at {url} has no {step.operation}")
