"""The same alerts as CloudWatch alarms, for a deployment that has nothing but AWS.

Thresholds, waits and words are those of the watches; the numbers are what AWS counts by itself: a
load balancer before the API, ECS under it, RDS behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from alerts.components.registry import WATCHES
from alerts.places import RUNBOOKS
from alerts.watch import Past

if TYPE_CHECKING:
    from collections.abc import Iterator

    Alarm = dict[str, Any]

MINUTE, FIVE_MINUTES = timedelta(minutes=1), timedelta(minutes=5)
GIGABYTE = 1024**3
# What CloudWatch counts in percent, we count in shares.
SHARE = "{} / 100"
OPERATORS = {Past.ABOVE: "GreaterThanThreshold", Past.BELOW: "LessThanThreshold"}
BY_ALERT = {watch.alert: watch for watch in WATCHES}
AT_ONCE = 100
CONFIG = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3}
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What AWS calls the parts of one deployment, and what its database may have."""

    prefix: str
    topic: str
    load_balancer: str
    target_group: str
    cluster: str
    service: str
    database: str
    max_connections: int
    storage_gigabytes: int


@dataclass(frozen=True, slots=True)
class _Number:
    """One metric of AWS."""

    namespace: str
    name: str
    stat: str
    dimensions: dict[str, str]

    def document(self, key: str, period: timedelta) -> Alarm:
        """Return it as an alarm names it."""
        named = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": named}
        stat = {"Metric": metric, "Period": int(period.total_seconds()), "Stat": self.stat}
        return {"Id": key, "MetricStat": stat, "ReturnData": False}


def alarms(of: Deployment) -> Iterator[Alarm]:
    """Yield what CloudWatch is told: one alarm an alert that AWS has the numbers for."""
    balancer = {"LoadBalancer": of.load_balancer}
    hosts = {**balancer, "TargetGroup": of.target_group}
    tasks = {"ClusterName": of.cluster, "ServiceName": of.service}
    database = {"DBInstanceIdentifier": of.database}
    requests = _Number("AWS/ApplicationELB", "RequestCount", "Sum", balancer)
    errors = _Number("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", balancer)
    p95 = _Number("AWS/ApplicationELB", "TargetResponseTime", "p95", balancer)
    connections = _Number("AWS/RDS", "DatabaseConnections", "Maximum", database)
    free = _Number("AWS/RDS", "FreeStorageSpace", "Minimum", database)
    cpu = _Number("AWS/ECS", "CPUUtilization", "Average", tasks)
    memory = _Number("AWS/ECS", "MemoryUtilization", "Average", tasks)
    unhealthy = _Number("AWS/ApplicationELB", "UnHealthyHostCount", "Maximum", hosts)
    size = of.storage_gigabytes * GIGABYTE
    # No error has no datapoint, and no request none either.
    share = "FILL(errors, 0) / requests"
    yield _alarm(of, "HighErrorRate", share, {"errors": errors, "requests": requests}, quiet=True)
    yield _alarm(of, "ErrorsPresent", "errors", {"errors": errors}, FIVE_MINUTES, quiet=True)
    yield _alarm(of, "HighLatencyP95", "p95", {"p95": p95}, quiet=True)
    used = f"connections / {of.max_connections}"
    yield _alarm(of, "DatabaseConnectionsHigh", used, {"connections": connections})
    yield _alarm(of, "DiskFilling", f"1 - free / {size}", {"free": free})
    yield _alarm(of, "CpuHigh", SHARE.format("cpu"), {"cpu": cpu})
    yield _alarm(of, "MemoryHigh", SHARE.format("memory"), {"memory": memory})
    # Of those that a load balancer asks, each is one process of the API that is not there.
    yield _alarm(of, "ApiAbsent", "1 - unhealthy", {"unhealthy": unhealthy})


def _alarm(
    of: Deployment,
    alert: str,
    expression: str,
    numbers: dict[str, _Number],
    period: timedelta = MINUTE,
    *,
    quiet: bool = False,
) -> Alarm:
    """Write one alarm; `quiet` is what has no datapoints while nothing happens."""
    watch = BY_ALERT[alert]
    times = max(int(watch.wait / period), 1)
    return {
        "AlarmName": f"{of.prefix}-{alert}",
        "AlarmDescription": f"{watch.summary} {watch.says} {RUNBOOKS}/{alert}",
        "ActionsEnabled": True,
        "AlarmActions": [of.topic],
        "OKActions": [of.topic],
        # That nothing is known of a server is told; of requests it only says that there are none.
        "InsufficientDataActions": [] if quiet else [of.topic],
        "TreatMissingData": "notBreaching" if quiet else "missing",
        "EvaluationPeriods": times,
        "DatapointsToAlarm": times,
        "Threshold": float(watch.threshold),
        "ComparisonOperator": OPERATORS[watch.past],
        "Metrics": [
            {"Id": "value", "Expression": expression, "Label": alert, "ReturnData": True},
            *(number.document(key, period) for key, number in numbers.items()),
        ],
    }


def put_alarms(of: Deployment, region: str, endpoint: str | None) -> list[str]:
    """Make CloudWatch's alarms of this prefix the declared ones; returns the names removed.

    Raises what boto3 raises: BotoCoreError, ClientError. What was put before stays then.
    """
    client: Any = boto3.Session().client("cloudwatch", region, endpoint_url=endpoint, config=CONFIG)
    declared = {alarm["AlarmName"]: alarm for alarm in alarms(of)}
    for alarm in declared.values():
        client.put_metric_alarm(**alarm)
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{of.prefix}-")
    found = [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]
    stale = sorted(set(found) - declared.keys())
    for first in range(0, len(stale), AT_ONCE):
        client.delete_alarms(AlarmNames=stale[first : first + AT_ONCE])
    return stale
