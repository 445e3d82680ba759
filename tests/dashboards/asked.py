"""What panels ask, with Grafana's variables filled in, and played against promtool."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

SCRAPE_SECONDS = 15


def chosen(expression: str) -> str:
    """Put what Grafana would: every job and instance, and a window."""
    windowed = re.sub(r"\$__(rate_interval|range)", "1m", expression)
    windowed = windowed.replace("${__interval_ms}", "60000")
    return re.sub(r"\$\w+", ".+", windowed)


def as_grafana(panel: dict[str, Any], target: dict[str, Any]) -> tuple[str, int]:
    """Write the windows that Grafana does, close up; returns the query and its step in seconds.

    From Grafana's documentation of the variables, and of "min interval" and "min step".
    """
    seconds = {None: SCRAPE_SECONDS, "1m": 60}
    scrape = seconds[target.get("interval")]
    step = max(scrape, seconds[panel.get("interval")])
    window = max(step + scrape, 4 * scrape)
    expr = target["expr"].replace("$__rate_interval", f"{window}s")
    expr = expr.replace("${__interval_ms}", str(step * 1000)).replace("$__interval", f"{step}s")
    return expr, step


def played(
    shown: dict[str, str], expression: str, wanted: dict[int, float | None], labels: str = "{}"
) -> dict[str, object]:
    """Return a test of promtool: these series, and what an expression gives at some minutes."""
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in shown.items()],
        "promql_expr_test": [
            {
                "expr": chosen(expression),
                "eval_time": f"{minute}m",
                "exp_samples": [] if value is None else [{"labels": labels, "value": value}],
            }
            for minute, value in wanted.items()
        ],
    }


def passed(promtool: Run, folder: Path, tests: list[dict[str, object]]) -> None:
    file = folder / "test.yml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": tests}))
    done = promtool("test", "rules", file)
    assert done.returncode == 0, done.stdout
