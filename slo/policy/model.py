"""What a policy of a production gate says, read and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from fractions import Fraction

    from slo.policy.calendar import Freeze


class Change(StrEnum):
    """What somebody wants to ship."""

    FEATURE = "feature"
    RELIABILITY = "reliability"
    SECURITY = "security"
    ROLLBACK = "rollback"


class Young(StrEnum):
    """What to do while the history of an SLO is shorter than the policy wants."""

    UNDECIDED = "undecided"
    BLOCK = "block"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class Bound:
    """An end of a band, as a share of the error budget; `included` says whose the end itself is."""

    share: Fraction
    included: bool


@dataclass(frozen=True, slots=True)
class Band:
    """How much of the error budget is left, and what may ship then; a missing end is open."""

    name: str
    low: Bound | None
    high: Bound | None
    allows: frozenset[Change]
    # Which of those ship with a warning.
    warns: frozenset[Change] = frozenset()

    def holds(self, left: Fraction) -> bool:
        """Say whether so much left is in this band."""
        above = self.low is None or left > self.low.share
        below = self.high is None or left < self.high.share
        return (above or _on(self.low, left)) and (below or _on(self.high, left))


def _on(bound: Bound | None, left: Fraction) -> bool:
    return bound is not None and bound.included and bound.share == left


@dataclass(frozen=True, slots=True)
class DataRules:
    """What the data of an SLO must be like before it is judged."""

    newest_at_most: timedelta
    history_at_least: timedelta
    younger: Young
    minimum_events: int


@dataclass(frozen=True, slots=True)
class Policy:
    """What may ship when."""

    bands: tuple[Band, ...]
    burn_allows: frozenset[Change]
    data: DataRules
    # By the id of an SLO, in place of `data`.
    overrides: Mapping[str, DataRules] = field(default_factory=dict)
    freezes: tuple[Freeze, ...] = ()

    def band(self, left: Fraction) -> Band:
        """Return the band that so much left of the budget is in; bands leave nothing out."""
        return next(band for band in self.bands if band.holds(left))

    def rules(self, slo_id: str) -> DataRules:
        """Return what the data of an SLO must be like."""
        return self.overrides.get(slo_id, self.data)
