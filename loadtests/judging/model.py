"""What judging says: checks that make a run evidence, and one row for every rule and step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from loadtests.rules.model import Rule
    from loadtests.waivers.model import Waiver


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must be so for a run to be evidence; `detail` says what was found."""

    id: str
    title: str
    passed: bool
    detail: str


class Status(StrEnum):
    """What became of a rule, worst first."""

    FAILED = "failed"
    UNDECIDED = "undecided"
    WARNED = "warned"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class BaselineValue:
    """What a rule measured when the baseline was taken, in its unit, and the interval around it.

    A measure without an interval has all three the same.
    """

    low: float
    value: float
    high: float


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule, judged over the run or over one step.

    `measured`, `low` and `high` are in the rule's unit (seconds, share of 1, per second, count) and
    None where there is no number. `limit` and `warning` are phrases like `at most 150 ms`.
    `compared` is the value of the baseline. `samples` are the events behind it, `minimum` how many
    it takes. `query` gives the number again; empty where the generator measured it. `why` is one
    sentence.
    """

    rule: Rule
    over: str
    status: Status
    measured: float | None
    low: float | None
    high: float | None
    limit: str
    warning: str
    compared: float | None
    samples: float | None
    minimum: int | None
    started: datetime | None
    ended: datetime | None
    query: str
    why: str
    flaky: bool = False
    waiver: Waiver | None = None


# By the id of a rule, and by what it was judged over: `run`, or the name of a step.
Baseline: TypeAlias = "Mapping[tuple[str, str], BaselineValue]"
