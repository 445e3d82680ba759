"""dashboards/schema: every board, panel, option and query has the type that Grafana gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.checks.grafana_types import instead, names, node, violations
from dashboards.checks.loaded import inside, items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Board, Loaded, Panel, Target

ID = "dashboards/schema"
CUSTOM = "custom"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a key, a value or a gap that the types of Grafana do not have."""
    for board in loaded.boards:
        yield from _board(board)
        for panel in board.panels:
            yield from _panel(panel)
            yield from _overrides(panel)
            yield from _chosen(panel)
            for target in panel.targets:
                yield from _target(target)


def _board(board: Board) -> Iterator[Problem]:
    for at, message in violations(board.document, "dashboard"):
        yield board.problem(ID, message, f"${at}")
    for row, document in board.rows:
        for at, message in violations(document, "row"):
            yield board.problem(ID, message, f"{row}{at}")


def _panel(panel: Panel) -> Iterator[Problem]:
    for at, message in violations(panel.document, "panel"):
        yield panel.problem(ID, message, at)
    for at, message in violations(panel.defaults, "fieldDefaults"):
        yield panel.problem(ID, message, f".fieldConfig.defaults{at}")
    if not panel.kind:
        return  # said above
    if node("plugins", panel.kind) is None:
        known = names("plugins")
        yield panel.problem(ID, f"no panel of ours is a {panel.kind!r}{instead(panel.kind, known)}")
        return
    for at, message in violations(panel.document.get("options"), "plugins", panel.kind, "options"):
        yield panel.problem(ID, message, f".options{at}")
    custom = panel.defaults.get(CUSTOM, {})
    for at, message in violations(custom, "plugins", panel.kind, CUSTOM):
        yield panel.problem(ID, message, f".fieldConfig.defaults.{CUSTOM}{at}")


def _overrides(panel: Panel) -> Iterator[Problem]:
    """Hold each overriding value against the type of the default in whose place it comes."""
    for at, document in panel.properties:
        name = str(document.get("id", ""))
        first, *rest = name.split(".")
        path = ("plugins", panel.kind, *name.split(".")) if rest else ("fieldDefaults", first)
        if (first == CUSTOM) != bool(rest) or node(*path) is None:
            message = f"a {panel.kind} has no property {name!r} to override"
            yield panel.problem(ID, message, f"{at}.id")
            continue
        value = document.get("value")
        # Grafana takes the default away when the value in its place is null.
        for inner, message in violations(value, *path) if value is not None else ():
            yield panel.problem(ID, message, f"{at}.value{inner}")


def _chosen(panel: Panel) -> Iterator[Problem]:
    """Hold the options of transformations and matchers against the type of their kind."""
    found = [
        (at, "transformers", each) for at, each in items(panel.document, "", "transformations")
    ]
    found += [
        (f"{at}.matcher", "matchers", inside(each, "matcher")) for at, each in panel.overrides
    ]
    for at, kind, document in found:
        name = str(document.get("id", ""))
        if node(kind, name) is None:
            message = f"{name!r} is none of our {kind}{instead(name, names(kind))}"
            yield panel.problem(ID, message, f"{at}.id")
            continue
        for inner, message in violations(document.get("options"), kind, name):
            yield panel.problem(ID, message, f"{at}.options{inner}")


def _target(target: Target) -> Iterator[Problem]:
    if node("queries", target.source) is None:
        known = ", ".join(names("queries"))
        yield target.problem(ID, f"no query of ours is of type {target.source!r}: {known}")
        return
    for at, message in violations(target.document, "queries", target.source):
        place = f"{target.at}{at}"
        yield target.panel.problem(ID, message, place)
