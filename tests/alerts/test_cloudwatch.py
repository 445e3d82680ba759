"""Alarms of CloudWatch, put to a server that speaks like it (it never evaluates them)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from alerts.cloudwatch import BY_ALERT, Deployment, alarms
from app.local.ports import HOST, Ports
from app.local.s3 import prepare_s3
from app.local.supervisor import Supervisor
from app.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
DEPLOYMENT = Deployment("shop", TOPIC, "app/a/1", "targetgroup/t/2", "c", "s", "db", 200, 100)
OPTIONS = [
    *("--topic", TOPIC, "--load-balancer", "app/a/1", "--target-group", "targetgroup/t/2"),
    *("--cluster", "c", "--service", "s", "--database", "db", "--max-connections", "200"),
    *("--storage-gigabytes", "100", "--prefix", "shop", "--region", "eu-central-1"),
]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    supervisor = Supervisor(tmp_path_factory.mktemp("logs"), Stop())
    port = Ports().choose("AWS", 5000)
    try:
        supervisor.start(prepare_s3(port))
        yield f"http://{HOST}:{port}"
    finally:
        supervisor.stop_all()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alerts", "cloudwatch", *OPTIONS, *arguments],
        cwd=ROOT,
        env={**CREDENTIALS, "PATH": "", "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def told(endpoint: str) -> dict[str, dict[str, Any]]:
    client: Any = boto3.Session("local", "local").client(
        "cloudwatch", "eu-central-1", endpoint_url=endpoint
    )
    return {alarm["AlarmName"]: alarm for alarm in client.describe_alarms()["MetricAlarms"]}


def test_an_alarm_has_the_threshold_the_words_and_the_runbook_of_its_alert() -> None:
    found = {alarm["AlarmName"].removeprefix("shop-"): alarm for alarm in alarms(DEPLOYMENT)}
    assert found.keys() == {
        "HighErrorRate", "ErrorsPresent", "HighLatencyP95", "DatabaseConnectionsHigh",
        "DiskFilling", "CpuHigh", "MemoryHigh", "ApiAbsent",
    }  # fmt: skip
    for name, alarm in found.items():
        watch = BY_ALERT[name]
        assert alarm["Threshold"] == float(watch.threshold)
        assert watch.summary in alarm["AlarmDescription"]
        assert alarm["AlarmDescription"].endswith(f"/runbooks/{name}")
        assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC]
    assert found["HighErrorRate"]["EvaluationPeriods"] == 5
    assert found["HighLatencyP95"]["EvaluationPeriods"] == 10
    five_minutes = found["ErrorsPresent"]["Metrics"][1]["MetricStat"]["Period"]
    assert (five_minutes, found["ErrorsPresent"]["EvaluationPeriods"]) == (300, 1)


def test_that_nothing_is_known_of_a_server_is_told_and_no_request_is_no_alarm() -> None:
    for alarm in alarms(DEPLOYMENT):
        of_requests = "requests" in str(alarm["Metrics"]) or "5XX" in str(alarm["Metrics"])
        quiet = of_requests or "TargetResponseTime" in str(alarm["Metrics"])
        assert alarm["TreatMissingData"] == ("notBreaching" if quiet else "missing")
        assert alarm["InsufficientDataActions"] == ([] if quiet else [TOPIC])


def test_they_are_shown_and_nothing_is_put_unless_asked(endpoint: str) -> None:
    shown = run("--endpoint", endpoint)
    assert shown.returncode == 0, shown.stderr
    assert "shop-HighErrorRate" in shown.stdout
    assert json.loads(run("--json").stdout) == list(alarms(DEPLOYMENT))
    assert told(endpoint) == {}


def test_they_are_put_once_and_stale_ones_go(endpoint: str) -> None:
    client: Any = boto3.Session("local", "local").client(
        "cloudwatch", "eu-central-1", endpoint_url=endpoint
    )
    one = next(alarms(DEPLOYMENT))
    for name in ("shop-Retired", "other-Kept"):
        client.put_metric_alarm(**{**one, "AlarmName": name})
    for _ in range(2):
        done = run("--apply", "--endpoint", endpoint)
        assert done.returncode == 0, done.stderr
    wanted = {alarm["AlarmName"]: alarm for alarm in alarms(DEPLOYMENT)}
    found = told(endpoint)
    assert found.keys() == {*wanted, "other-Kept"}
    for name, alarm in wanted.items():
        for key in ("Threshold", "EvaluationPeriods", "ComparisonOperator", "AlarmActions"):
            assert found[name][key] == alarm[key]


def test_a_server_that_is_away_is_one_sentence() -> None:
    done = run("--apply", "--endpoint", f"http://{HOST}:9")
    assert done.returncode == 2
    assert "CloudWatch: Could not connect" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_option_that_is_missing_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alerts", "cloudwatch", "--topic", TOPIC],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Missing option" in done.stderr
