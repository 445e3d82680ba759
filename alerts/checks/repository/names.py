"""loadtests/names: what a load test asks of the service is a route of the catalogue."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from alerts.reading.problem import Problem
from app.telemetry import catalog
from app.telemetry.model import Route

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alerts.reading.loaded import Loaded

ID = "loadtests/names"
FOLDER = "loadtests"
CATALOGUE = "app.telemetry.catalog"
NAMES = {name for route in catalog.ROUTES for name in (route.operation, route.template)}
ROUTES = {name for name, value in vars(catalog).items() if isinstance(value, Route)}
# What names a request, of a route that the catalogue has.
NAMING = ("operation", "template")
# Locust's own, by which its users send: `self.client.get(...)`.
CLIENT = "client"
VERBS = ("delete", "get", "head", "options", "patch", "post", "put", "request")
RIGHT = "give it `name=`, the operation of a route of the catalogue"
# What scripts yield: `call(DECK_READ)`, or `Call(DECK_READ, query=...)`.
MODEL = "loadtests.scenarios.model"
CALLS = ("Call", "call")
FIRST = f"give it a route that is imported from {CATALOGUE}"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a request that is of no route, or that Locust would list by another name.

    No request in any file is a problem too: nothing was checked.
    """
    folder = loaded.root / FOLDER
    files = [(path, _File(path)) for path in sorted(folder.rglob("*.py"))]
    if not any(file.asks for _, file in files):
        yield Problem(ID, str(folder), "no request in any file: nothing was checked")
    for path, file in files:
        for line, message in file.wrong():
            yield Problem(ID, f"{path}:{line}", message)


class _File:
    """One file: its nodes, and what its names mean."""

    def __init__(self, path: Path) -> None:
        self.nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        self.calls = {name for meant, name in self._imported(MODEL) if meant in CALLS}
        self.routes = {name for meant, name in self._imported(CATALOGUE) if meant in ROUTES}
        # Passed on by a function: whoever calls it has the route of the catalogue.
        self.passed_on = {
            node.arg
            for node in self.nodes
            if isinstance(node, ast.arg)
            and isinstance(node.annotation, ast.Name)
            and node.annotation.id == Route.__name__
        }

    @property
    def asks(self) -> bool:
        return any(_asks_locust(node) or self._calls(node) for node in self.nodes)

    def wrong(self) -> Iterator[tuple[int, str]]:
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom) and node.module == CATALOGUE:
                for each in node.names:
                    if not hasattr(catalog, each.name):
                        yield node.lineno, f"the catalogue has no {each.name}"
            elif isinstance(node, ast.Call) and (message := self._message(node)):
                yield node.lineno, message

    def _message(self, node: ast.Call) -> str:
        """Say what is wrong with a call; empty when nothing is, or it is no request."""
        if isinstance(node.func, ast.Name) and node.func.id == Route.__name__:
            return "makes a route of its own: take one of the catalogue"
        if _asks_locust(node):
            return _misnamed(node)
        return self._misrouted(node) if self._calls(node) else ""

    def _misrouted(self, node: ast.Call) -> str:
        given = [*node.args, *(each.value for each in node.keywords if each.arg == "route")]
        if given and isinstance(given[0], ast.Name):
            name = given[0].id
            known = name in self.routes or name in self.passed_on
            return "" if known else f"{name} is no route of the catalogue: {FIRST}"
        return f"its route cannot be told: {FIRST}"

    def _calls(self, node: ast.AST) -> bool:
        """Say whether a node makes a call of a scenario."""
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            return False
        return node.func.id in self.calls

    def _imported(self, module: str) -> Iterator[tuple[str, str]]:
        """Yield what the file imports of a module, each with its name here."""
        for node in self.nodes:
            if isinstance(node, ast.ImportFrom) and node.module == module:
                yield from ((each.name, each.asname or each.name) for each in node.names)


def _asks_locust(node: ast.AST) -> bool:
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
