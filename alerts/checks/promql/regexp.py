"""promql/regexp: a regular expression is there only where it is needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import promql_parser

from slo.promql_tree import selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "promql/regexp"
SPECIAL = re.compile(r"[.*+?()\[\]{}|\\^$]")
PATTERNS = (promql_parser.MatchOp.Re, promql_parser.MatchOp.NotRe)


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a pattern that is a plain value, is anchored again, or matches all."""
    for rule, tree in loaded.parsed:
        found = {
            f"{matcher}: {wrong}"
            for place in selectors(tree)
            for matcher in place.node.matchers.matchers
            if matcher.op in PATTERNS and (wrong := wrong_pattern(matcher.value))
        }
        for message in sorted(found):
            yield rule.problem(ID, message)


def wrong_pattern(pattern: str) -> str:
    """Say what is wrong with a pattern; empty when it is needed as it is."""
    if pattern in (".*", "(.*)"):
        return "matches everything: leave it out"
    if pattern.startswith("^") or (pattern.endswith("$") and not pattern.endswith("\\$")):
        return "Prometheus anchors patterns itself: leave ^ and $ out"
    # A template in braces is a plain value, too.
    if not SPECIAL.search(re.sub(r"\{[a-z_]+\}", "", pattern)):
        return "no pattern: use = or !="
    return ""
