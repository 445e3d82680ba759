from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from alerts import places
from app.local import monitoring
from app.local.monitoring import Places, write_alertmanager_folder, write_prometheus_folder
from app.local.supervisor import StackError

GENERATED = Path(__file__).parents[3] / "alerts" / "generated"
TARGETS = {"petswipe-api": [9464, 9465], "petswipe-dispatcher": [9474], "redis": []}
HERE = Places("http://127.0.0.1:1", "http://127.0.0.1:2/runbooks", "http://127.0.0.1:3")


def test_the_addresses_that_are_replaced_are_those_that_are_generated() -> None:
    for name in ("WEBHOOK", "HEARTBEAT", "RUNBOOKS", "ALERTMANAGER"):
        assert getattr(monitoring, name) == getattr(places, name)


def test_the_committed_files_are_laid_out_with_the_targets_of_this_stack(tmp_path: Path) -> None:
    folder = tmp_path / "prometheus"
    path = write_prometheus_folder(GENERATED, folder, TARGETS, HERE, None)
    assert path.read_text() == (GENERATED / "prometheus.yml").read_text()
    for name, wanted in (
        ("petswipe-api", ["127.0.0.1:9464", "127.0.0.1:9465"]),
        ("petswipe-dispatcher", ["127.0.0.1:9474"]),
        ("redis", []),
    ):
        (group,) = json.loads((folder / "targets" / f"{name}.json").read_text())
        assert group["targets"] == wanted


def test_rules_differ_in_the_address_of_their_runbooks_only(tmp_path: Path) -> None:
    folder = tmp_path / "prometheus"
    write_prometheus_folder(GENERATED, folder, TARGETS, HERE, None)
    committed = {file.name: file.read_text() for file in GENERATED.glob("*.rules.yml")}
    there = {file.name: file.read_text() for file in folder.glob("*.rules.yml")}
    assert committed
    assert there != committed
    assert there == {
        name: text.replace(places.RUNBOOKS, HERE.runbooks) for name, text in committed.items()
    }


def test_routes_are_the_committed_ones_and_messages_come_here(tmp_path: Path) -> None:
    path = write_alertmanager_folder(GENERATED, tmp_path / "routes", HERE)
    committed = yaml.safe_load((GENERATED / "alertmanager.yml").read_text())
    here = yaml.safe_load(path.read_text())
    for part in ("route", "inhibit_rules", "time_intervals"):
        assert here[part] == committed[part]
    urls = [hook["url"] for receiver in here["receivers"] for hook in receiver["webhook_configs"]]
    assert [url for url in urls if url == f"{HERE.webhook}/pager"]
    assert [url for url in urls if url == f"{HERE.webhook}/dead-mans-switch"]
    assert not [url for url in urls if url.startswith((places.WEBHOOK, places.HEARTBEAT))]
    templates = sorted(path.parent.glob("templates/*.tmpl"))
    assert [file.name for file in templates] == [
        file.name for file in sorted(GENERATED.glob("templates/*.tmpl"))
    ]


def test_routes_that_do_not_tell_the_webhook_are_refused(tmp_path: Path) -> None:
    (tmp_path / "alertmanager.yml").write_text("route:\n  receiver: nobody\n")
    with pytest.raises(StackError) as caught:
        write_alertmanager_folder(tmp_path, tmp_path / "routes", HERE)
    wanted = "alertmanager.yml must send to http://webhook:9095: run `make build`"
    assert str(caught.value) == wanted


def test_a_scrape_interval_changes_that_number_and_the_timeout(tmp_path: Path) -> None:
    path = write_prometheus_folder(GENERATED, tmp_path / "prometheus", TARGETS, HERE, "2s")
    committed = yaml.safe_load((GENERATED / "prometheus.yml").read_text())
    assert committed["global"]["scrape_interval"] != "2s"
    committed["global"] |= {"scrape_interval": "2s", "scrape_timeout": "2s"}
    assert yaml.safe_load(path.read_text()) == committed


@pytest.mark.parametrize("interval", ["", "2", "0s", "2 s", "s", "2s\n  x: 1", "-1s"])
def test_an_interval_that_is_no_duration_is_refused(tmp_path: Path, interval: str) -> None:
    with pytest.raises(StackError, match=r"is no duration like 2s$"):
        write_prometheus_folder(GENERATED, tmp_path / "prometheus", TARGETS, HERE, interval)


def test_a_folder_without_the_generated_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError) as caught:
        write_prometheus_folder(tmp_path / "nowhere", tmp_path / "prometheus", TARGETS, HERE, None)
    missing = tmp_path / "nowhere" / "prometheus.yml"
    assert str(caught.value) == f"{missing} is missing: run `make build`"
