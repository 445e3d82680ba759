"""What an accident of a gate is, and the files that some of them are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.loadtests.gates import RULES
from tests.loadtests.scraping import wait_for

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.loadtests.pretend import Pretended
    from tests.loadtests.scraping import Scraping

MISUSE, UNDECIDED = 2, 3
QUANTILE = "kind: quantile, operation: POST /api/swipes, quantile: 0.95"
AT_MOST = "at_most: {fail: 150 ms}"


@dataclass(frozen=True, slots=True)
class World:
    """What a gate runs in."""

    server: Pretended
    prometheus: Scraping
    process: subprocess.Popen[str]

    def sent(self, requests: int) -> None:
        """Wait until so many more requests of the load have arrived."""
        wanted = self.server.loaded + requests
        wait_for(lambda: self.server.loaded >= wanted, "under load")


@dataclass(frozen=True, slots=True)
class Accident:
    """One input: why a tool may pass on it, and how the gate ends instead.

    `before` spoils the server, `during` happens once the load is under way; `options` come last on
    the command line, so that they replace the good ones.
    """

    name: str
    why: str
    code: int
    says: str
    options: tuple[str, ...] = ()
    rules: str = RULES
    waivers: str = ""
    before: Callable[[Pretended], None] | None = None
    during: Callable[[World], None] | None = None

    @property
    def alone(self) -> bool:
        """Tell whether it needs servers that nobody else looks at."""
        return self.before is not None or self.during is not None


def rule(measure: str, limit: str, over: str = "run") -> str:
    return f"""
version: 1
rules:
  - id: swipe-p95
    reason: An adopter waits.
    over: {over}
    measure: {{{measure}}}
    limit: {{{limit}}}
"""


def query(expression: str) -> str:
    words = f"kind: query, query: '{expression}', unit: '%', shape: number, worse: lower"
    return rule(words, "at_least: {fail: 85 %}")


def waiver(days: int, *rules: str) -> str:
    """Write a waiver that ends so many days from now."""
    today = datetime.now(UTC).date()
    first = min(today, today + timedelta(days=days - 1))
    return f"""
version: 1
waivers:
  - id: known-to-be-slow
    owner: ada
    approver: grace
    reason: It is repaired on Thursday.
    rules: [{", ".join(rules)}]
    from: {first}
    expires: {today + timedelta(days=days)}
"""
