"""Every dashboard, in the order in which they are listed.

Importing it proves that each alert's link leads to a panel that draws what the alert compares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.components.registry import WATCHES
from alerts.registry import slo_panel
from alerts.signal import Dashboard
from alerts.slo_rules import alert_windows
from dashboards.boards import (
    application,
    business,
    cache,
    cost,
    database,
    infrastructure,
    load_test,
    service_levels,
    telemetry,
)
from slo.conventions import error_ratio
from slo.objectives import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.model import Board

BOARDS = {
    board.uid: board
    for board in (
        application.BOARD,
        business.BOARD,
        infrastructure.BOARD,
        database.BOARD,
        cache.BOARD,
        service_levels.BOARD,
        load_test.BOARD,
        cost.BOARD,
        telemetry.BOARD,
    )
}


class MissingPanelError(ValueError):
    """An alert leads to a panel that does not exist, or that draws something else."""


def prove_links(boards: Mapping[Dashboard, Board]) -> None:
    """Raise MissingPanelError for an alert whose panel is not there or draws another series."""
    for watch in WATCHES:
        signal = watch.signal
        _prove(boards, watch.alert, signal.dashboard, signal.panel, signal.record)
    for objective in OBJECTIVES:
        for window in alert_windows(objective):
            number, record = slo_panel(objective), error_ratio(window)
            _prove(boards, objective.id, Dashboard.SLO, number, record)


def _prove(
    boards: Mapping[Dashboard, Board], what: str, uid: Dashboard, number: int, record: str
) -> None:
    board = boards.get(uid)
    found = [panel for panel in board.panels if panel.id == number] if board else []
    if not any(query.expr.startswith(record) for panel in found for query in panel.queries):
        raise MissingPanelError(f"{what}: no panel {number} of {uid} draws {record}")


prove_links(BOARDS)
