"""What the checks look at, read once: boards, panels and targets, and the rules beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alerts.reading.loaded import load as load_rules
from alerts.reading.problem import Problem
from dashboards.checks.variables import expand
from slo.promql_tree import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded as LoadedRules
    from slo.promql_tree import Node

ROOT = Path(__file__).parents[2]
PARSE = "dashboards/parse"
PROMETHEUS, LOKI = "prometheus", "loki"


@dataclass(frozen=True)
class Board:
    """A dashboard as its file has it."""

    path: Path
    document: dict[str, Any]

    def problem(self, check: str, message: str, at: str = "$") -> Problem:
        """Return a finding about the dashboard, or what is at a JSON path of it."""
        return Problem(check, f"{self.path} {at}", message)

    @property
    def uid(self) -> str:
        """Return its uid; the name of its file when it has none."""
        return str(self.document.get("uid", self.path.stem))

    @cached_property
    def variables(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """List its variables, each with its JSON path."""
        return tuple(items(inside(self.document, "templating"), "$.templating", "list"))

    def variables_of(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the variables of a type, each with its JSON path."""
        return ((at, each) for at, each in self.variables if each.get("type") == kind)

    @cached_property
    def rows(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        """List its rows, each with its JSON path."""
        return tuple(pair for pair in self._top if pair[1].get("type") == "row")

    @cached_property
    def panels(self) -> tuple[Panel, ...]:
        """List its panels, those of collapsed rows too, and not the rows themselves."""
        found = [
            inner
            for at, each in self._top
            for inner in (items(each, at, "panels") if each.get("type") == "row" else [(at, each)])
        ]
        return tuple(Panel(self, at, document) for at, document in found)

    @cached_property
    def _top(self) -> tuple[tuple[str, dict[str, Any]], ...]:
        return tuple(items(self.document, "$", "panels"))


@dataclass(frozen=True)
class Panel:
    """A panel as its dashboard has it, and where."""

    board: Board
    at: str
    document: dict[str, Any]

    def problem(self, check: str, message: str, at: str = "") -> Problem:
        """Return a finding about this panel, or what is at a path inside it."""
        return self.board.problem(
            check, f"{self.title or 'panel without a title'}: {message}", f"{self.at}{at}"
        )

    @property
    def title(self) -> str:
        """Return its title; empty when it has none."""
        return str(self.document.get("title", ""))

    @property
    def kind(self) -> str:
        """Return the id of its plugin; empty when it has none."""
        return str(self.document.get("type", ""))

    @property
    def defaults(self) -> dict[str, Any]:
        """Return what its fields look like by default."""
        return inside(self.document, "fieldConfig", "defaults")

    @property
    def overrides(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield its overrides, each with its path inside the panel."""
        return items(inside(self.document, "fieldConfig"), ".fieldConfig", "overrides")

    @property
    def properties(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what overrides change, each with its path inside the panel."""
        for at, override in self.overrides:
            yield from items(override, at, "properties")

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """List its targets."""
        return tuple(Target(self, at, each) for at, each in items(self.document, "", "targets"))

    def prometheus(self) -> Iterator[tuple[Target, Node]]:
        """Yield the targets that are PromQL, with it."""
        for target in self.targets:
            if target.source == PROMETHEUS and target.tree is not None:
                yield target, target.tree


@dataclass(frozen=True)
class Target:
    """A query as its panel has it, and its path inside the panel."""

    panel: Panel
    at: str
    document: dict[str, Any]

    def problem(self, check: str, message: str) -> Problem:
        """Return a finding about this query."""
        name = str(self.document.get("refId", "?"))
        return self.panel.problem(check, f"query {name}: {message}", self.at)

    @property
    def source(self) -> str:
        """Return the type of its data source, which may be that of its panel."""
        said = self.document.get("datasource") or self.panel.document.get("datasource") or {}
        return str(said.get("type", "")) if isinstance(said, dict) else ""

    @property
    def expr(self) -> str:
        """Return the query as it is written."""
        return str(self.document.get("expr", ""))

    @cached_property
    def expanded(self) -> str:
        """Return the query with values in place of variables; raises LookupError."""
        return expand(self.expr, [each for _, each in self.panel.board.variables])

    @cached_property
    def _parsed(self) -> tuple[Node | None, str]:
        try:
            return parse(self.expanded), ""
        except LookupError as error:
            return None, str(error.args[0])
        except ValueError as error:
            return None, f"no PromQL: {' '.join(str(error).split())}"

    @property
    def tree(self) -> Node | None:
        """Return the query as PromQL; None when it is none."""
        return self._parsed[0]

    @property
    def error(self) -> str:
        """Say why it is no PromQL."""
        return self._parsed[1]


@dataclass(frozen=True)
class Loaded:
    """A folder of dashboards, and the repository around it."""

    folder: Path
    root: Path
    boards: tuple[Board, ...]
    unreadable: tuple[Problem, ...]

    @cached_property
    def rules(self) -> LoadedRules:
        """Read the rules that the panels draw."""
        return load_rules(self.root / "alerts" / "generated", self.root)

    @cached_property
    def panels(self) -> tuple[Panel, ...]:
        """List the panels of every board."""
        return tuple(panel for board in self.boards for panel in board.panels)


def load(folder: Path, root: Path = ROOT) -> Loaded:
    """Read a folder; what cannot be read becomes a problem, and so does a folder without boards."""
    boards: list[Board] = []
    unreadable: list[Problem] = []
    for path in sorted(folder.glob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            unreadable.append(Problem(PARSE, str(path), f"not readable: {error}"))
            continue
        if isinstance(document, dict):
            boards.append(Board(path, document))
        else:
            unreadable.append(Problem(PARSE, str(path), "no dashboard: not a JSON object"))
    if not boards and not unreadable:
        message = "no dashboard here: run `python -m dashboards build`"
        unreadable.append(Problem(PARSE, str(folder), message))
    return Loaded(folder, root, tuple(boards), tuple(unreadable))


def inside(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return the object at a path of keys; an empty one where there is none."""
    for key in keys:
        found = document.get(key)
        document = found if isinstance(found, dict) else {}
    return document


def items(document: dict[str, Any], at: str, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a list, each with its JSON path; what is no object is left out."""
    found = document.get(key)
    for index, each in enumerate(found if isinstance(found, list) else ()):
        if isinstance(each, dict):
            yield f"{at}.{key}[{index}]", each
