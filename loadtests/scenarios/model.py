"""What a scenario is: scripts of what a person does, without a word about when and how it is sent.

A script yields a Call and is sent its Reply, so that the same script can be driven by planned
arrivals, by people who pause between calls, and by a test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urlencode

from app.telemetry.catalog import AVATAR_WRITE, UPLOAD

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from app.telemetry.model import Route

JSON = "application/json"
FORM = "multipart/form-data"
# What takes a file; all other writes take JSON.
FORMS = (AVATAR_WRITE, UPLOAD)
WRITES = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True)
class Call:
    """One request: an operation, what fills the places of its template, and what it carries."""

    route: Route
    places: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""

    @property
    def path(self) -> str:
        """Return the path and the query as they go over the wire."""
        path = self.route.template
        for name, value in self.places.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return f"{path}?{urlencode(self.query)}" if self.query else path


def body_type(route: Route) -> str:
    """Return the media type that calls of this operation carry, empty for none."""
    if route in FORMS:
        return FORM
    return JSON if route.method in WRITES else ""


def call(route: Route, document: object = None, **places: str) -> Call:
    """Return a call that carries a JSON document, or nothing."""
    if document is None:
        return Call(route, places)
    return Call(route, places, body=json.dumps(document).encode(), content_type=JSON)


@dataclass(frozen=True)
class Reply:
    """The answer to a call; status 0 is none at all, and nobody knows whether the call was done."""

    route: Route
    status: int
    content: bytes = b""

    @property
    def good(self) -> bool:
        """Tell whether the operation did what was asked."""
        return self.status in self.route.success

    @cached_property
    def document(self) -> Any:  # noqa: ANN401  # parsed JSON
        """Return the body of a good answer, else None; None too for what is no JSON."""
        try:
            return json.loads(self.content) if self.good and self.content else None
        # A page of some proxy, or nesting that no service of ours sends.
        except (ValueError, RecursionError):
            return None


Script: TypeAlias = Generator[Call, Reply, None]


@dataclass(slots=True)
class Person:
    """Somebody who uses the service: an account, chances of their own, and a token once logged in.

    `number` counts the people of a run from 0; without accounts in the scenario `email` is empty.
    Every call goes with the token of its moment. A token is renewed after `fresh_until`, by
    monotonic(). Some bring a companion along, who acts through them.
    """

    number: int
    email: str
    password: str = field(repr=False)
    chance: Random
    token: str = field(default="", repr=False)
    fresh_until: float = 0.0
    companion: Person | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """What people do: `prepare` before the load, once each, and `act` for as long as it lasts.

    `operations` are all that both call, checked against the service before the first request;
    `slos` are the ids of the service levels that it gives events to. `accounts` says that it takes
    accounts which are there already, and `shelters` that these are not adopters' but shelters'.
    """

    name: str
    description: str
    operations: tuple[Route, ...]
    slos: tuple[str, ...]
    prepare: Callable[[Person], Script]
    act: Callable[[Person], Script]
    accounts: bool = True
    shelters: bool = False
    # Requests per second that a service on two cores carries; passwords and pictures cost most.
    rate: float = 100.0
