"""The dashboards as Grafana reads them, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards.house import document
from dashboards.registry import BOARDS

if TYPE_CHECKING:
    from alerts.signal import Dashboard

DOCUMENTS: dict[Dashboard, dict[str, Any]] = {uid: document(b) for uid, b in BOARDS.items()}
PANELS = [
    panel for found in DOCUMENTS.values() for panel in found["panels"] if panel["type"] != "row"
]


def panel_of(uid: Dashboard, title: str) -> dict[str, Any]:
    (found,) = [panel for panel in DOCUMENTS[uid]["panels"] if panel["title"] == title]
    return dict(found)
