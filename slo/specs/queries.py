"""Queries of specs, made to count over any window.

A query with `{{.window}}` (as Sloth writes it) is taken as it is. OpenSLO says nothing about
windows, so a query without one is read by these rules, and refused where none of them fits:

| indicator             | query                            | becomes                             |
|-----------------------|----------------------------------|-------------------------------------|
| ratio, counter: true  | `x`, `sum(x)`, `sum by (l) (x)`  | `sum by (l) (increase(x[W]))`       |
| ratio, counter any    | `sum(rate(x[5m]))` and the like  | the same with `[W]` for every `[5m]`|
| ratio, counter: false | any other instant query `q`      | `sum_over_time((q)[W:1m])`          |
| raw ratio             | ranges, all of one length        | the same with `[W]`                 |
| raw ratio             | any other instant query `q`      | `avg_over_time((q)[W:1m])`          |
| threshold             | any instant query `q`            | asked once a minute, as it is       |

`W` is `{{.window}}`. What counts events without any aggregation is summed. A raw ratio of successes
becomes `1 - (q)`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import promql_parser

from slo.promql import PLACEHOLDER, duration
from slo.specs.locate import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

WINDOW = "{{.window}}"
SAMPLE = "5m"
LONGEST = 10_000
# Labels are looked for from the outermost part inwards, one call deeper for each.
MOST_PARTS = 500
PART = re.compile(r"[-+*/%^<>(,]|\b(?:and|or|unless)\b", re.IGNORECASE)
RANGE = re.compile(r"\[\s*[0-9a-z]+\s*\]")
STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`|#[^\n]*', re.DOTALL)


class QueryError(ValueError):
    """A query cannot be used; the message says why and what would be right."""


def windowed(query: str) -> str:
    """Return a query that must have a `{{.window}}`, as Sloth demands it."""
    parse(query)
    if not PLACEHOLDER.search(query):
        raise QueryError(f"the query counts over one window only; give [{WINDOW}] as its range")
    return query


def events(query: str, *, counter: bool | None) -> str:
    """Return what counts events in any window."""
    tree = parse(query)
    if PLACEHOLDER.search(query):
        return query
    if _ranges(tree):
        return _summed(_stretched(query, tree), tree)
    if counter is None:
        raise QueryError(
            "counter is missing; true where the queries select counters, false for gauges"
        )
    return _increase(tree) if counter else _summed(f"sum_over_time(({query})[{WINDOW}:1m])", tree)


def ratio(query: str) -> str:
    """Return what gives the mean of a ratio in any window."""
    tree = parse(query)
    if PLACEHOLDER.search(query):
        return query
    return _stretched(query, tree) if _ranges(tree) else f"avg_over_time(({query})[{WINDOW}:1m])"


def instant(query: str) -> str:
    """Return a query that is asked for one moment."""
    parse(query)
    if PLACEHOLDER.search(query):
        raise QueryError(f"a threshold looks at moments, not at a window; a range like [{SAMPLE}]")
    return query


def grouping(query: str) -> tuple[str, ...]:
    """Return the labels that the result of a valid query has, as far as it says so.

    Raises QueryError where it keeps all labels but some: which those are, no rule could know.
    """
    return _labels(parse(query))


def parse(query: str) -> Any:  # noqa: ANN401  # the parser has no types
    """Return the tree of a query; raises QueryError for what is not PromQL, or no vector."""
    if len(query) > LONGEST:
        raise QueryError(f"the query has more than {LONGEST:,} letters; record it by a rule")
    if len(PART.findall(_masked(query))) > MOST_PARTS:
        raise QueryError(f"the query has over {MOST_PARTS} parts; record some of them by rules")
    text = PLACEHOLDER.sub(SAMPLE, query)
    try:
        tree = promql_parser.parse(text)
    except ValueError as error:
        told = " ".join(str(error).split())
        raise QueryError(f"this is not PromQL: {told}; in {shown(text)}") from None
    if isinstance(tree, promql_parser.MatrixSelector | promql_parser.SubqueryExpr):
        raise QueryError("the query gives a range of samples; put rate() or increase() around it")
    try:
        # Only a vector can have a subquery, as only series can be counted.
        promql_parser.parse(f"({text}\n)[5m:1m]")
    except ValueError:
        raise QueryError("the query selects no series; give one that does") from None
    _labels(tree)
    return tree


def _ranges(tree: Any) -> list[timedelta]:  # noqa: ANN401
    nodes = list(_nodes(tree))
    found = [node.range for node in nodes if isinstance(node, promql_parser.MatrixSelector)]
    if found and any(isinstance(node, promql_parser.SubqueryExpr) for node in nodes):
        raise QueryError(f"nobody knows which range is its window; give [{WINDOW}] where it is")
    return found


def _nodes(tree: Any) -> Iterator[Any]:  # noqa: ANN401
    """Walk a tree; the parser's own walk takes minutes for a long sum."""
    rest = [tree]
    while rest:
        node = rest.pop()
        yield node
        inner = [getattr(node, name, None) for name in ("expr", "param", "lhs", "rhs")]
        rest += [each for each in (*inner, *(getattr(node, "args", None) or ())) if each]


