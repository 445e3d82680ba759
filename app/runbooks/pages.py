"""The documents: a runbook, the list of all, and what is shown in place of a missing one."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from app.runbooks.markup import render_line
from app.runbooks.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.runbooks.library import Runbook

SEVERITIES = ("critical", "warning", "info")


def document(title: str, body: str, path: str) -> str:
    """Wrap a body; `path` leads to the list."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n"
        f'<nav><a href="{escape(path)}">All runbooks</a></nav>\n<main>\n{body}</main>\n'
        "</body></html>\n"
    )


def facts(page: Runbook, grafana: str) -> str:
    """Show the front matter on one line: severity, team, and the panel, linked when possible."""
    front, shown = page.front, []
    if severity := front.get("severity"):
        known = severity if severity in SEVERITIES else ""
        shown.append(f'<span class="{known}">{escape(severity)}</span>')
    if team := front.get("team"):
        shown.append(f"team {escape(team)}")
    if uid := front.get("dashboard"):
        panel = front.get("panel")
        words = escape(f"dashboard {uid}" + (f", panel {panel}" if panel else ""))
        # Grafana's name of a panel; without it the link opens the whole dashboard.
        number = front.get("panel_id")
        view = {"viewPanel": f"panel-{number}"} if number else {}
        asked = urlencode({**view, "from": "now-3h", "to": "now"})
        address = escape(f"{grafana}/d/{quote(uid, safe='')}/?{asked}")
        link = f'<a href="{address}" rel="noreferrer">{words}</a>'
        shown.append(link if grafana else words)
    return f'<p class="facts">{" · ".join(shown)}</p>\n' if shown else ""


def index_body(pages: Sequence[Runbook], prefix: str) -> str:
    """List the pages by severity, then scenarios, then the others."""
    parts = ["<h1>Runbooks</h1>\n"]
    alerts = [page for page in pages if "alert" in page.front]
    for severity in SEVERITIES:
        some = [page for page in alerts if page.front.get("severity") == severity]
        parts.append(_table(severity.capitalize(), some, prefix))
    listed = [page for page in alerts if page.front.get("severity") in SEVERITIES]
    disasters = [page for page in pages if "/" in page.name]
    parts.append(_table("Disaster scenarios", disasters, prefix))
    others = [page for page in pages if page not in listed and page not in disasters]
    parts.append(_table("More", others, prefix))
    return "".join(parts)


def _table(title: str, pages: Iterable[Runbook], prefix: str) -> str:
    rows = "".join(
        f"<tr><td>{_link(page.name, page.title, prefix)}</td>"
        f"<td>{escape(page.front.get('team', ''))}</td><td>{render_line(page.opening)}</td></tr>\n"
        for page in pages
    )
    head = "<thead><tr><th>Page</th><th>Team</th><th>In short</th></tr></thead>"
    wide = f'<div class="wide"><table>{head}<tbody>\n{rows}</tbody></table></div>\n'
    return f"<h2>{escape(title)}</h2>\n{wide}" if rows else ""


def missing_body(name: str, near: Sequence[str], prefix: str) -> str:
    """Say that there is no such page, and what may have been meant."""
    parts = [f"<h1>No runbook {escape(name)}</h1>\n"]
    if near:
        items = "".join(f"<li>{_link(known, known, prefix)}</li>\n" for known in near)
        parts.append(f"<p>Near names:</p>\n<ul>\n{items}</ul>\n")
    return "".join(parts)


def no_folder_body() -> str:
    """Say that nobody has given this process its runbooks."""
    return (
        "<h1>No runbooks here</h1>\n<p>This process has no folder of runbooks: copy "
        "<code>runbooks/</code> beside the package, or set <code>PET_RUNBOOKS_DIR</code>.</p>\n"
    )


def _link(name: str, words: str, prefix: str) -> str:
    return f'<a href="{escape(prefix + quote(name))}">{escape(words)}</a>'
