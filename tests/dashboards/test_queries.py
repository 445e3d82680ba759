"""What panels and annotations ask, asked of Prometheus' own tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alerts import exporters
from alerts.signal import Dashboard
from app.telemetry.catalog import HTTP_DURATION, JOB, MATCHES, SWIPES
from dashboards.house import document
from dashboards.model import Source
from dashboards.queries import count, increase, part, pick, quantile, rate, share, total
from dashboards.registry import BOARDS
from slo.promql import Matcher, UnknownSeriesError
from tests.dashboards.asked import SCRAPE_SECONDS, as_grafana, chosen, passed, played
from tests.dashboards.documents import panel_of

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

ANNOTATIONS: Any = document(BOARDS[Dashboard.APPLICATION])["annotations"]
DEPLOYMENTS = ANNOTATIONS["list"][0]["target"]["expr"]
MINUTES = 30


def test_queries_choose_jobs_and_instances_and_the_window_of_the_panel() -> None:
    chosen_ones = 'job=~"$job",instance=~"$instance"'
    likes = pick(SWIPES, Matcher("direction", "=", "like"))
    assert rate(likes) == (
        f'sum (rate(petswipe_swipes_total{{direction="like",{chosen_ones}}}[$__rate_interval]))'
    )
    assert increase(pick(SWIPES), "direction", over="$__range") == (
        f"sum by (direction) (increase(petswipe_swipes_total{{{chosen_ones}}}[$__range]))"
    )
    assert count(likes) == f"{rate(likes)} * ${{__interval_ms}} / 1000"
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


def asking(board: Any) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if "targets" in panel]


def test_numbers_of_events_since_the_point_before_come_once_a_minute_at_most() -> None:
    panels: list[dict[str, Any]] = [
        panel for board in BOARDS.values() for panel in asking(document(board))
    ]
    counted = {p["title"] for p in panels if "${__interval_ms}" in str(p["targets"])}
    assert counted == {"Deadlocks", "Slow queries", "Request durations"}
    assert {p["title"] for p in panels if p.get("interval") == "1m"} == counted
    barred = [p["title"] for p in panels if "'value': 'bars'" in str(p["fieldConfig"])]
    assert set(barred) <= counted


@pytest.mark.parametrize("happened", range(40, 48))
def test_what_happens_once_is_drawn_once_wherever_it_lies_between_two_points(
    happened: int, promtool: Run, tmp_path: Path
) -> None:
    panel = panel_of(Dashboard.DATABASE, "Deadlocks")
    (target,) = panel["targets"]
    expr, step = as_grafana(panel, target)
    name = (
        f'{exporters.DEADLOCKS.name}{{job="{exporters.POSTGRES}",instance="a",datname="petswipe"}}'
    )
    # Scrapes lie somewhere between the points of a chart, and not on them.
    drawn = f"sum_over_time(({expr.replace('s]', 's] offset 7s')})[15m:{step}s])"
    test = played(
        {name: f"100x{happened} 101x60"}, f"round({drawn}, 0.01)", {20: 1.0}, '{datname="petswipe"}'
    )
    passed(promtool, tmp_path, [test | {"interval": f"{SCRAPE_SECONDS}s"}])


def test_one_match_reads_as_one_an_hour(promtool: Run, tmp_path: Path) -> None:
    panel = panel_of(Dashboard.BUSINESS, "Matches per hour")
    expr, _ = as_grafana(panel, panel["targets"][0])
    name = f'{MATCHES.name}{{job="{JOB}",instance="a"}}'
    test = played(
        {name: "0x70 1x70"}, f"round({expr}, 0.1)", {60: 0.0, 80: 1.0, 129: 1.0, 135: 0.0}
    )
    passed(promtool, tmp_path, [test])


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
