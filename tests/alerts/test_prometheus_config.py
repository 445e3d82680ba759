from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from alerts.artifacts import GENERATED
from alerts.exporters import ALERTMANAGER, BLACKBOX, EXPORTED, EXPORTERS, PROMETHEUS
from alerts.load_generator import LOAD
from alerts.prometheus_config import blackbox_document, prometheus_document
from app.telemetry.catalog import DISPATCH_JOB, JOB

if TYPE_CHECKING:
    from collections.abc import Callable

JOBS = (JOB, DISPATCH_JOB, *EXPORTERS, PROMETHEUS, ALERTMANAGER, LOAD, BLACKBOX)


def scrapes() -> dict[str, dict[str, Any]]:
    read = yaml.safe_load((GENERATED / "prometheus.yml").read_text())
    return {scrape["job_name"]: scrape for scrape in read["scrape_configs"]}


def test_the_files_say_what_the_documents_say() -> None:
    assert yaml.safe_load((GENERATED / "prometheus.yml").read_text()) == prometheus_document()
    assert yaml.safe_load((GENERATED / "blackbox.yml").read_text()) == blackbox_document()


def test_the_scrape_jobs_carry_the_names_that_every_selector_asks_for() -> None:
    assert tuple(scrapes()) == JOBS
    assert JOB == "petswipe-api"
    assert DISPATCH_JOB == "petswipe-dispatcher"
    assert {exported.job for exported in EXPORTED} <= {*JOBS, "every one"}


def test_each_job_finds_its_targets_in_a_file_of_its_name() -> None:
    for job, scrape in scrapes().items():
        assert scrape["file_sd_configs"] == [{"files": [f"targets/{job}.json"]}]


def test_a_certificate_is_looked_at_through_the_blackbox_exporter() -> None:
    scrape = scrapes()[BLACKBOX]
    assert scrape["params"]["module"] == list(blackbox_document()["modules"])  # type: ignore[call-overload]  # a dictionary
    assert scrape["relabel_configs"] == [
        {"source_labels": ["__address__"], "target_label": "__param_target"},
        {"source_labels": ["__param_target"], "target_label": "instance"},
        {"target_label": "__address__", "replacement": "blackbox:9115"},
    ]


def test_prometheus_takes_the_file(promtool: Callable[..., Any]) -> None:
    done = promtool("check", "config", "--syntax-only", (GENERATED / "prometheus.yml").resolve())
    assert done.returncode == 0, done.stdout
