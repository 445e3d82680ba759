"""Measuring a target once: one load, which must be evidence, and what its rules saw of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from math import ceil
from typing import TYPE_CHECKING

from loadtests.errors import InvalidRun
from loadtests.generator import generate
from loadtests.judging.client import seen
from loadtests.judging.evidence import Sent
from loadtests.judging.minimum import minimum
from loadtests.judging.validity import validity
from loadtests.rules.limits import Relative
from loadtests.rules.measures import OfSlo, Quantile, Query
from loadtests.rules.read import RUN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from loadtests.load import Load
    from loadtests.plan import LoadOptions
    from loadtests.recording import Progress
    from loadtests.regression.rounds import Values
    from loadtests.rules.model import Rule


@dataclass(frozen=True, slots=True)
class Meter:
    """Sends the same load to whatever target it is asked to measure.

    `options` are those of every load but for its host, and its folder within `out`. A share needs
    its samples only over `times` measurements of a target together.
    """

    options: LoadOptions
    rules: Sequence[Rule]
    times: int
    show: Callable[[Progress], None]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def measure(self, target: str) -> Values:
        """Return the value of every rule and step; raises InvalidRun for a load that is none."""
        folder = self.options.out / f"load-{next(self._numbers):03}"
        folder.mkdir(parents=True, exist_ok=True)
        load = generate(replace(self.options, host=target, out=folder), lambda: None, self.show)
        if found := [check.detail for check in validity(load) if not check.passed]:
            raise InvalidRun("; ".join(found))
        return values(load, self.rules, self.times)


def values(load: Load, rules: Sequence[Rule], times: int) -> Values:
    """Return what the client saw of every rule and step, in the rule's unit.

    Raises InvalidRun where nothing or too little was sent.
    """
    return {
        (rule.id, over): _value(load, rule, over, times)
        for rule in rules
        for over in rule.steps or (RUN,)
    }


def _value(load: Load, rule: Rule, over: str, times: int) -> float:
    if isinstance(rule.measure, OfSlo | Query) or not isinstance(rule.limit, Relative):
        raise TypeError(f"{rule.id} is no rule of a client with a baseline")
    found = seen(rule.measure, over if rule.steps else None, Sent((load,)))
    if found.value is None:
        raise InvalidRun(f"{rule.id} over {over}: {found.missing}")
    least = minimum(rule, rule.limit.fail) or 0
    if not isinstance(rule.measure, Quantile):
        least = ceil(least / times)
    if (found.samples or 0) < least:
        raise InvalidRun(
            f"{rule.id} over {over} has {found.samples:g} samples and needs {least} in every load; "
            "send more, or for longer"
        )
    return found.value
