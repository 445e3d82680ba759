"""The configuration of Prometheus and Alertmanager, for compose and the embedded stack alike."""

from __future__ import annotations

from alerts.burn_rate import inhibit_rules
from app.telemetry.catalog import DISPATCH_JOB, JOB
from slo.objectives import OBJECTIVES

SCRAPE_INTERVAL = "15s"
# Shorter than the 2 s to which a rehearsal cuts the interval; a scrape takes about 10 ms.
SCRAPE_TIMEOUT = "1500ms"


def prometheus_document() -> dict[str, object]:
    """Return prometheus.yml: rules beside it, targets from files in `targets/`."""
    return {
        "global": {
            "scrape_interval": SCRAPE_INTERVAL,
            "scrape_timeout": SCRAPE_TIMEOUT,
            "evaluation_interval": SCRAPE_INTERVAL,
        },
        "rule_files": ["*.rules.yml"],
        "alerting": {
            "alertmanagers": [{"file_sd_configs": [{"files": ["targets/alertmanager.json"]}]}]
        },
        "scrape_configs": [
            {"job_name": job, "file_sd_configs": [{"files": [f"targets/{job}.json"]}]}
            for job in (JOB, DISPATCH_JOB)
        ],
    }


def alertmanager_document() -> dict[str, object]:
    """Return alertmanager.yml: alerts are grouped and shown; no receiver is connected yet."""
    groups = tuple(sorted({label for slo in OBJECTIVES for label in slo.group_by}))
    return {
        "route": {
            "receiver": "shown-only",
            "group_by": ["alertname", "sloth_id"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
        },
        "inhibit_rules": inhibit_rules(groups),
        "receivers": [{"name": "shown-only"}],
    }
