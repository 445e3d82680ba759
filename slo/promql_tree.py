"""Walking a parsed PromQL expression: every node once, with what stands around it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import promql_parser

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = Any  # the wheel has no types
# They tell that something is not there.
ABSENCE = ("absent", "absent_over_time")
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
SET_OPERATORS = ("and", "or", "unless")
# Grafana puts a window here that fits the panel; any window parses alike.
GRAFANA_WINDOW = re.compile(r"\$(__rate_interval|__interval|__range)\b|\$\{__\w+\}")
MOST_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A node, and the nodes above it, the root first."""

    node: Node
    above: tuple[Node, ...]

    def calls(self) -> tuple[str, ...]:
        """Name the functions and aggregations above the node, the root first."""
        return tuple(filter(None, (called(node) for node in self.above)))


def parse(expression: str) -> Node:
    """Parse PromQL, with any window in place of Grafana's; raises ValueError."""
    return promql_parser.parse(GRAFANA_WINDOW.sub("5m", expression))


def children(node: Node) -> list[Node]:
    """List the expressions directly inside a node."""
    if isinstance(node, promql_parser.MatrixSelector):
        return [node.vector_selector]
    found = [getattr(node, name, None) for name in ("param", "expr", "lhs", "rhs")]
    found += list(getattr(node, "args", None) or [])
    return [child for child in found if child is not None]


def places(node: Node, above: tuple[Node, ...] = ()) -> Iterator[Place]:
    """Yield every node below and at this one."""
    yield Place(node, above)
    for child in children(node):
        yield from places(child, (*above, node))


def selectors(node: Node) -> Iterator[Place]:
    """Yield every vector selector, those inside ranges too."""
    for place in places(node):
        if isinstance(place.node, promql_parser.VectorSelector):
            yield place


def binaries(node: Node) -> Iterator[promql_parser.BinaryExpr]:
    """Yield every operation with two sides."""
    for place in places(node):
        if isinstance(place.node, promql_parser.BinaryExpr):
            yield place.node


def called(node: Node) -> str:
    """Name the function or aggregation that a node is; empty for another node."""
    if isinstance(node, promql_parser.Call):
        return str(node.func.name)
    if isinstance(node, promql_parser.AggregateExpr):
        return str(node.op)
    return ""


def bare(node: Node) -> Node:
    """Take the parentheses off a node."""
    while isinstance(node, promql_parser.ParenExpr):
        node = node.expr
    return node


def number(node: Node) -> float | None:
    """Return the value of a number, a negated one too; None for anything else."""
    node = bare(node)
    if isinstance(node, promql_parser.NumberLiteral):
        return float(node.val)
    if isinstance(node, promql_parser.UnaryExpr):
        value = number(node.expr)
        return None if value is None else -value
    return None


def is_scalar(node: Node) -> bool:
    """Tell a number from a vector."""
    node = bare(node)
    if isinstance(node, promql_parser.NumberLiteral):
        return True
    if isinstance(node, promql_parser.UnaryExpr):
        return is_scalar(node.expr)
    if isinstance(node, promql_parser.BinaryExpr):
        return is_scalar(node.lhs) and is_scalar(node.rhs)
    return called(node) in ("scalar", "time", "pi")


def filters(node: promql_parser.BinaryExpr) -> bool:
    """Say whether an operation is a comparison that drops what does not fulfil it."""
    modifier = node.modifier
    return str(node.op) in COMPARISONS and not (modifier is not None and modifier.return_bool)


def short(node: Node) -> str:
    """Write a node as a message shows it: on one line, cut when long."""
    text = " ".join(str(node).replace("{}", "").split())
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
