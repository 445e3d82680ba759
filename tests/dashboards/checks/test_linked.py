"""Alerts, and the panels that they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alerts.places import GRAFANA, RUNBOOKS
from dashboards.checks import linked
from tests.alerts.checks.written import good
from tests.dashboards.checks.drawn import OTHER, PANEL, changed, drawn, link, said

if TYPE_CHECKING:
    from pathlib import Path

TARGET = (*PANEL, "targets", 0)
DEFAULTS = (*PANEL, "fieldConfig", "defaults")
ADDRESS = f"{GRAFANA}/d/cache/cache?viewPanel=panel-7&from=now-3h&to=now"
BURN = 'slo:error_budget:ratio{sloth_slo="deck"}'
HERE = "its panel 'Valkey up' of cache"


def own_threshold(ref: str, *values: float) -> dict[str, Any]:
    steps = [{"color": "red", "value": value} for value in values]
    thresholds = {"id": "thresholds", "value": {"mode": "absolute", "steps": steps}}
    return {"matcher": {"id": "byFrameRefID", "options": ref}, "properties": [thresholds]}


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (None, "dashboard_url '': "),
        ("https://elsewhere.example/d/cache/cache?viewPanel=panel-7", "<uid>?viewPanel=panel-<id>"),
        (ADDRESS.replace("panel-7", "7"), "viewPanel=panel-<id> is wanted"),
        (
            ADDRESS.replace("/d/cache/cache", "/d/caches/caches"),
            "leads to the dashboard 'caches': ",
        ),
        (ADDRESS.replace("panel-7", "panel-70"), "leads to panel 70 of cache, which has none"),
        (f"{ADDRESS}&var-shard=1", "chooses shard, and cache has no such variable"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(
    address: str | None, message: str, tmp_path: Path
) -> None:
    rule = good(annotations={"dashboard_url": address})
    (found,) = said(linked, drawn(tmp_path, rules=(rule,)))
    assert found.startswith("CacheDown: ")
    assert message in found


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("redis_up < 1", f"{HERE} does not draw redis_up"),
        ("instance:redis:up < 0.5", f"{HERE} draws no threshold at 0.5: 1"),
        ("rate(instance:redis:up[5m]) < 1", f"{HERE} does not draw rate(instance:redis:up[5m])"),
        (f"{BURN} < 1", f"{HERE} does not draw slo:error_budget:ratio"),
        ("absent(slo:error_budget:ratio)", f"{HERE} has no line made of slo:error_budget:ratio"),
    ],
)
def test_a_panel_that_shows_something_else_is_found(
    expr: str, message: str, tmp_path: Path
) -> None:
    (found,) = said(linked, drawn(tmp_path, rules=(good(expr=expr),)))
    assert message in found


@pytest.mark.parametrize(
    "expr",
    [
        "instance:redis:up < 1",
        'instance:redis:up < 1 and on (job) job:http_requests:rate5m > 7 and up{job="redis"} > 9',
        "absent(instance:redis:up)",
        "absent(redis_up)",
    ],
)
def test_a_panel_that_draws_what_is_compared_first_and_its_limit_is_accepted(
    expr: str, tmp_path: Path
) -> None:
    rule = good(
        expr=expr, annotations={"dashboard_url": f"{ADDRESS}&var-job={{{{ $labels.job }}}}"}
    )
    assert said(linked, drawn(tmp_path, rules=(rule,))) == []


@pytest.mark.parametrize(
    "selector",
    [
        'instance:redis:up{job=~"redis"}',
        'instance:redis:up{job!="redis"}',
        "max(instance:redis:up)",
        "instance:redis:up > 0",
    ],
)
def test_a_query_that_draws_less_than_what_is_compared_is_found(
    selector: str, tmp_path: Path
) -> None:
    (found,) = said(linked, drawn(tmp_path, changed(((*TARGET, "expr"), selector))))
    assert found == f"CacheDown: {HERE} does not draw instance:redis:up"


def test_a_query_that_is_hidden_draws_nothing(tmp_path: Path) -> None:
    (found,) = said(linked, drawn(tmp_path, changed(((*TARGET, "hide"), True))))
    assert found == f"CacheDown: {HERE} does not draw instance:redis:up"


def test_a_panel_that_does_not_lead_back_to_the_runbook_is_found(tmp_path: Path) -> None:
    (found,) = said(linked, drawn(tmp_path, changed(((*PANEL, "links"), []))))
    assert found == f"CacheDown: {HERE} does not lead to its runbook"


def test_a_link_to_the_runbook_of_no_alert_is_found(tmp_path: Path) -> None:
    board = changed(((*OTHER, "links"), [link(f"{RUNBOOKS}/CacheGone")]))
    (found,) = said(linked, drawn(tmp_path, board))
    assert found == "Requests: leads to the runbook of CacheGone, which is no alert"


def test_a_panel_of_another_slo_is_found(tmp_path: Path) -> None:
    rules = (good(expr=f"{BURN} < 1"),)
    own = changed(((*TARGET, "expr"), BURN))
    assert said(linked, drawn(tmp_path, own, rules=rules)) == []
    other = changed(((*TARGET, "expr"), BURN.replace("deck", "swipe")))
    (found,) = said(linked, drawn(tmp_path, other, rules=rules))
    assert "does not draw slo:error_budget:ratio" in found
    absent = (good(expr=f"absent({BURN})"),)
    assert said(linked, drawn(tmp_path, own, rules=absent)) == []
    (found,) = said(linked, drawn(tmp_path, other, rules=absent))
    assert "has no line made of slo:error_budget:ratio" in found


def test_the_threshold_of_a_query_stands_in_place_of_that_of_its_panel(tmp_path: Path) -> None:
    rules = (good(expr="instance:redis:up < 0.5"),)
    overrides = (*PANEL, "fieldConfig", "overrides")
    own = changed((overrides, [own_threshold("B", 7), own_threshold("A", 0.5, 9)]))
    assert said(linked, drawn(tmp_path, own, rules=rules)) == []
    other = changed((overrides, [own_threshold("A", 7)]))
    (found,) = said(linked, drawn(tmp_path, other, rules=rules))
    assert found.endswith("draws no threshold at 0.5: 7")


def test_a_threshold_in_percent_of_a_range_is_none(tmp_path: Path) -> None:
    board = changed(((*DEFAULTS, "thresholds", "mode"), "percentage"))
    (found,) = said(linked, drawn(tmp_path, board))
    assert found.endswith("draws no threshold at 1: none")


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (linked, test_a_link_that_leads_nowhere_is_found),
    (linked, test_a_panel_that_shows_something_else_is_found),
]
ACCEPTED = [
    (linked, test_a_panel_that_draws_what_is_compared_first_and_its_limit_is_accepted),
]
