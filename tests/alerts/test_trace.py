"""From metric to reader: what each alert is made of, and the holes that are found on the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from alerts.__main__ import cli
from alerts.artifacts import GENERATED
from alerts.checks.alerts import trace as check
from alerts.reading.loaded import load
from alerts.reading.told import CONFIG
from alerts.trace import HEADINGS, trace
from tests.alerts.checks.routes.test_proof import branch, with_config
from tests.alerts.generated import ALERTS, labels_of, write_folder

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

RECORD = "instance:redis:up"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["trace", *map(str, arguments)], prog_name="python -m alerts")


def test_every_committed_alert_leads_from_a_metric_to_a_reader() -> None:
    assert list(check.check(load(GENERATED))) == []
    done = run()
    assert (done.exit_code, done.stderr) == (0, "")
    head, line, *rows = done.stdout.splitlines()
    assert head == f"| {' | '.join(HEADINGS)} |"
    assert set(line) == set("|- ")
    assert [row.split(" | ")[2] for row in rows] == sorted({alert.name for alert in ALERTS})


def test_an_alert_is_made_of_what_its_own_objective_counts() -> None:
    found = {one.alert: one.metrics for one in trace(load(GENERATED))}
    assert found["NotificationFreshnessBudgetBurnPage"] == (
        "petswipe_notification_delivery_seconds",
    )
    # Its series are recorded under the same names, of another objective.
    assert found["SwipeAvailabilityBudgetBurnPage"] == ("http_server_request_duration_seconds",)


def changed(name: str, **changes: Any) -> dict[str, Any]:
    """Return the alert of that name as it is generated, with changes."""
    (rule,) = [rule for rule in load(GENERATED).alerts if rule.name == name]
    texts = {"labels": rule.labels, "annotations": rule.annotations}
    return {"alert": name, "expr": rule.expr, **rule.waits, **texts, **changes}


@pytest.mark.parametrize(
    ("rule", "hole"),
    [
        (changed("CacheDown", expr="vector(0) > 1"), "no metric is behind it"),
        (changed("CacheDown", expr="redis_up < 1"), "no recording rule feeds it"),
        (changed("CacheDown", alert="CacheGone"), "it has no runbook"),
        (changed("CacheDown", annotations={}), "its link leads to no panel"),
        (
            changed(
                "CacheDown",
                annotations={
                    "dashboard_url": "http://localhost:3000/d/cache/cache?viewPanel=panel-1"
                },
            ),
            "its link leads to no panel",
        ),
        (changed("CacheDown", alert="CacheGone"), "it is not rehearsed enough"),
    ],
)
def test_a_hole_is_a_problem_and_fails_the_command(
    rule: dict[str, Any], hole: str, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path, rule, without=("CacheDown",))
    message = f"{rule['alert']}: {hole}"
    problems = list(check.check(load(folder)))
    assert message in [problem.message for problem in problems]
    assert {(problem.check, problem.rule) for problem in problems} == {(check.ID, rule["alert"])}
    done = run("--folder", folder)
    assert done.exit_code == 1
    assert message in done.stderr.splitlines()
    # A hole is of one alert: another one can be shown without it.
    assert run("--folder", folder, "SlowQueries").exit_code == 0


def test_an_alert_that_is_told_to_nobody_has_a_hole(tmp_path: Path) -> None:
    muted = {"mute_time_intervals": ["working-hours"]}
    with_config(tmp_path, lambda document: branch(document, "chat").update(muted))
    done = run("--folder", tmp_path, "CacheDown")
    assert done.exit_code == 1
    assert done.stderr.splitlines() == ["CacheDown: nobody is told in working hours"]


def test_one_alert_can_be_had_as_json() -> None:
    done = run("CacheDown", "--json")
    assert done.exit_code == 0
    (found,) = json.loads(done.stdout)
    assert found == {
        "alert": "CacheDown",
        "severity": labels_of("CacheDown")["severity"],
        "metrics": ["redis_up", "up"],
        "records": [RECORD],
        "by_day": ["chat"],
        "by_night": ["chat"],
        "runbook": "runbooks/CacheDown.md",
        "panel": found["panel"],
        "rehearsals": found["rehearsals"],
    }
    assert found["panel"].startswith("cache: ")
    assert found["rehearsals"] >= 4


def test_a_name_that_no_alert_has_is_misuse_and_told_with_near_ones() -> None:
    done = run("CacheDwon")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "there is no alert 'CacheDwon'; near it: CacheDown" in done.stderr
    assert "SlowQueries" not in done.stderr


def test_without_a_configuration_of_receivers_nobody_is_followed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / CONFIG).unlink()
    (problem,) = check.check(load(folder))
    assert problem.message.startswith("receivers cannot be followed: ")
    done = run("--folder", folder)
    assert done.exit_code == 2
    assert f"{folder / CONFIG} cannot be read" in done.stderr


def test_the_names_are_in_order_and_each_is_there_once() -> None:
    names = [one.alert for one in trace(load(GENERATED))]
    assert names == sorted(set(names))


REJECTED = [(check, test_a_hole_is_a_problem_and_fails_the_command)]
ACCEPTED = [(check, test_every_committed_alert_leads_from_a_metric_to_a_reader)]
