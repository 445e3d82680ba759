"""rules/series: expressions name only series and labels that something emits or records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import promql_parser
import yaml

from alerts.checks.problem import Problem
from app.telemetry.catalog import METRICS, TARGET_LABELS
from slo.promql_tree import selectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ID = "rules/series"
# Prometheus makes these itself for every target.
SCRAPE_SERIES = {"up": TARGET_LABELS, "scrape_duration_seconds": TARGET_LABELS}


def check(folder: Path) -> Iterator[Problem]:
    """Yield one problem a series or label that no metric of the catalogue and no rule has."""
    files: dict[Path, list[Any]] = {}
    for path in sorted(folder.glob("*.rules.yml")):
        try:
            files[path] = _rules(path)
        except (yaml.YAMLError, LookupError, TypeError) as error:
            yield Problem(ID, str(path), f"no rule file: {' '.join(str(error).split())}")
    known = {**_emitted(), **_recorded(files.values()), **SCRAPE_SERIES}
    for path, rules in files.items():
        for rule in rules:
            name = rule.get("alert") or rule["record"]
            for message in unknown_names(str(rule["expr"]), known):
                yield Problem(ID, f"{path}: {name}", message)


def _rules(path: Path) -> list[Any]:
    """Read the rules of a file; a file of another shape raises what reading it raises."""
    groups = yaml.safe_load(path.read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    for rule in rules:
        _ = rule["expr"], rule.get("alert") or rule["record"]
    return rules


def unknown_names(expression: str, known: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield one message a selector of the expression that names something unknown."""
    try:
        tree = promql_parser.parse(expression)
    except ValueError as error:
        yield f"no PromQL: {error}"
        return
    for selector in sorted(selectors(tree), key=str):
        labels = known.get(selector.name or "")
        if labels is None:
            yield f"no metric of the catalogue and no rule is called {selector.name}"
            continue
        for matcher in selector.matchers.matchers:
            if matcher.name not in labels:
                yield f"{selector.name} has no label {matcher.name}: {', '.join(labels)}"


def _emitted() -> dict[str, tuple[str, ...]]:
    return {
        series: (*labels, *TARGET_LABELS)
        for metric in METRICS
        for series, labels in metric.series.items()
    }


def _recorded(files: Iterable[list[Any]]) -> dict[str, tuple[str, ...]]:
    return {
        rule["record"]: tuple(rule.get("labels", ()))
        for rules in files
        for rule in rules
        if "record" in rule
    }
