from __future__ import annotations

from alerts.signal import Dashboard
from tests.dashboards.documents import PANELS, panel_of


def test_a_cell_has_the_colour_of_its_limits_and_a_dash_where_nothing_is() -> None:
    panel = panel_of(Dashboard.INFRASTRUCTURE, "Instances")
    overrides = panel["fieldConfig"]["overrides"]
    assert [found["matcher"]["options"] for found in overrides] == ["CPU", "Memory", "Disk"]
    for found in overrides:
        own = {each["id"]: each["value"] for each in found["properties"]}
        assert own["thresholds"]["steps"][1:], "a limit"
        assert own["color"] == {"mode": "thresholds"}
        assert own["noValue"] == "–"
    assert panel["fieldConfig"]["defaults"]["noValue"] == "No data", "of all columns"


def test_six_columns_fit_into_half_a_board() -> None:
    panel = panel_of(Dashboard.APPLICATION, "Database query performance")
    columns = len(panel["targets"]) + 1
    least = panel["fieldConfig"]["defaults"]["custom"]["minWidth"]
    # A board of 1280 pixels, less what lies between panels.
    assert columns * least <= 1280 * panel["gridPos"]["w"] / 24 - 32


def test_another_unit_has_an_axis_and_limits_of_its_own() -> None:
    panel = panel_of(Dashboard.APPLICATION, "Error rate")
    (override,) = panel["fieldConfig"]["overrides"]
    assert override["matcher"] == {"id": "byFrameRefID", "options": "B"}
    own = {found["id"]: found["value"] for found in override["properties"]}
    assert (own["unit"], own["decimals"]) == ("locale", 0)
    assert own["custom.axisPlacement"] == "right"
    assert [step["value"] for step in own["thresholds"]["steps"]] == [None, 10.0]
    assert own["custom.thresholdsStyle"] == {"mode": "line"}, "no shade over the other axis"


def test_counts_are_written_in_full_and_without_a_fraction() -> None:
    counts = [
        p for p in PANELS if p.get("fieldConfig", {}).get("defaults", {}).get("unit") == "locale"
    ]
    assert {panel["fieldConfig"]["defaults"]["decimals"] for panel in counts} == {0}
    assert {panel["title"] for panel in counts} >= {
        *("Adoption funnel", "Matches per hour", "Signups per hour", "Pet uploads per hour"),
        *("Pets listed per hour, by type", "Slow queries", "Deadlocks", "Requests in 30 days"),
    }


def test_a_small_share_reaches_the_limit_of_its_alert() -> None:
    defaults = panel_of(Dashboard.APPLICATION, "Error rate")["fieldConfig"]["defaults"]
    assert defaults["custom"]["axisSoftMax"] == 0.05
    assert defaults["custom"]["thresholdsStyle"] == {"mode": "line+area"}
    assert "max" not in defaults
