"""The quantiles that reports show, of pairs of seconds and count."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARES = {
    "p50": Fraction(50, 100),
    "p95": Fraction(95, 100),
    "p99": Fraction(99, 100),
    "p99.9": Fraction(999, 1000),
    "max": Fraction(1),
}


def quantiles(pairs: Sequence[tuple[float, int]]) -> dict[str, float | None]:
    """Return each quantile by nearest rank, in seconds; None without any, infinity for never."""
    reached = list(accumulate(n for _, n in pairs))
    if not reached:
        return dict.fromkeys(SHARES)
    ranks = {name: math.ceil(share * reached[-1]) for name, share in SHARES.items()}
    return {
        name: next(value for (value, _), up_to in zip(pairs, reached, strict=True) if up_to >= rank)
        for name, rank in ranks.items()
    }
