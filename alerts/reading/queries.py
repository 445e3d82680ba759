"""What templates of an alert ask: labels, the value, and queries of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slo.promql_tree import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import WrittenRule
    from slo.promql_tree import Node

ACTION = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
QUERY = re.compile(r'query\s+(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)')
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`')


@dataclass(frozen=True, slots=True)
class Query:
    """A query in a template; `tree` is None when it is no PromQL, and `error` says why."""

    text: str
    tree: Node | None
    error: str


def queries(rule: WrittenRule) -> Iterator[Query]:
    """Yield the queries of a rule's annotations; those that are put together are not seen."""
    for text in rule.annotations.values():
        for action in actions(text):
            for quoted, raw in QUERY.findall(action):
                yield _query(raw or quoted.replace('\\"', '"').replace("\\\\", "\\"))


def _query(text: str) -> Query:
    try:
        return Query(text, parse(text), "")
    except ValueError as error:
        return Query(text, None, " ".join(str(error).split()))


def actions(text: str) -> list[str]:
    """List what stands between the braces of a template."""
    return [found.strip() for found in ACTION.findall(text)]


def code(text: str) -> list[str]:
    """List the actions of a template without the strings in them."""
    return [STRING.sub('""', action) for action in actions(text)]
