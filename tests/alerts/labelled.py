"""A table of alerts with the labels that the service's rules give them, and their rule file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.alertmanager_config import TEMPLATES, alertmanager_document
from alerts.artifacts import GENERATED
from alerts.burn_rate import alert_rules
from alerts.checks.told import CONFIG
from alerts.rule_files import dump
from slo.objectives import OBJECTIVES

if TYPE_CHECKING:
    from pathlib import Path

RULES = "table.rules.yml"
# Alert, record, severity, channel, team, type.
TABLE = """
HighErrorRate job:http_errors:ratio_rate5m critical pager adoption symptom
HighLatencyP95 job:http_duration_seconds:p95_5m warning chat adoption symptom
HighLatencyP99 job:http_duration_seconds:p99_5m critical pager adoption symptom
ErrorsPresent job:http_errors:increase5m warning ticket adoption symptom
CrashLooping instance:process_restarts:changes15m warning mail platform cause
ApiAbsent job:api_targets:up critical pager adoption cause
DispatcherAbsent job:dispatcher_targets:up warning ticket adoption cause
ScrapeFailing instance:scrape:up warning ticket platform cause
ExporterAbsent job:exporter_targets:absent warning ticket platform cause
DatabaseDown instance:postgres:up critical pager dba cause
DatabaseConnectionFailures job:db_failures:ratio_rate2m critical pager dba cause
DatabaseConnectionsHigh instance:postgres_connections:ratio warning ticket dba cause
DatabasePoolBusy job:db_pool_used:ratio warning chat adoption cause
DatabasePoolTimeouts job:db_pool_timeouts:increase5m warning chat adoption cause
SlowQueries job:db_duration_seconds:p99_5m warning ticket dba cause
ReplicationLagHigh instance:postgres_replication_lag:seconds warning ticket dba cause
CacheDown instance:redis:up warning chat platform cause
CacheErrors job:cache_errors:ratio_rate5m warning chat platform cause
CacheHitRatioLow job:cache_hits:ratio_rate5m info chat adoption cause
CacheHitRatioVeryLow job:cache_hits:ratio_rate5m warning chat adoption cause
CacheMemoryHigh instance:redis_memory:ratio warning chat platform cause
CacheEvictionsHigh instance:redis_evictions:rate5m warning chat platform cause
QueueDepthHigh job:outbox_waiting:max warning chat adoption cause
QueueStalled job:outbox_oldest_seconds:max critical pager adoption symptom
CpuHigh instance:cpu_used:ratio_rate5m warning chat platform cause
CpuSaturated instance:cpu_used:ratio_rate5m critical pager platform cause
LoginFailuresSpike job:login_failures:ratio_to_day warning ticket security symptom
TokenReuseSpike job:token_reuse:increase15m critical pager security symptom
BackupTooOld job:backup_age:hours warning ticket dba cause
BudgetNearlySpent service:cost_month:ratio_of_budget warning mail finance cause
BudgetSpent service:cost_month:ratio_of_budget warning mail finance cause
InstanceIdle instance:cpu_used:avg7d info mail finance cause
NotificationsFailing job:notification_failures:increase5m warning mail platform cause
Watchdog vector(1) info heartbeat platform cause
"""
Rule = dict[str, object]


def table_rules() -> list[Rule]:
    """Return the rules of the table, and those of the objectives with all labels."""
    rows = [line.split() for line in TABLE.split("\n") if line]
    keys = ("severity", "channel", "team", "alert_type")
    rules: list[Rule] = [
        {"alert": name, "expr": record, "labels": dict(zip(keys, values, strict=True))}
        for name, record, *values in rows
    ]
    of_slos = [rule.document() for slo in OBJECTIVES for rule in alert_rules(slo)]
    for rule in of_slos:
        page = rule["labels"]["severity"] == "critical"  # type: ignore[index]
        channel = {"channel": "pager" if page else "ticket"}
        extra = {**channel, "team": "adoption", "alert_type": "symptom"}
        rule["labels"] = {**extra, **rule["labels"]}  # type: ignore[dict-item]
    return rules + of_slos


def labels_of(name: str) -> dict[str, str]:
    """Return the fixed labels of the first alert of a name."""
    return next(labels for labels in all_labels() if labels["alertname"] == name)


def all_labels() -> list[dict[str, str]]:
    """Return the fixed labels of every alert of the table and the objectives."""
    return [
        {"alertname": rule["alert"], **rule["labels"]}  # type: ignore[dict-item]
        for rule in table_rules()
    ]


def write_folder(folder: Path, *more: Rule, without: tuple[str, ...] = ()) -> Path:
    """Write the configuration, its templates and the rules of the table; returns the folder."""
    rules = [rule for rule in (*table_rules(), *more) if rule["alert"] not in without]
    (folder / CONFIG).write_text(dump(alertmanager_document()))
    (folder / TEMPLATES).parent.mkdir()
    (folder / TEMPLATES).write_bytes((GENERATED / TEMPLATES).read_bytes())
    (folder / RULES).write_text(dump({"groups": [{"name": "table", "rules": rules}]}))
    return folder
