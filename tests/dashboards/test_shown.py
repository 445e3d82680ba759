"""What panels leave out because nobody could use it, and what they must not miss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts import exporters
from alerts.signal import Dashboard
from app.telemetry.catalog import JOB, POOL_CONNECTIONS
from tests.dashboards.asked import SCRAPE_SECONDS, as_grafana, passed, played
from tests.dashboards.documents import panel_of

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_connection_that_is_given_back_before_the_last_scrape_is_counted(
    promtool: Run, tmp_path: Path
) -> None:
    panel = panel_of(Dashboard.APPLICATION, "Active database connections")
    expr, _ = as_grafana(panel, panel["targets"][0])
    name = f'{POOL_CONNECTIONS.name}{{job="{JOB}",instance="%s",db_client_connection_state="used"}}'
    shown = {name % "a": "0x11 7 0x20", name % "b": "2x40"}
    test = played(shown, expr, {2: 2.0, 3: 9.0, 5: 2.0})
    passed(promtool, tmp_path, [test | {"interval": f"{SCRAPE_SECONDS}s"}])


@pytest.mark.parametrize("title", ["Size", "Deadlocks", "Transactions", "Blocks found in memory"])
def test_databases_in_which_nobody_works_are_not_drawn(
    title: str, promtool: Run, tmp_path: Path
) -> None:
    panel = panel_of(Dashboard.DATABASE, title)
    expr, _ = as_grafana(panel, panel["targets"][0])
    metrics = (
        exporters.DATABASE_SIZE,
        exporters.DEADLOCKS,
        exporters.COMMITS,
        exporters.BLOCKS_HIT,
        exporters.BLOCKS_READ,
    )
    shown = {
        f'{metric.name}{{job="{exporters.POSTGRES}",instance="a",datname="{name}"}}': "0+60x9"
        for metric in metrics
        for name in ("petswipe", "template0", "template1", "")
    }
    test = played(shown, f"count by (datname) ({expr})", {2: 1.0}, '{datname="petswipe"}')
    passed(promtool, tmp_path, [test | {"interval": f"{SCRAPE_SECONDS}s"}])


def test_empty_keyspaces_and_methods_that_nobody_uses_are_not_drawn() -> None:
    (keys,) = panel_of(Dashboard.CACHE, "Keys")["targets"]
    _, methods = panel_of(Dashboard.APPLICATION, "Request rate")["targets"]
    assert keys["expr"].endswith(" > 0")
    assert methods["expr"].endswith(" > 0")
    assert methods["legendFormat"] == "{{http_request_method}}"
