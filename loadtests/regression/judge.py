"""Rulings over a base and a candidate: one for every rule with a baseline, and every step."""

from __future__ import annotations

from math import isfinite
from statistics import fmean
from typing import TYPE_CHECKING

from loadtests.baseline.configuration import keys_of
from loadtests.errors import MisuseError
from loadtests.judging.combine import worst_first
from loadtests.judging.evidence import known
from loadtests.judging.model import Ruling, Status
from loadtests.judging.words import limit_phrases, written
from loadtests.regression.comparing import Compared, compare_rounds
from loadtests.rules.limits import Relative
from loadtests.rules.measures import OfSlo, Query
from slo.statistics.comparison import MINIMUM_ROUNDS, centre_interval
from slo.statistics.intervals import Finding, Interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from loadtests.baseline.model import Key
    from loadtests.regression.rounds import Played
    from loadtests.rules.model import Rule

STATUSES = {
    Finding.FAILS: Status.FAILED,
    Finding.UNDECIDED: Status.UNDECIDED,
    Finding.PASSES: Status.PASSED,
}


def relative_rules(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Return the rules that compare with a baseline, by what a client sees.

    Raises MisuseError when there is none, and for those that ask a server's Prometheus: it scrapes
    one of the two, or mixes them.
    """
    relative = tuple(rule for rule in rules if isinstance(rule.limit, Relative))
    if refused := [rule for rule in relative if isinstance(rule.measure, OfSlo | Query)]:
        told = (
            f"{rule.file}:{rule.line}: {rule.id} asks Prometheus, which cannot tell base from "
            "candidate; measure it at the client: fraction, quantile, errors or rate"
            for rule in refused
        )
        raise MisuseError("\n".join(told))
    if not relative:
        raise MisuseError("no rule compares with a baseline; give at least one with limit.baseline")
    return relative


def judge(
    rules: Sequence[Rule], played: Sequence[Played], started: datetime, ended: datetime
) -> tuple[Ruling, ...]:
    """Return the rulings of relative rules, worst first."""
    found = [
        _ruling(rule, over, compared, played, (started, ended))
        for rule, over, compared in compared_rules(rules, played)
    ]
    return worst_first(found)


def compared_rules(
    rules: Sequence[Rule], played: Sequence[Played]
) -> Iterator[tuple[Rule, str, Compared]]:
    """Yield every relative rule, what it was measured over, and how both compare."""
    for rule in rules:
        if isinstance(rule.limit, Relative):
            for key in keys_of([rule]):
                yield rule, key[1], compare_rounds(key, played, rule.measure.worse, rule.limit.fail)


def _ruling(
    rule: Rule,
    over: str,
    compared: Compared,
    played: Sequence[Played],
    window: tuple[datetime, datetime],
) -> Ruling:
    key = (rule.id, over)
    limit, warning = limit_phrases(rule)
    measured = _centre([fmean(values[key] for values in one.candidate) for one in played])
    return Ruling(
        rule=rule,
        over=over,
        status=_status(rule, key, compared, played),
        measured=measured.value,
        low=known(measured.low),
        high=known(measured.high),
        limit=limit,
        warning=warning,
        compared=_centre([fmean(values[key] for values in one.base) for one in played]).value,
        samples=len(played),
        minimum=MINIMUM_ROUNDS,
        started=window[0],
        ended=window[1],
        query="",
        why=compared.problem or _why(rule, compared),
    )


def _status(rule: Rule, key: Key, compared: Compared, played: Sequence[Played]) -> Status:
    status = STATUSES[compared.finding]
    warn = rule.limit.warn if isinstance(rule.limit, Relative) else None
    if status is not Status.PASSED or warn is None:
        return status
    warned = compare_rounds(key, played, rule.measure.worse, warn)
    return Status.WARNED if warned.finding is Finding.FAILS else status


def _centre(values: Sequence[float]) -> Interval:
    return centre_interval([value for value in values if isfinite(value)])


def _why(rule: Rule, compared: Compared) -> str:
    ratio = compared.ratio
    if ratio.value is None:
        return "nothing was measured"
    words = {
        Finding.FAILS: "surely past the tolerance and the floor",
        Finding.PASSES: "surely within the tolerance or the floor",
        Finding.UNDECIDED: "too uncertain to tell; more rounds, or longer ones",
    }
    unit, worse = rule.measure.unit, compared.worse
    return (
        f"{words[compared.finding]}: candidate by base is {ratio.value:.3f}, "
        f"between {ratio.low:.3f} and {ratio.high:.3f} over {ratio.samples:.0f} rounds, "
        f"worse by {written(worse.low, unit)} to {written(worse.high, unit)}"
    )
