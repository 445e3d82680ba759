"""A baseline as it is kept: what rules measured in several rounds, where, and under what load."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from loadtests.judging.model import BaselineValue
from slo.statistics.comparison import centre_interval

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from loadtests.judging.model import Baseline

# The id of a rule, and what it was measured over: `run`, or the name of a step.
Key: TypeAlias = tuple[str, str]
# Facts by name, compared one by one and hashed together.
Facts: TypeAlias = "Mapping[str, str]"


@dataclass(frozen=True, slots=True)
class Recorded:
    """Rounds of every rule and step, in the rule's unit.

    `runner` is the machine that measured, `configuration` all that the numbers depend on beside it
    and the code, which is `revision`.
    """

    recorded: datetime
    revision: str
    runner: Facts
    configuration: Facts
    rounds: Mapping[Key, tuple[float, ...]]

    @property
    def values(self) -> Baseline:
        """Return the centre of each rule's rounds, and the interval that holds it in 9 of 10."""
        return {key: _value(rounds) for key, rounds in self.rounds.items()}


def _value(rounds: tuple[float, ...]) -> BaselineValue:
    centre = centre_interval(rounds)
    # Nobody has recorded fewer than five, so there is one.
    value = rounds[0] if centre.value is None else centre.value
    return BaselineValue(centre.low, value, centre.high)


def digest(facts: Facts) -> str:
    """Return the SHA-256 of facts in their one canonical form: JSON, sorted, without blanks."""
    text = json.dumps(dict(facts), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def differences(was: Facts, now: Facts) -> list[str]:
    """Say which facts are not the same, one phrase each."""
    return [
        f"{name} was {was.get(name, 'not known')}, is {now.get(name, 'not known')}"
        for name in sorted({*was, *now})
        if was.get(name) != now.get(name)
    ]
