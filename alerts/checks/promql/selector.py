"""promql/selector: what several jobs show is asked for by job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo.promql_tree import selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    import promql_parser

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "promql/selector"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a selector that mixes jobs whose names the result has lost."""
    for rule, tree in loaded.parsed:
        shape = loaded.known.result(rule, tree)
        if shape is None or "job" in shape:
            continue
        found = {place.node.name for place in selectors(tree) if _mixes(place.node, loaded)}
        for name in sorted(found):
            jobs = ", ".join(sorted(loaded.known.emitted[name].jobs))
            yield rule.problem(
                ID, f"{name} is shown by {jobs}: select one by job, or keep the label"
            )


def _mixes(node: promql_parser.VectorSelector, loaded: Loaded) -> bool:
    emitted = loaded.known.emitted.get(node.name or "")
    asked = any(matcher.name == "job" for matcher in node.matchers.matchers)
    return emitted is not None and len(emitted.jobs) > 1 and not asked
