"""The real service with a small catalogue, and somebody who follows scripts on it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import pytest

from app.seed.adopters import adopter_email
from app.seed.catalogue import Catalogue, build_catalogue
from app.seed.load import load
from loadtests.scenarios.model import Call, Person, Reply, Scenario, body_type

# The servers and the application as the tests of the service have them.
from tests.app.conftest import (  # noqa: F401  # fixtures
    anyio_backend,
    key_file,
    migrated,
    no_settings,
    open_api,
    s3,
    servers,
    settings,
    settings_for,
)
from tests.app.gallery import gallery, with_storage  # noqa: F401  # fixtures

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from app.telemetry.model import Route
    from loadtests.scenarios.model import Script
    from slo.indicators import LatencySli, RatioSli
    from slo.promql import Matcher
    from tests.app.conftest import Api
    from tests.app.gallery import Gallery

PASSWORD = "a long and good one"
PETS = 150
ADOPTERS = 3
ROUNDS = 4


@dataclass
class Town:
    """The service, who lives there, and all that they have called and been answered."""

    api: Api
    shelters: list[str]
    replies: list[Reply] = field(default_factory=list)
    # The next answers of these are lost on the way; the service has done what it was asked.
    lose: set[Route] = field(default_factory=set)

    def person(self, scenario: Scenario, number: int = 0) -> Person:
        """Return somebody who may follow the scenario."""
        email = self.shelters[number] if scenario.shelters else adopter_email(number)
        chance = Random(number)  # noqa: S311  # no secret
        return Person(number, email if scenario.accounts else "", PASSWORD, chance)

    async def follow(self, script: Script, person: Person) -> list[Reply]:
        """Follow a script to its end and return the answers."""
        before = len(self.replies)
        what = next(script, None)
        while what is not None:
            reply = await self._send(what, person)
            try:
                what = script.send(reply)
            except StopIteration:
                what = None
        return self.replies[before:]

    async def _send(self, what: Call, person: Person) -> Reply:
        route = what.route
        assert what.content_type.partition(";")[0] == body_type(route)
        headers = {"Content-Type": what.content_type} if what.content_type else {}
        if person.token:
            headers["Authorization"] = f"Bearer {person.token}"
        answer = await self.api.client.request(
            route.method, what.path, content=what.body, headers=headers
        )
        reply = Reply(route, answer.status_code, answer.content)
        if route in self.lose:
            self.lose.remove(route)
            reply = Reply(route, 0)
        self.replies.append(reply)
        return reply

    def statuses(self) -> dict[str, Counter[int]]:
        """Count the answers of every operation that was called."""
        counts: dict[str, Counter[int]] = {}
        for reply in self.replies:
            counts.setdefault(reply.route.operation, Counter())[reply.status] += 1
        return counts

    def events(
        self, sli: RatioSli | LatencySli, registry: CollectorRegistry | None = None
    ) -> float:
        """Count the events that the API, or another process, has counted for an indicator."""
        return sum(
            sample.value
            for family in (registry or self.api.held.instruments.registry).collect()
            for sample in family.samples
            if sample.name == sli.total.series and _fits(sample.labels, sli.total.matchers)
        )


def _fits(labels: dict[str, str], matchers: tuple[Matcher, ...]) -> bool:
    """Match as Prometheus does; which job it is, only the scrape knows."""
    return all(_holds(m, labels.get(m.label, "")) for m in matchers if m.label != "job")


def _holds(matcher: Matcher, value: str) -> bool:
    if "~" in matcher.operator:
        found = re.fullmatch(matcher.value, value) is not None
    else:
        found = matcher.value == value
    return found != matcher.operator.startswith("!")


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return build_catalogue(PETS, 1)


@pytest.fixture
async def town(gallery: Gallery, catalogue: Catalogue) -> Town:  # noqa: F811  # the fixture
    engine = gallery.api.held.engine
    await load(engine, catalogue, ADOPTERS, PASSWORD, ROUNDS)
    return Town(gallery.api, [shelter.email for shelter in catalogue.shelters])
