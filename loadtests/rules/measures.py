"""What a rule measures: on the side of the client, or by a query to the server's Prometheus.

Each has the unit of its limits, and says in which direction it gets worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from app.telemetry.catalog import ROUTES
from loadtests.load import ALL
from loadtests.rules.queries import problems
from loadtests.rules.units import Quantity, RuleError, Unit, refuse_unit
from slo.specs.locate import meant, shown

if TYPE_CHECKING:
    from slo.model import Slo

OPERATIONS = tuple(route.operation for route in ROUTES)
# The histogram of the generator ends there, and no request over a network is as fast.
LONGEST = Fraction(60)
SHORTEST = Fraction(1, 1000)


class Worse(StrEnum):
    """In which direction a measure gets worse."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class _OfRequests:
    """Something about the requests of one operation, or of all together."""

    operation: str

    def __post_init__(self) -> None:
        """Refuse an operation that the service does not have."""
        if self.operation not in (ALL, *OPERATIONS):
            raise RuleError(
                f"there is no operation {shown(self.operation)}; "
                f"{meant(self.operation, (*OPERATIONS, ALL))}",
                "operation",
            )


@dataclass(frozen=True, slots=True)
class Under(_OfRequests):
    """The share of requests that are answered well within a threshold."""

    unit: ClassVar = Unit.RATIO
    worse: ClassVar = Worse.LOWER

    threshold: Quantity

    def __post_init__(self) -> None:
        """Refuse a threshold that no latency is measured at."""
        _OfRequests.__post_init__(self)
        refuse_latency(self.threshold, "under")


@dataclass(frozen=True, slots=True)
class Quantile(_OfRequests):
    """The latency that a share of the requests stays within, from their intended start."""

    unit: ClassVar = Unit.SECONDS
    worse: ClassVar = Worse.HIGHER

    share: Fraction

    def __post_init__(self) -> None:
        """Refuse a share outside of 0 to 1; 0.95 is the 95th percentile."""
        _OfRequests.__post_init__(self)
        if not 0 < self.share < 1:
            percent = f"did you mean {float(self.share) / 100:g}?"
            right = percent if 1 < self.share < 100 else "a share like 0.95"
            raise RuleError(
                f"{float(self.share):g} is no quantile between 0 and 1; {right}", "quantile"
            )


@dataclass(frozen=True, slots=True)
class Errors(_OfRequests):
    """The share of requests that fail, those without an answer included."""

    unit: ClassVar = Unit.RATIO
    worse: ClassVar = Worse.HIGHER


@dataclass(frozen=True, slots=True)
class Rate(_OfRequests):
    """The answered requests a second."""

    unit: ClassVar = Unit.PER_SECOND
    worse: ClassVar = Worse.LOWER


@dataclass(frozen=True, slots=True)
class OfSlo:
    """The share of good events of a service level, as the server counts them."""

    unit: ClassVar = Unit.RATIO
    worse: ClassVar = Worse.LOWER

    slo: Slo


@dataclass(frozen=True, slots=True)
class Query:
    """One number of PromQL; `{{.window}}` in it stands for the length of what is judged."""

    expression: str
    unit: Unit
    worse: Worse

    def __post_init__(self) -> None:
        """Refuse what is no PromQL, names what nobody emits, or gives other than one number."""
        if found := problems(self.expression):
            raise RuleError("; ".join(found), "query")


Measure = Under | Quantile | Errors | Rate | OfSlo | Query


def refuse_latency(given: Quantity, field: str) -> None:
    """Raise RuleError for a latency in another unit, or beyond what the generator can record."""
    refuse_unit(given, Unit.SECONDS, field)
    if given.value > LONGEST:
        raise RuleError(
            f"{given} lies beyond the {LONGEST} s that are recorded; "
            f"did you mean {float(given.value):g} ms?",
            field,
        )
    if given.value < SHORTEST:
        raise RuleError(
            f"{given} is less than any request takes; "
            f"did you mean {float(given.value) * 1000:g} s?",
            field,
        )
