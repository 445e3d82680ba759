"""What a signal is made of: PromQL, and backwards, series that would give it a value.

Every aggregation writes both, so that each alert can be rehearsed at, above and below its threshold
with nothing but its declaration.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from alerts.samples import Course

NOTHING = timedelta(0)


class Aggregation(Protocol):
    """What a signal is made of."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that its series keep."""

    @property
    def window(self) -> timedelta:
        """How far back it looks; nothing for what is read as it is now."""

    def expression(self) -> str:
        """Write it as PromQL."""

    def example(self, course: Course) -> dict[str, str]:
        """Return series, in promtool's notation, from which it takes the values of a course."""


def by(labels: tuple[str, ...]) -> str:
    """Write what an aggregation keeps, like `by (job)`."""
    return f"by ({', '.join(labels)})"
