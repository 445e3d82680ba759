"""The rules of docker-compose.yml, which no engine has to run for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.version import VERSION
from tests.compose.stack import COMPOSE, FILE, OURS, ROOT, SERVICES, binds, is_one_shot, networks

COMPOSE_TOOL = Path(sys.executable).with_name("docker-compose")
PUBLISHED = re.compile(r"127\.0\.0\.1:(\d+):(\d+)")
# A version with two numbers at least, or a date; `latest`, `3` and `stable` move.
PINNED = re.compile(r"[a-z0-9/_-]+:\S*\d+[.-]\d+\S*")
ROOT_USERS = ("", "0", "0:0", "root")
DAEMON = "/var/run/docker.sock"
everywhere = pytest.mark.parametrize("name", SERVICES)


def config(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(COMPOSE_TOOL), "--file", str(file), "--project-directory", str(ROOT), *options]
    return subprocess.run([*command, "config", "-q"], capture_output=True, text=True, check=False)


def reason(service: dict[str, Any], rule: str) -> str:
    given: str = service.get("x-reasons", {}).get(rule, "")
    return given


@pytest.mark.parametrize("options", [[], ["--profile", "load"]], ids=["all the time", "load"])
def test_docker_understands_the_file(options: list[str]) -> None:
    done = config(FILE, *options)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "      valkey: {condition: service_healthy}",
            "      walkie: {condition: service_healthy}",
        ),
        ("networks: [data]", "networks: [nowhere]"),
        ("mem_limit: 1g", "mem_limit: plenty"),
        ("read_only: true", "read_onyl: true"),
    ],
    ids=["service", "network", "limit", "key"],
)
def test_docker_refuses_a_broken_file(tmp_path: Path, old: str, new: str) -> None:
    text = FILE.read_text()
    assert old in text
    broken = tmp_path / FILE.name
    broken.write_text(text.replace(old, new))
    assert config(broken).returncode != 0


def test_a_moving_tag_is_told_from_a_pinned_one() -> None:
    good = ["postgres:18.6-bookworm", "minio/minio:RELEASE.2025-09-07T16-13-09Z", "a/b:v1.2.3"]
    bad = ["postgres", "postgres:latest", "postgres:18", "a/b:stable", "registry.example/a:1.2"]
    assert all(PINNED.fullmatch(image) for image in good)
    assert not any(PINNED.fullmatch(image) for image in bad)


@everywhere
def test_every_image_is_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    assert PINNED.fullmatch(image)
    if image.startswith(OURS):
        assert image.rpartition(":")[2] == VERSION
        assert SERVICES[name]["build"]["target"] == image.removeprefix(OURS).partition(":")[0]


def test_every_port_is_published_once_and_to_this_machine_only() -> None:
    given = [port for service in SERVICES.values() for port in service.get("ports", ())]
    found = [PUBLISHED.fullmatch(port) for port in given]
    assert all(found), given
    hosts = [match[1] for match in found if match]
    assert len(set(hosts)) == len(hosts) > 5


@everywhere
def test_who_publishes_a_port_is_in_a_network_that_has_an_outside(name: str) -> None:
    if SERVICES[name].get("ports"):
        outside = {net for net, about in COMPOSE["networks"].items() if not about.get("internal")}
        assert networks(name) & outside


@everywhere
def test_every_service_has_limits(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["cpus"] <= 2
    assert 0 < service["pids_limit"] <= 256
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}


@everywhere
def test_every_service_may_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert not {"cap_add", "privileged", "devices", "pid", "ipc", "userns_mode"} & set(service)
    assert service["security_opt"] == ["no-new-privileges:true"]
    root = str(service.get("user", "")).partition(":")[0] in ROOT_USERS
    assert bool(reason(service, "user")) == root, "a user of its own, or why not"
    assert bool(reason(service, "read_only")) != service["read_only"]


@everywhere
def test_every_service_says_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    if is_one_shot(service):
        assert "healthcheck" not in service
    else:
        assert bool(reason(service, "healthcheck")) != ("healthcheck" in service)


@everywhere
def test_no_reason_is_left_over(name: str) -> None:
    rules = {"user", "read_only", "healthcheck", "network_mode"}
    assert set(SERVICES[name].get("x-reasons", {})) <= rules


@everywhere
def test_what_a_service_waits_for_can_happen(name: str) -> None:
    service = SERVICES[name]
    for other, about in service.get("depends_on", {}).items():
        there = SERVICES[other]
        assert set(there.get("profiles", ())) <= set(service.get("profiles", ())), other
        if about["condition"] == "service_healthy":
            assert "healthcheck" in there, other
        elif about["condition"] == "service_completed_successfully":
            assert is_one_shot(there), other
        else:
            assert about["condition"] == "service_started"
            assert reason(there, "healthcheck"), f"{other} can say that it is well"


def test_no_service_waits_for_itself() -> None:
    left = {name: set(service.get("depends_on", {})) for name, service in SERVICES.items()}
    while ready := {name for name, others in left.items() if not others & set(left)}:
        left = {name: others for name, others in left.items() if name not in ready}
    assert left == {}


@everywhere
def test_what_is_mounted_is_in_the_repository_and_read_only(name: str) -> None:
    for source, target, mode in binds(SERVICES[name]):
        assert mode == "ro", target
        if source not in ("/", DAEMON):
            assert (ROOT / source).exists(), source
            assert (ROOT / source).is_dir() == ("." not in Path(target).name), source


def test_only_who_must_sees_this_machine() -> None:
    seen = {
        (name, source)
        for name, service in SERVICES.items()
        for source, _, _ in binds(service)
        if source.startswith("/")
    }
    assert seen == {("alloy", DAEMON), ("node-exporter", "/")}


@everywhere
def test_who_measures_the_machine_is_in_its_network_or_says_why_not(name: str) -> None:
    service = SERVICES[name]
    measures = any(source == "/" for source, _, _ in binds(service))
    outside = measures and service.get("network_mode") != "host"
    assert bool(reason(service, "network_mode")) == outside


def test_every_volume_and_network_is_used() -> None:
    volumes = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
        if volume[0] not in "./"
    }
    assert volumes == set(COMPOSE["volumes"])
    used = {net for name in SERVICES for net in networks(name)}
    assert used == set(COMPOSE["networks"])


def test_prometheus_shows_exemplars_and_keeps_what_the_longest_rule_reads() -> None:
    command = SERVICES["prometheus"]["command"]
    assert "--enable-feature=exemplar-storage" in command
    assert "--storage.tsdb.retention.time=35d" in command
