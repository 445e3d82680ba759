from __future__ import annotations

from typing import Any

from alerts.signal import Dashboard
from tests.dashboards.documents import PANELS, panel_of


def legend_of(uid: Dashboard, title: str) -> dict[str, Any]:
    found: dict[str, Any] = panel_of(uid, title)["options"]["legend"]
    return found


def test_a_legend_of_many_rows_leaves_the_height_to_the_chart() -> None:
    many = [
        (Dashboard.INFRASTRUCTURE, "Deliveries"),
        (Dashboard.BUSINESS, "Matches per hour"),
        (Dashboard.DATABASE, "Sessions"),
        (Dashboard.BUSINESS, "Log-ins"),
        (Dashboard.DATABASE, "Statements"),
        (Dashboard.LOAD_TEST, "Latency at the service by operation"),
    ]
    for uid, title in many:
        assert legend_of(uid, title)["displayMode"] == "list", title
    few = legend_of(Dashboard.BUSINESS, "Active sessions")
    assert (few["displayMode"], few["placement"]) == ("table", "bottom")


def test_a_legend_stands_beside_a_chart_that_is_as_wide_as_the_board() -> None:
    wide = [p for p in PANELS if p["type"] == "timeseries" and p["gridPos"]["w"] == 24]
    assert "Deployment events" in [panel["title"] for panel in wide]
    assert {panel["options"]["legend"]["placement"] for panel in wide} == {"right"}


def test_the_names_of_several_tiles_can_be_read() -> None:
    assert panel_of(Dashboard.APPLICATION, "Instance status")["options"]["text"]["titleSize"] == 12
    assert "text" not in panel_of(Dashboard.CACHE, "Valkey answers")["options"]
