"""What generated dashboards draw: the names in their queries, and the titles of their panels."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
# Titles by id, by uid of the dashboard.
Panels = dict[str, dict[int, str]]


def panel_names(loaded: Loaded) -> set[str]:
    """Return every word of the expressions on dashboards that could name a series."""
    return {
        name
        for path in loaded.dashboards
        for text in _expressions(json.loads(path.read_text(encoding="utf-8")))
        for name in NAME.findall(text)
    }


def _expressions(node: object) -> Iterator[str]:
    """Yield the queries of panels, variables and annotations, wherever they stand."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("expr", "query", "definition") and isinstance(value, str):
                yield value
            else:
                yield from _expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from _expressions(value)


def panels(loaded: Loaded) -> Panels:
    """Map the uid of every generated dashboard to its panels' titles by id."""
    found: Panels = {}
    for path in loaded.dashboards:
        document = json.loads(path.read_text(encoding="utf-8"))
        found[str(document.get("uid", path.stem))] = dict(_titles(document.get("panels", [])))
    return found


def _titles(drawn: list[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    for panel in drawn:
        yield int(panel.get("id", 0)), str(panel.get("title", ""))
        yield from _titles(panel.get("panels", []))
