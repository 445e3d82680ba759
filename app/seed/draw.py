"""Random choices that come out the same on every machine and every Python."""

from __future__ import annotations

from bisect import bisect
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Draw:
    """Choices made of Random.random() alone.

    That is the one method whose sequence Python promises to keep; choice() and randrange() have
    changed between releases. Nothing here calls the C mathematics library, which differs as well.
    """

    def __init__(self, seed: int) -> None:
        """Start the sequence that belongs to this seed."""
        self._random = Random(seed).random  # noqa: S311  # demo data, nothing secret

    def below(self, limit: int) -> int:
        """Draw a whole number from 0 up to, not including, the limit."""
        return int(self._random() * limit)

    def chance(self, share: float) -> bool:
        """Draw True in this share of the cases."""
        return self._random() < share

    def within(self, limit: float) -> float:
        """Draw a number between minus and plus the limit."""
        return (self._random() * 2 - 1) * limit

    def skewed(self, power: int) -> float:
        """Draw a number in [0, 1) that sits nearer to 0 the higher the power is."""
        base = result = self._random()
        for _ in range(power - 1):
            result *= base
        return result

    def one_of(self, options: Sequence[T]) -> T:
        """Draw one option, each as likely as the others."""
        return options[self.below(len(options))]

    def weighted(self, options: Sequence[T], running_totals: Sequence[int]) -> T:
        """Draw one option, each as likely as its weight; the weights come as running totals."""
        return options[bisect(running_totals, self.below(running_totals[-1]))]
