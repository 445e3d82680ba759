from __future__ import annotations

import yaml

from alerts.artifacts import GENERATED
from alerts.burn_rate import inhibit_rules
from alerts.prometheus_config import alertmanager_document, prometheus_document
from app.telemetry.catalog import JOB


def test_the_files_say_what_the_documents_say() -> None:
    assert yaml.safe_load((GENERATED / "prometheus.yml").read_text()) == prometheus_document()
    assert yaml.safe_load((GENERATED / "alertmanager.yml").read_text()) == alertmanager_document()


def test_the_scrape_job_carries_the_name_that_every_selector_asks_for() -> None:
    assert prometheus_document()["scrape_configs"] == [
        {"job_name": job, "file_sd_configs": [{"files": [f"targets/{job}.json"]}]}
        for job in (JOB, "petswipe-dispatcher")
    ]
    assert JOB == "petswipe-api"


def test_muting_is_about_one_objective() -> None:
    rules = alertmanager_document()["inhibit_rules"]
    assert rules == inhibit_rules()
    assert all(
        rule["equal"] == ["sloth_id", "sloth_service", "sloth_slo"] for rule in inhibit_rules()
    )
