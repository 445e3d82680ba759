from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from app.local.monitoring import write_prometheus_folder
from app.local.supervisor import StackError

GENERATED = Path(__file__).parents[3] / "alerts" / "generated"
TARGETS = {"petswipe-api": [9464, 9465], "petswipe-dispatcher": [9474]}


def test_the_committed_files_are_laid_out_with_the_addresses_of_this_stack(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "prometheus"
    path = write_prometheus_folder(GENERATED, folder, TARGETS, 9093, None)
    assert path.read_text() == (GENERATED / "prometheus.yml").read_text()
    rules = sorted(file.name for file in GENERATED.glob("*.rules.yml"))
    assert rules
    assert sorted(file.name for file in folder.glob("*.rules.yml")) == rules
    (api,) = json.loads((folder / "targets" / "petswipe-api.json").read_text())
    assert api["targets"] == ["127.0.0.1:9464", "127.0.0.1:9465"]
    (dispatcher,) = json.loads((folder / "targets" / "petswipe-dispatcher.json").read_text())
    assert dispatcher["targets"] == ["127.0.0.1:9474"]
    (alertmanager,) = json.loads((folder / "targets" / "alertmanager.json").read_text())
    assert alertmanager["targets"] == ["127.0.0.1:9093"]


def test_a_scrape_interval_changes_that_one_number(tmp_path: Path) -> None:
    path = write_prometheus_folder(GENERATED, tmp_path / "prometheus", TARGETS, 2, "2s")
    committed = yaml.safe_load((GENERATED / "prometheus.yml").read_text())
    assert committed["global"]["scrape_interval"] != "2s"
    committed["global"]["scrape_interval"] = "2s"
    assert yaml.safe_load(path.read_text()) == committed


@pytest.mark.parametrize("interval", ["", "2", "0s", "2 s", "s", "2s\n  x: 1", "-1s"])
def test_an_interval_that_is_no_duration_is_refused(tmp_path: Path, interval: str) -> None:
    with pytest.raises(StackError, match=r"is no duration like 2s$"):
        write_prometheus_folder(GENERATED, tmp_path / "prometheus", TARGETS, 2, interval)


def test_a_folder_without_the_generated_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError) as caught:
        write_prometheus_folder(tmp_path / "nowhere", tmp_path / "prometheus", TARGETS, 2, None)
    missing = tmp_path / "nowhere" / "prometheus.yml"
    assert str(caught.value) == f"{missing} is missing: run `make build`"