def _masked(query: str) -> str:
    """Blank out texts and remarks, each letter by one."""
    return STRING.sub(lambda found: "." * len(found[0]), query)


def _stretched(query: str, tree: Any) -> str:  # noqa: ANN401
    """Put the window in place of every range; they must agree, or a meaning would change."""
    lengths = sorted(set(_ranges(tree)))
    if len(lengths) > 1:
        told = ", ".join(f"[{duration(length)}]" for length in lengths)
        raise QueryError(f"the ranges {told} differ; give [{WINDOW}] where the window belongs")
    parts, end = [], 0
    for found in RANGE.finditer(_masked(query)):
        parts += [query[end : found.start()], f"[{WINDOW}]"]
        end = found.end()
    stretched = "".join([*parts, query[end:]])
    restored = promql_parser.parse(PLACEHOLDER.sub(duration(lengths[0]), stretched))
    if str(restored) != str(tree):
        raise QueryError(f"its range cannot be replaced; give [{WINDOW}] in its place")
    return stretched


def _summed(query: str, tree: Any) -> str:  # noqa: ANN401
    """Make one series of the result, unless the query itself says what becomes of its labels."""
    aggregated = any(isinstance(node, promql_parser.AggregateExpr) for node in _nodes(tree))
    return query if aggregated else f"sum({query})"


def _increase(tree: Any) -> str:  # noqa: ANN401
    """Count what a counter has grown by, summed the way the query sums it."""
    by: tuple[str, ...] = ()
    selector = tree
    if isinstance(tree, promql_parser.AggregateExpr) and str(tree.op) == "sum":
        by, selector = _labels(tree), tree.expr
    plain = isinstance(selector, promql_parser.VectorSelector)
    if not plain or selector.offset is not None or selector.at is not None:
        raise QueryError(
            "no window fits into this query of counters; "
            f"write it like sum(increase(requests_total[{WINDOW}]))"
        )
    grouped = f"sum by ({', '.join(by)}) " if by else "sum"
    return f"{grouped}(increase({str(selector).removesuffix('{}')}[{WINDOW}]))"


def _labels(node: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Return the labels of a result: what the outermost aggregations leave."""
    if isinstance(node, promql_parser.AggregateExpr):
        if node.modifier is None:
            return ()
        if node.modifier.type == promql_parser.AggModifierType.Without:
            raise QueryError("without (…) leaves labels that nobody names; write by (…)")
        return tuple(dict.fromkeys(node.modifier.labels))
    if isinstance(node, promql_parser.BinaryExpr):
        return _labels(node.lhs) or _labels(node.rhs)
    for inner in (getattr(node, "expr", None), *(getattr(node, "args", None) or ())):
        if inner is not None and (found := _labels(inner)):
            return found
    return ()
