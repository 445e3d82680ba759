"""The alerts of our own objectives, word for word, by promtool on made-up requests.

Everything here is typed: from the Site Reliability Workbook, from the objectives, and from what
a request of the API looks like. Nothing comes from the code that renders rules or rehearsals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alerts.artifacts import render
from slo.objectives import OBJECTIVES
from tests.alerts.services import SERVICES, Service, decoys, name, series

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

HOUR = 60
# Healthy for 25 hours, and then nothing but failures for 65 minutes: 65 of 1565 are 4.15 %, and
# that is 83.07 % of a budget of 5 %, which at a rate of 20 would be gone after 36 hours.
HEALTHY, OUTAGE = 25 * HOUR, 65
LEFT = "16.93% of the budget are left, for 6.1 hours at the rate of the last 5m."


def test_every_objective_is_rehearsed() -> None:
    assert {slo.id for slo in OBJECTIVES} == set(SERVICES)


@pytest.mark.parametrize("slo", ["swipe-latency", "deck-latency"])
def test_a_page_says_how_much_is_left_of_the_budget_and_for_how_long(
    slo: str, promtool: Run, tmp_path: Path
) -> None:
    service = SERVICES[slo]
    test = {
        "input_series": series(service, HEALTHY, OUTAGE),
        "alert_rule_test": [told(service, HEALTHY + OUTAGE, [page(service, "fast", LEFT)])],
    }
    done = promtool("test", "rules", write_suite(tmp_path, service, test, "5m"))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("slo", SERVICES)
def test_both_pages_say_that_the_budget_is_spent(slo: str, promtool: Run, tmp_path: Path) -> None:
    service = SERVICES[slo]
    pages = [page(service, speed, "The budget is spent.") for speed in ("fast", "slow")]
    test = {
        "input_series": series(service, 0, 15),
        "alert_rule_test": [told(service, 15, pages)],
    }
    done = promtool("test", "rules", write_suite(tmp_path, service, test))
    assert done.returncode == 0, done.stdout


def told(service: Service, minute: int, alerts: list[dict[str, Any]]) -> dict[str, Any]:
    alert = f"{service.name}BudgetBurnPage"
    return {"alertname": alert, "eval_time": f"{minute}m", "exp_alerts": alerts}


def readers(channel: str) -> dict[str, str]:
    return {"alert_type": "symptom", "team": "adoption", "channel": channel}


def links(service: Service, what: str) -> dict[str, str]:
    panel = f"viewPanel=panel-{service.panel}&from=now-3h&to=now"
    return {
        "runbook_url": f"http://localhost:9464/runbooks/{service.name}{what}",
        "dashboard_url": f"http://localhost:3000/d/slo/slo?{panel}",
    }


def page(service: Service, speed: str, left: str) -> dict[str, Any]:
    long, short, rate = {"fast": ("1h", "5m", "14.4"), "slow": ("6h", "30m", "6")}[speed]
    return {
        "exp_labels": {
            **service.identity,
            "sloth_window": long,
            **readers("pager"),
            "severity": "critical",
            "slo_severity": "page",
            "slo_burn": speed,
            "long_window": long,
            "short_window": short,
        },
        "exp_annotations": {
            **links(service, "BudgetBurnPage"),
            "summary": f"{service.title} burns its error budget at a rate of {rate}.",
            "description": (
                f"100% of the events of the last {long} were bad, and more than "
                f"{service.limits[speed]} also of the last {short} with events. "
                f"The objective is {service.objective} in 30 days. {left}"
            ),
        },
    }


@pytest.mark.parametrize("slo", SERVICES)
def test_silence_is_told_in_words(slo: str, promtool: Run, tmp_path: Path) -> None:
    service = SERVICES[slo]
    alert = {
        "exp_labels": {
            **service.identity,
            **readers("ticket"),
            "severity": "warning",
            "slo_severity": "no_data",
        },
        "exp_annotations": {
            **links(service, "NoData"),
            "summary": f"Nobody can tell whether {service.title} keeps its objective.",
            "description": (
                f"The events of {service.id} are not counted any more: its targets are gone, their "
                "metrics have changed, or Prometheus does not reach them. No alert about this "
                "objective can fire meanwhile."
            ),
        },
    }
    expected = {"alertname": f"{service.name}NoData", "eval_time": "1h", "exp_alerts": [alert]}
    suite = write_suite(
        tmp_path, service, {"input_series": decoys(service), "alert_rule_test": [expected]}
    )
    done = promtool("test", "rules", suite)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("slo", SERVICES)
def test_what_fails_elsewhere_is_not_its_business(slo: str, promtool: Run, tmp_path: Path) -> None:
    service = SERVICES[slo]
    inputs = [*series(service, 2 * HOUR, 0), *decoys(service)]
    ratio = "slo:sli_error:ratio_rate1h"
    zero = {"labels": name(ratio, {**service.identity, "sloth_window": "1h"}), "value": 0}
    expected = [
        {"expr": "ALERTS", "eval_time": "2h", "exp_samples": []},
        {"expr": ratio, "eval_time": "2h", "exp_samples": [zero]},
    ]
    suite = write_suite(tmp_path, service, {"input_series": inputs, "promql_expr_test": expected})
    done = promtool("test", "rules", suite)
    assert done.returncode == 0, done.stdout


def write_suite(folder: Path, service: Service, test: dict[str, Any], every: str = "1m") -> Path:
    """Write promtool's test file beside the rules; groups run in the order in which they feed."""
    rules = f"slo-{service.id}.rules.yml"
    text = render()[rules]
    (folder / rules).write_text(text)
    document = {
        "rule_files": [rules],
        "evaluation_interval": every,
        "group_eval_order": [group["name"] for group in yaml.safe_load(text)["groups"]],
        "tests": [{"interval": "1m", **test}],
    }
    path = folder / "suite.yml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path
