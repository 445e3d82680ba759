"""How a cost grows with a size: the points of all rounds, and a line through them."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from statistics import linear_regression, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Trend:
    """A cost by size."""

    name: str
    unit: str
    # What is counted by the sizes, in the plural.
    over: str
    # A size, and what it cost in each round.
    points: Sequence[tuple[float, Sequence[float]]]
    # Whether the line is fitted over tenfolds of the size instead of the size itself.
    tenfolds: bool = True

    def place(self, size: float) -> float:
        """Return where a size stands on the axis of the line."""
        return log10(size) if self.tenfolds else size

    def fit(self) -> tuple[float, float]:
        """Return slope and intercept of the line through the medians, by least squares.

        Raises StatisticsError when there are fewer than two sizes.
        """
        places = [self.place(size) for size, _ in self.points]
        slope, intercept = linear_regression(places, [median(found) for _, found in self.points])
        return slope, intercept

    @property
    def sentence(self) -> str:
        """Say how steep the line is, as a share of where it begins or by the thousand."""
        slope, intercept = self.fit()
        if not self.tenfolds:
            return f"{self.name}: {slope * THOUSAND:+.3g} {self.unit} by a thousand {self.over}"
        begin = slope * self.place(self.points[0][0]) + intercept
        return f"{self.name}: {slope / begin:+.1%} by a tenfold of {self.over}"
