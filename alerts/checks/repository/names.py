"""loadtests/names: what a load test asks of the service is a route of the catalogue."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from alerts.reading.problem import Problem
from app.telemetry import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alerts.reading.loaded import Loaded

ID = "loadtests/names"
FOLDER = "loadtests"
CATALOGUE = "app.telemetry.catalog"
NAMES = {name for route in catalog.ROUTES for name in (route.operation, route.template)}
# What names a request, of a route that the catalogue has.
NAMING = ("operation", "template")
# Locust's own, by which its users send: `self.client.get(...)`.
CLIENT = "client"
VERBS = ("delete", "get", "head", "options", "patch", "post", "put", "request")
RIGHT = "give it `name=`, the operation of a route of the catalogue"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a request that Locust's tables would list under another name.

    No request in any file is a problem too: nothing was checked.
    """
    folder = loaded.root / FOLDER
    nodes = [(path, node) for path in sorted(folder.rglob("*.py")) for node in _nodes(path)]
    if not any(_asks(node) for _, node in nodes):
        yield Problem(ID, str(folder), "no request of Locust in any file: nothing was checked")
    for path, node in nodes:
        for line, message in _wrong(node):
            yield Problem(ID, f"{path}:{line}", message)


def _nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _wrong(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.ImportFrom) and node.module == CATALOGUE:
        for each in node.names:
            if not hasattr(catalog, each.name):
                yield node.lineno, f"the catalogue has no {each.name}"
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Route":
        yield node.lineno, "makes a route of its own: take one of the catalogue"
    elif isinstance(node, ast.Call) and _asks(node) and (message := _misnamed(node)):
        yield node.lineno, message


def _asks(node: ast.AST) -> bool:
    """Say whether a node sends a request through Locust."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    owner = node.func.value
    of_a_user = isinstance(owner, ast.Attribute) and owner.attr == CLIENT
    return of_a_user and node.func.attr in VERBS


def _misnamed(node: ast.Call) -> str:
    """Say what is wrong with the name of a request; empty when the catalogue has it."""
    name = next((each.value for each in node.keywords if each.arg == "name"), None)
    if isinstance(name, ast.Attribute) and name.attr in NAMING:
        return ""
    if not isinstance(name, ast.Constant):
        return f"its name cannot be told: {RIGHT}"
    return "" if name.value in NAMES else f"the catalogue has no route {name.value!r}: {RIGHT}"
