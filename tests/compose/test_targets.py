"""Whoever asks somebody in docker-compose.yml can reach them there."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from alerts.places import WEBHOOK
from app.local.monitoring import prepare_prometheus
from app.local.ports import HOST
from app.local.tools import find_tool
from tests.app.conftest import poll_until
from tests.compose.running import running
from tests.compose.stack import COMPOSE, ROOT, SERVICES, binds, environment, networks, ports
from tests.ports import find_port

if TYPE_CHECKING:
    from pathlib import Path

GENERATED = ROOT / "alerts" / "generated"
TARGETS = ROOT / "compose" / "targets"
PREPARE = ROOT / "compose" / "prometheus" / "prepare.sh"
PROMETHEUS: dict[str, Any] = yaml.safe_load((GENERATED / "prometheus.yml").read_text())
JOBS: dict[str, Any] = {job["job_name"]: job for job in PROMETHEUS["scrape_configs"]}
# Asked through the exporter, not by Prometheus.
PROBED = "blackbox"
# What configuration calls a service, or a machine that is none of ours.
ADDRESS = re.compile(r"(?<![\w.-])([a-z][a-z-]*):(\d{4,5})(?!\d)")
CONFIGURATION = {
    "otel-collector": ["compose/otel/collector.yml"],
    "alloy": ["compose/alloy/config.alloy"],
    "gateway": ["compose/gateway/nginx.conf"],
    "grafana": ["dashboards/provisioning/datasources/datasources.yml"],
    "alertmanager": ["alerts/generated/alertmanager.yml"],
}
THIS_MACHINE = ("localhost",)
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def targets(job: str) -> list[str]:
    groups = json.loads((TARGETS / f"{job}.json").read_text())
    return [target for group in groups for target in group["targets"]]


def unreachable(who: str, address: str) -> str | None:
    """Say why a service cannot reach an address inside the stack, if so."""
    host, _, port = address.partition(":")
    if host not in SERVICES:
        return f"{host} is no service"
    if int(port) not in ports(SERVICES[host]):
        return f"{host} has no port {port}"
    if not networks(who) & networks(host):
        return f"{who} and {host} share no network"
    return None


@pytest.mark.parametrize("job", JOBS)
def test_every_job_has_targets_that_prometheus_reaches(job: str) -> None:
    (files,) = JOBS[job]["file_sd_configs"]
    assert files["files"] == [f"targets/{job}.json"]
    asked = targets(job)
    assert asked
    who = PROBED if job == PROBED else "prometheus"
    assert [problem for target in asked if (problem := unreachable(who, target))] == []


def test_no_targets_are_left_over() -> None:
    assert {path.stem for path in TARGETS.iterdir()} == set(JOBS)


def test_every_worker_is_a_target() -> None:
    (workers,) = [word for word in SERVICES["api"]["command"] if "--workers" in word]
    assert len(targets("petswipe-api")) == int(workers.partition("=")[2])


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("nobody:9100", "nobody is no service"),
        ("node-exporter:9101", "node-exporter has no port 9101"),
        ("gateway:8443", "prometheus and gateway share no network"),
    ],
)
def test_a_target_that_cannot_be_reached_is_told(address: str, problem: str) -> None:
    assert unreachable("prometheus", address) == problem


def test_the_prober_is_where_prometheus_asks_and_knows_the_module() -> None:
    job = JOBS[PROBED]
    address = job["relabel_configs"][-1]["replacement"]
    assert unreachable("prometheus", address) is None
    ((source, target, _),) = binds(SERVICES[PROBED])
    assert SERVICES[PROBED]["command"] == [f"--config.file={target}"]
    known = yaml.safe_load((ROOT / source).read_text())
    assert set(job["params"]["module"]) <= set(known["modules"])


def test_alertmanager_reaches_the_incident_log() -> None:
    address = WEBHOOK.removeprefix("http://")
    assert unreachable("alertmanager", address) is None
    assert SERVICES["webhook"]["command"][-1] == address.partition(":")[2]


def test_alertmanager_finds_every_file_that_its_configuration_names() -> None:
    service = SERVICES["alertmanager"]
    text = (GENERATED / "alertmanager.yml").read_text()
    wanted = set(re.findall(r"_file: (\S+)", text))
    given = {secret["target"] for secret in service["secrets"]}
    assert wanted == given
    (source, target, _) = next(bind for bind in binds(service) if "generated" in bind[0])
    assert f"--config.file={target}/alertmanager.yml" in service["command"]
    templates = yaml.safe_load(text)["templates"]
    assert templates
    for template in templates:
        assert list((ROOT / source).glob(template))


@pytest.mark.parametrize("name", SERVICES)
def test_every_address_that_a_service_is_told_can_be_reached(name: str) -> None:
    texts = [*environment(SERVICES[name]).values()]
    texts += [(ROOT / file).read_text() for file in CONFIGURATION.get(name, ())]
    for text in texts:
        for host, port in ADDRESS.findall(text):
            if host not in THIS_MACHINE:
                assert unreachable(name, f"{host}:{port}") is None


def test_the_addresses_of_databases_in_the_secrets_can_be_reached() -> None:
    text = (ROOT / "compose" / "secrets.sh").read_text()
    found = re.findall(r"@(\w+):(\d+)/\S+ .* > (\w+)", text)
    assert {secret for _, _, secret in found} == {"pet_database_url", "pet_cache_url"}
    for host, port, secret in found:
        users = [name for name in SERVICES if secret in SERVICES[name].get("secrets", ())]
        asked = [unreachable(user, f"{host}:{port}") for user in users]
        assert asked == [None] * len(users)


def test_only_members_of_the_proxy_network_are_believed() -> None:
    (net,) = COMPOSE["networks"]["proxy"]["ipam"]["config"]
    assert environment(SERVICES["api"])["PET_TRUSTED_PROXIES"] == net["subnet"]
    assert COMPOSE["networks"]["proxy"]["internal"] is True
    # A sender that shared another network with the API would come from there now and then.
    assert networks("gateway") & networks("api") == networks("locust-worker") == {"proxy"}
    members = {name for name in SERVICES if "proxy" in networks(name)}
    assert members == {"api", "gateway", "locust", "locust-worker"}


@pytest.fixture
def promtool() -> Path:
    return find_tool("promtool", ROOT / ".tools", print).path


def prepare(
    promtool: Path, folder: Path, generated: Path = GENERATED, there: Path = TARGETS
) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        ["sh", PREPARE, generated, there, folder],
        env={"PATH": f"{promtool.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_prometheus_accepts_what_is_laid_out_for_it(promtool: Path, tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    for _ in ("the first time", "after a change"):
        done = prepare(promtool, folder)
        assert done.returncode == 0, done.stdout + done.stderr
    rules = len(list(GENERATED.glob("*.rules.yml")))
    assert f"{rules} rule files found" in done.stdout
    assert {path.name for path in (folder / "targets").iterdir()} == {
        path.name for path in TARGETS.iterdir()
    }


def test_a_prometheus_that_runs_keeps_watching_its_targets(promtool: Path, tmp_path: Path) -> None:
    folder, changed = tmp_path / "etc", tmp_path / "changed"
    assert prepare(promtool, folder).returncode == 0
    shutil.copytree(TARGETS, changed)
    (changed / "node.json").write_text('[{"targets": ["another-node:9100"]}]')
    port = find_port()
    tool = find_tool("prometheus", ROOT / ".tools", print)
    service = prepare_prometheus(tool, folder / "prometheus.yml", tmp_path / "data", port)

    def asked() -> set[str]:
        answer = web.get(f"http://{HOST}:{port}/api/v1/targets", params={"state": "active"})
        return {target["labels"]["instance"] for target in answer.json()["data"]["activeTargets"]}

    first = {target for job in JOBS for target in targets(job)}
    with (
        httpx.Client(trust_env=False, verify=NO_TLS) as web,
        running(tmp_path, service),
    ):
        poll_until(lambda: asked() == first, "every target")
        before = (folder / "targets").stat().st_ino
        (folder / "left-over.rules.yml").write_text("groups: []\n")
        assert prepare(promtool, folder, there=changed).returncode == 0
        assert (folder / "targets").stat().st_ino == before
        poll_until(lambda: "another-node:9100" in asked(), "the target that is new")
        assert asked() == first - {"node-exporter:9100"} | {"another-node:9100"}
    assert not (folder / "left-over.rules.yml").exists()
    assert not (folder / ".next").exists()


def test_prometheus_does_not_start_on_broken_rules(promtool: Path, tmp_path: Path) -> None:
    generated = tmp_path / "generated"
    shutil.copytree(GENERATED, generated)
    (generated / "api.rules.yml").write_text("groups: [{name: x, rules: [{expr: '((', alert: A}]}]")
    done = prepare(promtool, tmp_path / "etc", generated)
    assert done.returncode != 0
    wanted = SERVICES["prometheus"]["depends_on"]["prometheus-config"]["condition"]
    assert wanted == "service_completed_successfully"
