"""The configuration of Prometheus, for compose and the embedded stack alike."""

from __future__ import annotations

from alerts.exporters import ALERTMANAGER, BLACKBOX, NODE, POSTGRES, PROMETHEUS, REDIS
from alerts.load_generator import LOAD
from app.telemetry.catalog import DISPATCH_JOB, JOB

SCRAPE_INTERVAL = "15s"
# A scrape takes about 10 ms, and longer when somebody most wants to see it.
SCRAPE_TIMEOUT = "10s"
# Where the blackbox exporter listens, and its module that begins TLS and tells of certificates.
BLACKBOX_ADDRESS = "blackbox:9115"
BLACKBOX_MODULE = "tls"
JOBS = (JOB, DISPATCH_JOB, NODE, POSTGRES, REDIS, PROMETHEUS, ALERTMANAGER, LOAD)


def prometheus_document() -> dict[str, object]:
    """Return prometheus.yml: rules beside it, targets from files in `targets/`."""
    return {
        "global": {
            "scrape_interval": SCRAPE_INTERVAL,
            "scrape_timeout": SCRAPE_TIMEOUT,
            "evaluation_interval": SCRAPE_INTERVAL,
        },
        "rule_files": ["*.rules.yml"],
        "alerting": {"alertmanagers": [_targets(ALERTMANAGER)]},
        "scrape_configs": [
            *({"job_name": job} | _targets(job) for job in JOBS),
            _certificates(),
        ],
    }


def _targets(job: str) -> dict[str, object]:
    return {"file_sd_configs": [{"files": [f"targets/{job}.json"]}]}


def _certificates() -> dict[str, object]:
    """Let the blackbox exporter look at the certificate of each target, like `host:443`."""
    return {
        "job_name": BLACKBOX,
        # Another host may be far away, and its certificate lasts for weeks.
        "scrape_interval": "1m",
        "scrape_timeout": "10s",
        "metrics_path": "/probe",
        "params": {"module": [BLACKBOX_MODULE]},
        **_targets(BLACKBOX),
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": BLACKBOX_ADDRESS},
        ],
    }


def blackbox_document() -> dict[str, object]:
    """Return blackbox.yml: one module, which begins TLS and tells when the certificate ends."""
    # A certificate that has ended must be told of as well, not only fail to be verified.
    tls = {"tls": True, "tls_config": {"insecure_skip_verify": True}}
    return {"modules": {BLACKBOX_MODULE: {"prober": "tcp", "timeout": "5s", "tcp": tls}}}
