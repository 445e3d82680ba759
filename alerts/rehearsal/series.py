"""Which raw series an indicator reads, and what each of them counts in made-up traffic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import promql_parser

from alerts.rehearsal.examples import example
from alerts.rehearsal.traffic import Phase, counter
from slo.indicators import LatencySli, ProbeSli, QuerySli, RatioSli, RawSli, SliceSli
from slo.model import CompositeSli
from slo.promql import Matcher, expand, quoted
from slo.promql_tree import selectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from slo.indicators import Sli
    from slo.model import Slo

OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
COUNTED = ("rate", "increase", "irate")
WINDOW = timedelta(minutes=5)


class NotSimulatedError(Exception):
    """Nobody can tell from the queries what their series would have to be."""


def all_events(phase: Phase) -> Fraction:
    """Count every event."""
    return phase.good + phase.bad


def good_events(phase: Phase) -> Fraction:
    """Count the good ones."""
    return phase.good


def bad_events(phase: Phase) -> Fraction:
    """Count the bad ones."""
    return phase.bad


@dataclass(frozen=True, slots=True)
class Selected:
    """What a query reads: a name and the conditions on its labels."""

    name: str
    matchers: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class Counter:
    """One series, and what it counts."""

    name: str
    labels: Mapping[str, str]
    counts: Callable[[Phase], Fraction]

    def document(self, phases: Sequence[Phase]) -> dict[str, str]:
        """Return it as promtool reads it."""
        inner = ",".join(f"{label}={quoted(value)}" for label, value in self.labels.items())
        return {"series": f"{self.name}{{{inner}}}", "values": counter(phases, self.counts)}


def counters(slo: Slo, group: Mapping[str, str], part: Sli | None = None) -> tuple[Counter, ...]:
    """Return the series that an SLO reads, or a part of it, for one value of each group label."""
    found = tuple(_counters(part or slo.sli, group))
    places = [(one.name, tuple(sorted(one.labels.items()))) for one in found]
    if len(set(places)) < len(places):
        raise NotSimulatedError("two parts read the same series")
    return found


def _counters(sli: Sli | CompositeSli, group: Mapping[str, str]) -> Iterator[Counter]:
    match sli:
        case RatioSli(matchers=total, bad=bad):
            name = sli.total.series
            yield from _split(name, total, (*total, bad), group, bad_events, good_events)
        case LatencySli(matchers=total):
            yield _one(sli.total.series, total, (), group, all_events)
            good = sli.good_events
            yield _one(good.series, good.matchers, (), group, good_events)
        case QuerySli(good_query=""):
            yield from _queried(sli.total_query, sli.bad_query, group, bad_events, good_events)
        case QuerySli():
            yield from _queried(sli.total_query, sli.good_query, group, good_events, bad_events)
        case RawSli():
            yield from _raw(sli.error_query, group)
        case SliceSli(of=of):
            yield from _counters(of, group)
        case CompositeSli(parts=parts):
            for part in parts:
                yield from _counters(part.sli, group)
        case ProbeSli():
            raise NotSimulatedError("a probe has no counters")


def _split(
    name: str,
    total: Sequence[Matcher],
    picked: Sequence[Matcher],
    group: Mapping[str, str],
    inside: Callable[[Phase], Fraction],
    outside: Callable[[Phase], Fraction],
) -> Iterator[Counter]:
    yield _one(name, picked, (), group, inside)
    yield _one(name, total, (picked,), group, outside)


def _one(
    name: str,
    wanted: Sequence[Matcher],
    unwanted: Sequence[Sequence[Matcher]],
    group: Mapping[str, str],
    counts: Callable[[Phase], Fraction],
) -> Counter:
    found = example(wanted, unwanted, group)
    if found is None:
        conditions = ",".join(map(str, wanted))
        raise NotSimulatedError(f"no labels are found that match {name}{{{conditions}}} only")
    return Counter(name, found, counts)


def _queried(
    total: str,
    picked: str,
    group: Mapping[str, str],
    inside: Callable[[Phase], Fraction],
    outside: Callable[[Phase], Fraction],
) -> Iterator[Counter]:
    all_, some = read(expand(total, WINDOW)), read(expand(picked, WINDOW))
    # `bad or 0 * total` reads the total only to be there.
    some = [one for one in some if one not in all_] or some
    shared = set()
    for one in some:
        whole = next((x for x in all_ if x.name == one.name and _overlap(x, one, group)), None)
        if whole is not None:
            shared.add(one.name)
        yield _one(one.name, (*(whole.matchers if whole else ()), *one.matchers), (), group, inside)
    # Where the total adds up good and bad ones, each is a series of its own.
    others = [one for one in all_ if one.name not in shared]
    counts = outside if shared else all_events
    for one in others or [one for one in all_ if one not in some]:
        alike = tuple(x.matchers for x in some if x.name == one.name)
        yield _one(one.name, one.matchers, alike, group, counts)


def _overlap(one: Selected, other: Selected, group: Mapping[str, str]) -> bool:
    return example((*one.matchers, *other.matchers), (), group) is not None


def _raw(query: str, group: Mapping[str, str]) -> Iterator[Counter]:
    tree = _bare(promql_parser.parse(expand(query, WINDOW)))
    good = False
    if _is(tree, "-") and str(_bare(tree.lhs)) == "1":
        tree, good = _bare(tree.rhs), True
    if not _is(tree, "/"):
        raise NotSimulatedError("the error query is no share of one sum in another one")
    picked, total = (_with_window(side) for side in (tree.lhs, tree.rhs))
    first, second = (good_events, bad_events) if good else (bad_events, good_events)
    yield from _queried(total, picked, group, first, second)


def _bare(node: Any) -> Any:  # noqa: ANN401  # the wheel has no types
    return _bare(node.expr) if isinstance(node, promql_parser.ParenExpr) else node


def _is(node: Any, operator: str) -> bool:  # noqa: ANN401  # the wheel has no types
    return isinstance(node, promql_parser.BinaryExpr) and str(node.op) == operator


def _with_window(node: Any) -> str:  # noqa: ANN401  # the wheel has no types
    return str(node).replace("[5m]", "[{{.window}}]")


def read(query: str) -> list[Selected]:
    """List what a query reads; every series must be counted by `rate` or `increase`."""
    tree = promql_parser.parse(query)
    found = []
    for selector in sorted({place.node for place in selectors(tree)}, key=str):
        if not selector.name:
            raise NotSimulatedError(f"{selector} has no name")
        if selector.matchers.or_matchers:
            raise NotSimulatedError(f"{selector} has alternatives")
        if selector.offset is not None or selector.at is not None:
            raise NotSimulatedError(f"{selector} is read at another time")
        found.append(Selected(selector.name, matchers_of(selector)))
    _refuse_uncounted(tree)
    return found


def matchers_of(selector: Any) -> tuple[Matcher, ...]:  # noqa: ANN401  # the wheel has no types
    """Return the conditions of a parsed selector."""
    return tuple(
        Matcher(one.name, OPERATORS[str(one.op).rpartition(".")[2]], one.value)
        for one in selector.matchers.matchers
    )


def _refuse_uncounted(node: Any, function: str = "") -> None:  # noqa: ANN401  # the wheel has no types
    if isinstance(node, promql_parser.SubqueryExpr):
        raise NotSimulatedError(f"{node} is a query in a query")
    if isinstance(node, promql_parser.VectorSelector | promql_parser.MatrixSelector):
        if function not in COUNTED:
            raise NotSimulatedError(f"{node} is not read as a counter, by rate or increase")
        return
    inner = node.func.name if isinstance(node, promql_parser.Call) else function
    children = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "param")]
    for child in [*children, *(getattr(node, "args", None) or [])]:
        if child is not None:
            _refuse_uncounted(child, inner)
