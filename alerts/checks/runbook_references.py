"""runbooks/references: routes, commands, services, panels and pages that a runbook names exist."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from alerts.checks.problem import Problem
from alerts.checks.runbook_commands import Commands, unknown_commands
from alerts.checks.runbook_files import readable
from app.telemetry.catalog import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alerts.checks.loaded import Loaded
    from alerts.checks.runbook_files import Runbook

# Titles by id, by uid of the dashboard.
Panels = dict[str, dict[str, str]]

ID = "runbooks/references"
OPERATIONS = frozenset(route.operation for route in ROUTES)
ROUTE = re.compile(r"`((?:GET|HEAD|POST|PUT|PATCH|DELETE) /[^\s`?]*)")
# Addresses of the public port in commands; its templates' braces match whatever stands there.
ADDRESS = re.compile(r"localhost:8000(/[^\s\"'?#]*)")
TEMPLATES = tuple(
    re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(route.template))) for route in ROUTES
)
PANEL_LINK = re.compile(r"/d/([\w-]+)/.*[?&]viewPanel=(?:panel-)?(\d+)")
# On the management port, which the catalogue of the API does not list.
MANAGEMENT = frozenset({"GET /metrics", "GET /runbooks/"})


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a name in a runbook that leads nowhere."""
    panels = _panels(loaded.root)
    commands = Commands.of(loaded.root)
    for page in readable(loaded.root):
        for line, message in (*_routes(page), *_links(page)):
            yield Problem(ID, page.at(line), message)
        for message in (*_panel(page, panels), *_alert_link(page, loaded, panels)):
            yield Problem(ID, str(page.path), message)
        for fence in page.fences:
            if fence.language == "sh":
                for message in unknown_commands(fence.text, commands):
                    yield Problem(ID, page.at(fence.line), message)


def _routes(page: Runbook) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(page.source.splitlines(), 1):
        for operation in ROUTE.findall(line):
            if operation not in OPERATIONS | MANAGEMENT:
                yield number, f"the catalogue has no route {operation}"
        for path in ADDRESS.findall(line):
            if not any(template.fullmatch(path) for template in TEMPLATES):
                yield number, f"the catalogue has no route for {path}"


def _links(page: Runbook) -> Iterator[tuple[int, str]]:
    for section in page.sections:
        for line, link in section.links:
            path = link.partition("#")[0]
            if path and "://" not in path and not (page.path.parent / path).is_file():
                yield line, f"a link leads nowhere: {link}"


def _panels(root: Path) -> Panels:
    """Map the uid of every generated dashboard to its panels' titles by id."""
    found: Panels = {}
    for path in sorted((root / "dashboards" / "generated").glob("*.json")):
        document = json.loads(path.read_text())
        found[str(document.get("uid"))] = dict(_titles(document.get("panels", [])))
    return found


def _titles(panels: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for panel in panels:
        yield str(panel.get("id", "")), str(panel.get("title", ""))
        yield from _titles(panel.get("panels", []))


def _panel(page: Runbook, panels: Panels) -> Iterator[str]:
    uid, title = page.front.get("dashboard"), page.front.get("panel")
    if uid is None:
        if title is not None:
            yield f"panel: {title} without a dashboard"
    elif uid not in panels:
        yield f"no generated dashboard is called {uid}: {', '.join(panels) or 'there is none'}"
    elif title is not None and title not in panels[uid].values():
        yield f"dashboard {uid} has no panel {title}: {', '.join(sorted(panels[uid].values()))}"


def _alert_link(page: Runbook, loaded: Loaded, panels: Panels) -> Iterator[str]:
    """Compare with the panel that the alert itself links to, where that one exists."""
    rules = [rule for rule in loaded.alerts if rule.name == page.path.stem and not page.disaster]
    linked = set()
    for rule in rules:
        if found := PANEL_LINK.search(rule.annotations.get("dashboard_url", "")):
            linked.add((found[1], panels.get(found[1], {}).get(found[2], "")))
    said = (page.front.get("dashboard"), page.front.get("panel"))
    if all(title for _, title in linked) and linked and said not in linked:
        uid, title = min(linked)
        yield f"the alert links to dashboard: {uid}, panel: {title}; say the same"
