"""dashboards/linked: every alert leads to the panel that draws it and its limit, and back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from alerts.places import GRAFANA, RUNBOOKS
from alerts.reading.known import names
from alerts.watch import panel_of
from dashboards.checks.compared import condition, draws, made_of
from dashboards.checks.loaded import items
from dashboards.checks.panel_thresholds import limits
from slo.promql_tree import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.known import Known
    from alerts.reading.loaded import WrittenRule
    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Board, Loaded, Panel
    from slo.promql_tree import Node

ID = "dashboards/linked"
CHOSEN = "var-"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a link that leads nowhere, or to a panel that shows something else."""
    known = loaded.rules.known
    boards = {board.uid: board for board in loaded.boards}
    for rule in loaded.rules.alerts:
        found = _panel(rule, boards)
        if isinstance(found, str):
            yield rule.problem(ID, found)
            continue
        if rule.name not in {alert for _, alert in _runbooks(found)}:
            message = f"its panel {found.title!r} of {found.board.uid} does not lead to its runbook"
            yield rule.problem(ID, message)
        for message in _shown(rule.tree, found, known) if rule.tree is not None else ():
            yield rule.problem(ID, message)
    alerts = {rule.name for rule in loaded.rules.alerts}
    for panel in loaded.panels:
        for at, alert in _runbooks(panel):
            if alert not in alerts:
                yield panel.problem(ID, f"leads to the runbook of {alert}, which is no alert", at)


def _panel(rule: WrittenRule, boards: dict[str, Board]) -> Panel | str:
    """Return the panel that an alert leads to, or what is wrong with its link."""
    link = rule.annotations.get("dashboard_url", "")
    found = panel_of(link)
    if found is None:
        return f"dashboard_url {link!r}: {GRAFANA}/d/<uid>/<uid>?viewPanel=panel-<id> is wanted"
    uid, number = found
    board = boards.get(uid)
    if board is None:
        return f"leads to the dashboard {uid!r}: {', '.join(boards) or 'there is none'}"
    for name in parse_qs(urlsplit(link).query):
        if name.startswith(CHOSEN) and name.removeprefix(CHOSEN) not in _variables(board):
            return f"chooses {name.removeprefix(CHOSEN)}, and {board.uid} has no such variable"
    for panel in board.panels:
        if panel.document.get("id") == number:
            return panel
    return f"leads to panel {number} of {board.uid}, which has none of that id"


def _variables(board: Board) -> set[str]:
    return {str(each.get("name")) for _, each in board.variables}


def _shown(tree: Node, panel: Panel, known: Known) -> Iterator[str]:
    """Yield what a panel leaves out of what an alert compares: its first condition."""
    where = f"its panel {panel.title!r} of {panel.board.uid}"
    compared, limit = condition(tree)
    shown = [(t, drawn) for t, drawn in panel.prometheus() if t.document.get("hide") is not True]
    if limit is None:
        if not any(made_of(drawn, compared, known) for _, drawn in shown):
            yield f"{where} has no line made of {', '.join(sorted(names(compared)))}"
        return
    refs = [str(t.document.get("refId")) for t, drawn in shown if draws(drawn, compared)]
    if not refs:
        yield f"{where} does not draw {short(compared)}"
        return
    found = sorted({each for ref in refs for each in limits(panel, ref)})
    if not any(math.isclose(limit, each) for each in found):
        listed = ", ".join(f"{each:g}" for each in found) or "none"
        yield f"{where} draws no threshold at {limit:g}: {listed}"


def _runbooks(panel: Panel) -> Iterator[tuple[str, str]]:
    """Yield the alerts whose runbooks a panel leads to, each with its JSON path."""
    for at, link in items(panel.document, "", "links"):
        url = str(link.get("url", ""))
        if url.startswith(f"{RUNBOOKS}/"):
            yield f"{at}.url", url.removeprefix(f"{RUNBOOKS}/")
