"""What panels and annotations ask, asked of Prometheus' own tools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alerts.signal import Dashboard
from app.telemetry.catalog import HTTP_DURATION, JOB, SWIPES
from dashboards.house import document
from dashboards.model import Source
from dashboards.queries import increase, part, pick, quantile, rate, share, total
from dashboards.registry import BOARDS
from slo.promql import Matcher, UnknownSeriesError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

ANNOTATIONS: Any = document(BOARDS[Dashboard.APPLICATION])["annotations"]
DEPLOYMENTS = ANNOTATIONS["list"][0]["target"]["expr"]
MINUTES = 30


def chosen(expression: str) -> str:
    """Put what Grafana would: every job and instance, and a window."""
    windowed = re.sub(r"\$__(rate_interval|range)", "1m", expression)
    return re.sub(r"\$\w+", ".+", windowed)


def test_queries_choose_jobs_and_instances_and_the_window_of_the_panel() -> None:
    chosen_ones = 'job=~"$job",instance=~"$instance"'
    likes = pick(SWIPES, Matcher("direction", "=", "like"))
    assert rate(likes) == (
        f'sum (rate(petswipe_swipes_total{{direction="like",{chosen_ones}}}[$__rate_interval]))'
    )
    assert increase(pick(SWIPES), "direction", over="$__range") == (
        f"sum by (direction) (increase(petswipe_swipes_total{{{chosen_ones}}}[$__range]))"
    )
    assert total(pick(SWIPES), how="max") == f"max (petswipe_swipes_total{{{chosen_ones}}})"
    assert quantile(0.99, part(HTTP_DURATION, "bucket")) == (
        "histogram_quantile(0.99, sum by (le) (rate("
        f"http_server_request_duration_seconds_bucket{{{chosen_ones}}}[$__rate_interval]))) >= 0"
    )


def test_a_query_of_what_nobody_emits_is_refused() -> None:
    with pytest.raises(UnknownSeriesError):
        pick(SWIPES, Matcher("direction", "=", "sideways"))
    with pytest.raises(UnknownSeriesError):
        part(HTTP_DURATION, "total")


def test_a_share_is_nothing_while_nothing_is_bad_and_absent_while_nothing_happens(
    promtool: Run, tmp_path: Path
) -> None:
    likes = pick(SWIPES, Matcher("direction", "=", "like"))
    name = f'petswipe_swipes_total{{job="{JOB}",instance="a",direction="%s"}}'
    cases = [
        ({name % "pass": "0+6x10"}, 0.0),
        ({name % "pass": "0+6x10", name % "like": "0+2x10"}, 0.25),
        ({name % "pass": "6x10", name % "like": "6x10"}, None),
    ]
    tests = [
        played(shown, share(likes, pick(SWIPES)).replace("$__rate_interval", "4m"), {8: value})
        for shown, value in cases
    ]
    passed(promtool, tmp_path, tests)


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


def runs(instance: str, version: str) -> str:
    labels = f'job="{JOB}",instance="{instance}",version="{version}",revision="{version}f"'
    return f"petswipe_build_info{{{labels}}}"


@pytest.mark.parametrize(
    ("shown", "marks"),
    [
        pytest.param({("a", "1"): "1x30"}, {}, id="nothing happens"),
        pytest.param(
            {
                ("a", "1"): "1x9 stale",
                ("a", "2"): "_x10 1x20",
                ("b", "1"): "1x12 stale",
                ("b", "2"): "_x13 1x20",
            },
            {"2": range(10, 15)},
            id="a rolling deployment",
        ),
        pytest.param(
            {("a", "1"): "1x9 stale _ 1x20", ("b", "1"): "1x14 stale 1x20"}, {}, id="restarts"
        ),
        pytest.param({("a", "1"): "1x9 stale _ 1x20"}, {}, id="a restart of the only instance"),
        pytest.param({("a", "1"): "1x30", ("b", "1"): "_x10 1x20"}, {}, id="a scale-out"),
        pytest.param(
            {("a", "1"): "1x9 stale", ("a", "2"): "_x12 1x20"},
            {"2": range(12, 15)},
            id="a deployment with a gap",
        ),
        pytest.param(
            {("a", "1"): "1x9 stale _x9 1x10", ("a", "2"): "_x10 1x9 stale"},
            {"2": range(10, 15), "1": range(20, 25)},
            id="a deployment that is rolled back",
        ),
    ],
)
def test_a_deployment_is_marked_and_a_restart_is_not(
    shown: dict[tuple[str, str], str],
    marks: dict[str, range],
    promtool: Run,
    tmp_path: Path,
) -> None:
    series = {runs(*who): values for who, values in shown.items()}
    by_minute = {minute: version for version, minutes in marks.items() for minute in minutes}
    tests = []
    for minute in range(MINUTES):
        version = by_minute.get(minute)
        labels = f'{{job="{JOB}",version="{version}",revision="{version}f"}}'
        wanted = {minute: None if version is None else 1.0}
        tests.append(played(series, DEPLOYMENTS, wanted, labels))
    passed(promtool, tmp_path, tests)


def test_prometheus_itself_understands_every_query(promtool: Run, tmp_path: Path) -> None:
    asked = {
        chosen(query.expr): f"panel:q{number}"
        for board in BOARDS.values()
        for panel in board.panels
        for number, query in enumerate(panel.queries)
        if query.source is Source.PROMETHEUS
    }
    rules = [
        {"record": f"{name}:{i}", "expr": expr} for i, (expr, name) in enumerate(asked.items())
    ]
    file = tmp_path / "all.rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    done = promtool("check", "rules", file)
    assert done.returncode == 0, done.stdout
    assert f"{len(asked)} rules found" in done.stdout
