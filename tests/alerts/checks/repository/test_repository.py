"""Checks of rules against the repository: configuration, catalogue, dashboards and workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alerts.checks.repository import gates, targets, used
from alerts.reading.loaded import load
from app.telemetry.catalog import METRICS
from app.telemetry.model import Use
from tests.alerts.checks.written import draw, good, recorded, said, written

if TYPE_CHECKING:
    from pathlib import Path


def job(name: str, file: str) -> dict[str, Any]:
    return {"job_name": name, "file_sd_configs": [{"files": [file]}]}


def test_a_job_that_shows_nothing_is_found(tmp_path: Path) -> None:
    configs = [*load(written(tmp_path).folder).prometheus["scrape_configs"]]
    configs.append(job("mongo", "targets/mongo.json"))
    loaded = written(tmp_path, settings={"scrape_configs": configs})
    assert said(targets, loaded) == ["job mongo: neither catalogue nor exporters show it a series"]


def test_a_job_that_is_not_scraped_is_found(tmp_path: Path) -> None:
    configs = written(tmp_path).prometheus["scrape_configs"]
    rest = [config for config in configs if config["job_name"] != "redis"]
    loaded = written(tmp_path, settings={"scrape_configs": rest})
    assert "job redis has series, and is not scraped" in said(targets, loaded)
    assert any("asks for job redis, which" in message for message in said(targets, loaded))


def test_a_job_with_the_targets_of_another_is_found(tmp_path: Path) -> None:
    configs = written(tmp_path).prometheus["scrape_configs"]
    configs = [c for c in configs if c["job_name"] != "node"] + [job("node", "targets/redis.json")]
    loaded = written(tmp_path, settings={"scrape_configs": configs})
    assert said(targets, loaded) == ["job node: targets/redis.json is another's"]


@pytest.mark.parametrize("matcher", ['job="mongo"', 'job=~"redis|mongo"', 'job!="mongo"'])
def test_an_expression_that_asks_for_no_job_of_ours_is_found(matcher: str, tmp_path: Path) -> None:
    loaded = written(tmp_path, recorded(f"sum(up{{{matcher}}})"))
    message = "service:mine:ratio: asks for job mongo, which prometheus.yml does not scrape"
    assert said(targets, loaded) == [message]


def test_jobs_and_series_that_belong_together_are_accepted(tmp_path: Path) -> None:
    assert said(targets, written(tmp_path, recorded('sum(up{job=~"redis|node"})'))) == []


def test_a_use_that_nobody_makes_is_found(tmp_path: Path) -> None:
    messages = said(used, written(tmp_path, good(), root=tmp_path))
    declared = {use: [m.name for m in METRICS if use in m.uses] for use in Use}
    assert sorted(m for m in messages if "no alert reads it" in m) == sorted(
        f"{name}: no alert reads it: use it, or take ALERT from its uses"
        for name in declared[Use.ALERT]
    )
    assert not any("no panel reads it" in message for message in messages)


def test_a_use_is_made_through_what_is_recorded(tmp_path: Path) -> None:
    name = "petswipe_outbox_dead"
    rules = (recorded(f"max({name})"), good(expr="service:mine:ratio > 1"))
    messages = said(used, written(tmp_path, *rules, root=tmp_path))
    assert not any(message.startswith(f"{name}:") for message in messages)


def test_a_panel_is_a_use_once_there_are_dashboards(tmp_path: Path) -> None:
    draw(tmp_path, "rate(petswipe_swipes_total[$__rate_interval])", "job:http_requests:rate5m")
    messages = said(used, written(tmp_path, root=tmp_path))
    undrawn = {m.partition(":")[0] for m in messages if "no panel reads it" in m}
    panels = {metric.name for metric in METRICS if Use.PANEL in metric.uses}
    drawn = {"petswipe_swipes_total", "http_server_request_duration_seconds"}
    assert undrawn == panels - drawn


def test_some_of_the_dashboards_cannot_tell_what_is_unused(tmp_path: Path) -> None:
    draw(tmp_path, "up")
    (tmp_path / "dashboards" / "generated" / "cost.json").unlink()
    loaded = written(tmp_path, root=tmp_path)
    assert not any("no panel reads it" in message for message in said(used, loaded))


def test_a_metric_for_debugging_that_feeds_an_alert_is_found(tmp_path: Path) -> None:
    debug = next(metric.name for metric in METRICS if metric.uses == (Use.DEBUG,))
    series = next(iter(next(m for m in METRICS if m.name == debug).series))
    messages = said(used, written(tmp_path, good(expr=f"rate({series}[5m]) > 1"), root=tmp_path))
    assert f"{debug}: is for debugging only, and feeds alert: say so in its uses" in messages


def workflow(root: Path, *lines: str) -> None:
    folder = root / ".github" / "workflows"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gate.yml").write_text("\n".join(("jobs:", *lines)) + "\n")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("- run: make test || true", "hides a failure"),
        ("- run: (make test ||true)", "hides a failure"),
        ("- run: make test || exit 0", "hides a failure"),
        ("- run: make test || :", "hides a failure"),
        ('- run: "make test || true"', "hides a failure"),
        ("- run: make 'a#b' || true # fine?", "hides a failure"),
        ("set +e", "lets a script go on after a failure"),
        ("cd x && set +o errexit", "lets a script go on after a failure"),
        ("continue-on-error: true", "passes a job that has failed"),
        ("- continue-on-error: ${{ matrix.new }}", "passes a job that has failed"),
    ],
)
def test_a_line_that_turns_red_into_green_is_found(line: str, what: str, tmp_path: Path) -> None:
    workflow(tmp_path, "  gate:", f"      {line}")
    (problem,) = gates.check(written(tmp_path, root=tmp_path))
    assert problem.where == f"{tmp_path / '.github' / 'workflows' / 'gate.yml'}:3"
    said = line.removesuffix(" # fine?")
    assert problem.message == f"`{said}` {what}: let it fail"


@pytest.mark.parametrize(
    "line",
    [
        "      - run: make test",
        "      # never `|| true` here",
        "      - run: make test # not || true",
        "    continue-on-error: false",
        "          set -e",
        "          test -f x || exit 1",
        "          first || second",
    ],
)
def test_a_line_that_may_fail_is_accepted(line: str, tmp_path: Path) -> None:
    workflow(tmp_path, "  gate:", line)
    assert said(gates, written(tmp_path, root=tmp_path)) == []


def test_an_action_that_turns_red_into_green_is_found(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "actions" / "mine"
    folder.mkdir(parents=True)
    (folder / "action.yml").write_text("runs:\n  steps:\n    - run: make test || true\n")
    (problem,) = gates.check(written(tmp_path, root=tmp_path))
    assert problem.where == f"{folder / 'action.yml'}:3"


def test_no_workflows_are_fine(tmp_path: Path) -> None:
    assert said(gates, written(tmp_path, root=tmp_path)) == []


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (targets, test_a_job_that_shows_nothing_is_found),
    (used, test_a_use_that_nobody_makes_is_found),
    (gates, test_a_line_that_turns_red_into_green_is_found),
]
ACCEPTED = [
    (targets, test_jobs_and_series_that_belong_together_are_accepted),
    (used, test_a_use_is_made_through_what_is_recorded),
    (gates, test_a_line_that_may_fail_is_accepted),
]
