"""Probes in made-up traffic: as many of them as it takes for a share to be bad at a time."""

from __future__ import annotations

import operator
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any

import promql_parser

from alerts.rehearsal.examples import example
from alerts.rehearsal.series import NotSimulatedError, Selected, matchers_of
from alerts.rehearsal.traffic import gauge
from slo.promql import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alerts.rehearsal.traffic import Phase
    from slo.indicators import ProbeSli

COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def probe_series(
    sli: ProbeSli, phases: Sequence[Phase], group: Mapping[str, str]
) -> list[dict[str, str]]:
    """Write one gauge a probe; of those of a phase as many are bad as its share says."""
    tree: Any = promql_parser.parse(sli.bad_query)
    if not isinstance(tree, promql_parser.BinaryExpr) or str(tree.op) not in COMPARISONS:
        raise NotSimulatedError(f"{sli.bad_query} compares nothing with a number")
    total: Any = promql_parser.parse(sli.total_query)
    if not all(isinstance(x, promql_parser.VectorSelector) for x in (tree.lhs, total)):
        raise NotSimulatedError("only a series as it is can be asked for its value")
    selected: list[Any] = [total, tree.lhs]
    asked, bad = (Selected(one.name, matchers_of(one)) for one in selected)
    labels = example((*asked.matchers, *bad.matchers), (), group)
    if labels is None or asked.name != bad.name:
        raise NotSimulatedError("what is bad is not among what is asked")
    good_value, bad_value = _values(str(tree.op), str(tree.rhs))
    shares = [Fraction(p.bad, p.good + p.bad) if p.good + p.bad else Fraction() for p in phases]
    probes = lcm(*(share.denominator for share in shares))
    fewest = {id(phase): share * probes for phase, share in zip(phases, shares, strict=True)}
    found = []
    for number in range(probes):

        def pick(phase: Phase, _: int, number: int = number) -> int:
            return bad_value if number < fewest[id(phase)] else good_value

        own = {**labels, "instance": f"probe-{number}"}
        inner = ",".join(f"{name}={quoted(value)}" for name, value in own.items())
        found.append({"series": f"{asked.name}{{{inner}}}", "values": gauge(phases, pick)})
    return found


def _values(comparison: str, limit: str) -> tuple[int, int]:
    """Return a value that is fine, and one that the query calls bad."""
    try:
        number = int(float(limit))
    except ValueError:
        raise NotSimulatedError(f"{limit} is no number") from None
    tries = (1, 0, number, number + 1, number - 1)
    bad = [value for value in tries if COMPARISONS[comparison](value, float(limit))]
    good = [value for value in tries if value not in bad]
    if not bad or not good:
        raise NotSimulatedError(f"no value is {comparison} {limit} while another one is not")
    return good[0], bad[0]
