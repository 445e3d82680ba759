from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from alerts.signal import Dashboard
from dashboards.registry import BOARDS
from slo.conventions import BUDGET_REMAINING, WINDOW, error_ratio, identity
from slo.objectives import SWIPE_AVAILABILITY
from slo.promql import labels

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

RULES = Path(__file__).parents[2] / "alerts" / "generated" / "slo-swipe-availability.rules.yml"
DAY = 86_400
SLO = SWIPE_AVAILABILITY
IDENTITY = identity(SLO)


def exhaustion() -> str:
    key = f"slo:{SLO.id}:time_to_exhaustion"
    (panel,) = [panel for panel in BOARDS[Dashboard.SLO].panels if panel.key == key]
    return panel.queries[0].expr


@pytest.mark.parametrize(
    ("left", "ratio", "seconds"),
    [
        pytest.param(0.5, 0.001, 7.5 * DAY, id="half of it at twice the pace"),
        pytest.param(0.5, 0.0, 30 * DAY, id="nothing burns"),
        pytest.param(1.0, 0.0001, 30 * DAY, id="it burns slower than planned"),
        pytest.param(-0.2, 0.001, 0.0, id="it is overspent"),
        pytest.param(0.0, 0.0, 0.0, id="nothing is left and nothing burns"),
        pytest.param(0.5, None, None, id="nobody knows how it burns"),
    ],
)
def test_a_budget_lasts_as_long_as_it_would_at_the_pace_of_the_last_hour(
    left: float, ratio: float | None, seconds: float | None, promtool: Run, tmp_path: Path
) -> None:
    burn = f"{error_ratio(SLO.burn_windows[0].long)}{labels({**IDENTITY, WINDOW: '1h'})}"
    shown = [
        {
            "series": f"{BUDGET_REMAINING}{labels({**IDENTITY, WINDOW: '30d'})}",
            "values": f"{left}x5",
        }
    ]
    if ratio is not None:
        shown.append({"series": burn, "values": f"{ratio}x5"})
    samples = [] if seconds is None else [{"labels": labels(IDENTITY), "value": seconds}]
    asked = [{"expr": f"round({exhaustion()})", "eval_time": "5m", "exp_samples": samples}]
    test = {"interval": "1m", "input_series": shown, "promql_expr_test": asked}
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump({"tests": [test]}))
    done = promtool("test", "rules", file)
    assert done.returncode == 0, done.stdout


def test_a_budget_lasts_as_long_as_the_series_of_the_rules_say(
    promtool: Run, tmp_path: Path
) -> None:
    periods = f"{error_ratio(SLO.length)}{labels({**IDENTITY, WINDOW: '30d'})}"
    hours = f"{error_ratio(SLO.burn_windows[0].long)}{labels({**IDENTITY, WINDOW: '1h'})}"
    # A quarter of the budget is spent, and it burns at thrice the pace; the rest is recorded.
    spent, pace = float(SLO.budget) / 4, 3 * float(SLO.budget)
    test = {
        "interval": "1m",
        "input_series": [
            {"series": periods, "values": f"{spent}x9"},
            {"series": hours, "values": f"{pace}x9"},
        ],
        "promql_expr_test": [
            {
                "expr": f"round({exhaustion()})",
                "eval_time": "9m",
                "exp_samples": [{"labels": labels(IDENTITY), "value": 0.75 * 30 / 3 * DAY}],
            }
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "tests": [test]}))
    done = promtool("test", "rules", file)
    assert done.returncode == 0, done.stdout
