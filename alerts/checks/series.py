"""rules/series: expressions name only series and labels that something emits or records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import promql_parser
import yaml

from alerts.checks.problem import Problem
from app.telemetry.catalog import METRICS, TARGET_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID = "rules/series"
# Prometheus makes these itself for every target.
SCRAPE_SERIES = {"up": TARGET_LABELS, "scrape_duration_seconds": TARGET_LABELS}


def check(folder: Path) -> Iterator[Problem]:
    """Yield one problem a series or label that no metric of the catalogue and no rule has."""
    files = {path: yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.rules.yml"))}
    known = {**_emitted(), **_recorded(files.values()), **SCRAPE_SERIES}
    for path, document in files.items():
        for group in document["groups"]:
            for rule in group["rules"]:
                name = rule.get("alert") or rule["record"]
                for message in unknown_names(rule["expr"], known):
                    yield Problem(ID, f"{path}: {name}", message)


def unknown_names(expression: str, known: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield one message a selector of the expression that names something unknown."""
    try:
        tree = promql_parser.parse(expression)
    except ValueError as error:
        yield f"no PromQL: {error}"
        return
    for selector in sorted(_selectors(tree), key=str):
        labels = known.get(selector.name or "")
        if labels is None:
            yield f"no metric of the catalogue and no rule is called {selector.name}"
            continue
        for matcher in selector.matchers.matchers:
            if matcher.name not in labels:
                yield f"{selector.name} has no label {matcher.name}: {', '.join(labels)}"


def _selectors(node: Any) -> set[promql_parser.VectorSelector]:  # noqa: ANN401  # the wheel has no types
    """Collect the vector selectors of a parsed expression, those inside ranges too."""
    if isinstance(node, promql_parser.VectorSelector):
        return {node}
    if isinstance(node, promql_parser.MatrixSelector):
        return {node.vector_selector}
    children = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "param")]
    children += list(getattr(node, "args", None) or [])
    return {found for child in children if child is not None for found in _selectors(child)}


def _emitted() -> dict[str, tuple[str, ...]]:
    return {
        series: (*labels, *TARGET_LABELS)
        for metric in METRICS
        for series, labels in metric.series.items()
    }


def _recorded(documents: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401  # parsed YAML
    return {
        rule["record"]: tuple(rule.get("labels", ()))
        for document in documents
        for group in document["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
