"""runbooks/references: routes, commands, services, panels and pages that a runbook names exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alerts.reading.panels import panels
from alerts.reading.problem import Problem
from alerts.reading.runbook_commands import Commands, unknown_commands
from alerts.reading.runbook_files import readable
from alerts.watch import panel_of
from app.telemetry.catalog import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.panels import Panels
    from alerts.reading.runbook_files import Runbook

ID = "runbooks/references"
OPERATIONS = frozenset(route.operation for route in ROUTES)
ROUTE = re.compile(r"`((?:GET|HEAD|POST|PUT|PATCH|DELETE) /[^\s`?]*)")
# Addresses of the public port in commands; its templates' braces match whatever stands there.
ADDRESS = re.compile(r"localhost:8000(/[^\s\"'?#]*)")
TEMPLATES = tuple(
    re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(route.template))) for route in ROUTES
)
# On the management port, which the catalogue of the API does not list.
MANAGEMENT = frozenset({"GET /metrics", "GET /runbooks/"})


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a name in a runbook that leads nowhere."""
    drawn = panels(loaded)
    commands = Commands.of(loaded.root)
    for page in readable(loaded.root):
        for line, message in (*_routes(page), *_links(page)):
            yield Problem(ID, page.at(line), message)
        for message in (*_panel(page, drawn), *_alert_link(page, loaded, drawn)):
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


def _panel(page: Runbook, drawn: Panels) -> Iterator[str]:
    uid, title = page.front.get("dashboard"), page.front.get("panel")
    if uid is None:
        if title is not None:
            yield f"panel: {title} without a dashboard"
    elif uid not in drawn:
        yield f"no generated dashboard is called {uid}: {', '.join(drawn) or 'there is none'}"
    elif title is not None:
        numbers = [number for number, known in drawn[uid].items() if known == title]
        said = page.front.get("panel_id")
        if not numbers:
            yield f"dashboard {uid} has no panel {title}: {', '.join(sorted(drawn[uid].values()))}"
        elif said not in numbers:
            yield f"panel_id: {said}; panel {title} has {' or '.join(map(str, numbers))}"


def _alert_link(page: Runbook, loaded: Loaded, drawn: Panels) -> Iterator[str]:
    """Compare with the panel that the alert itself links to, where that one exists."""
    rules = [rule for rule in loaded.alerts if rule.name == page.path.stem and not page.disaster]
    linked = set()
    for rule in rules:
        if found := panel_of(rule.annotations.get("dashboard_url", "")):
            board, panel = found
            linked.add((board, drawn.get(board, {}).get(panel, "")))
    said = (page.front.get("dashboard"), page.front.get("panel"))
    if all(title for _, title in linked) and linked and said not in linked:
        uid, title = min(linked)
        yield f"the alert links to dashboard: {uid}, panel: {title}; say the same"
