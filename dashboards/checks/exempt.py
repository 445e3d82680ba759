"""Where a rule of Grafana's linter does not mean what is there, and why, in this one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.known import ALERT_SERIES

if TYPE_CHECKING:
    import promql_parser

    from alerts.reading.loaded import Loaded


def needs_no_matcher(node: promql_parser.VectorSelector, label: str, rules: Loaded) -> bool:
    """Say whether a selector may leave out `label=~"$label"`, which two rules ask for.

    A series without the label, like one recorded by job, or that of an SLO, would be matched by
    nothing. Alerts of SLOs have neither job nor instance, and a reader wants to see them all.
    """
    name = node.name or ""
    labels = rules.known.labels(name)
    return name in ALERT_SERIES or (labels is not None and label not in labels)
