"""Prometheus and Alertmanager on the generated files, as children of the supervisor."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.local.notifications import HEARTBEAT_RECEIVER
from app.local.ports import HOST
from app.local.probes import answers
from app.local.supervisor import Service, StackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from app.local.tools import Tool

PROMETHEUS_CONFIG = "prometheus.yml"
ALERTMANAGER_CONFIG = "alertmanager.yml"
RULES = "*.rules.yml"
TEMPLATES = "templates"
TARGETS = "targets"
# What the generated files call the servers, as in docker-compose; this stack's are elsewhere.
WEBHOOK = "http://webhook:9095"
HEARTBEAT = "https://heartbeat.petswipe.example/alertmanager"
RUNBOOKS = "http://localhost:9464/runbooks"
ALERTMANAGER = "http://localhost:9093"
# The longest window of a rule is 30 days.
RETENTION = "35d"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the servers of this stack are that the generated files name."""

    webhook: str
    runbooks: str
    alertmanager: str


def write_prometheus_folder(
    generated: Path,
    folder: Path,
    targets: Mapping[str, Sequence[int]],
    places: Places,
    scrape_interval: str | None,
) -> Path:
    """Lay out the generated configuration, its rules and this stack's targets; returns the config.

    `targets` are the ports of each job. The files are the committed ones, with the addresses of
    this stack's servers; `scrape_interval` replaces the one number that a rehearsal of a minute
    needs smaller: at 15 s it would have four points.
    """
    config = _read(generated / PROMETHEUS_CONFIG)
    (folder / TARGETS).mkdir(parents=True)
    for rules in generated.glob(RULES):
        (folder / rules.name).write_text(_with_links(rules.read_text(), places))
    if scrape_interval is not None:
        config = _with_scrape_interval(config, scrape_interval)
    path = folder / PROMETHEUS_CONFIG
    path.write_text(config)
    for job, ports in targets.items():
        _write_targets(folder / TARGETS / f"{job}.json", ports)
    return path


def write_alertmanager_folder(generated: Path, folder: Path, places: Places) -> Path:
    """Lay out the generated configuration and its message templates; returns the config.

    Raises StackError when no receiver is the webhook, because notifications would go nowhere.
    """
    config = _read(generated / ALERTMANAGER_CONFIG)
    if WEBHOOK not in config:
        raise StackError(f"{ALERTMANAGER_CONFIG} must send to {WEBHOOK}: run `make build`")
    (folder / TEMPLATES).mkdir(parents=True)
    for template in (generated / TEMPLATES).glob("*.tmpl"):
        text = _with_links(template.read_text(), places)
        (folder / TEMPLATES / template.name).write_text(text)
    path = folder / ALERTMANAGER_CONFIG
    config = _with_links(config, places).replace(WEBHOOK, places.webhook)
    # Nobody outside waits for the heartbeat of a stack on somebody's machine.
    path.write_text(config.replace(HEARTBEAT, f"{places.webhook}/{HEARTBEAT_RECEIVER}"))
    return path


def _read(path: Path) -> str:
    if not path.is_file():
        raise StackError(f"{path} is missing: run `make build`")
    return path.read_text()


def _with_links(text: str, places: Places) -> str:
    return text.replace(RUNBOOKS, places.runbooks).replace(ALERTMANAGER, places.alertmanager)


def _with_scrape_interval(config: str, interval: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(ms|s|m)", interval):
        raise StackError(f"scrape interval {interval!r} is no duration like 2s")
    changed, count = re.subn(
        r"^(global:\n  scrape_interval: ).*(\n  scrape_timeout: ).*$",
        # A timeout may not be longer.
        rf"\g<1>{interval}\g<2>{interval}",
        config,
        flags=re.MULTILINE,
    )
    if count != 1:
        raise StackError(f"{PROMETHEUS_CONFIG} must begin with scrape_interval and scrape_timeout")
    return changed


def _write_targets(path: Path, ports: Sequence[int]) -> None:
    path.write_text(json.dumps([{"targets": [f"{HOST}:{port}" for port in ports]}]))


def prepare_prometheus(tool: Tool, config: Path, data: Path, port: int) -> Service:
    """Say how to start Prometheus on a laid-out folder; paths are absolute."""
    command = [
        str(tool.path),
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--storage.tsdb.retention.time={RETENTION}",
        f"--web.listen-address={HOST}:{port}",
        # Without it, links in alerts carry this machine's host name.
        f"--web.external-url=http://{HOST}:{port}",
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
    ]
    return Service("prometheus", command, answers(port, "/-/ready"), cwd=tool.cwd)


def prepare_alertmanager(tool: Tool, config: Path, data: Path, port: int) -> Service:
    """Say how to start Alertmanager; it has no peers, so it listens for none."""
    command = [
        str(tool.path),
        f"--config.file={config}",
        f"--storage.path={data}",
        # It must remember whom it told for longer than the longest repeat_interval, 7 days.
        "--data.retention=192h",
        f"--web.listen-address={HOST}:{port}",
        f"--web.external-url=http://{HOST}:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    # Its client of SNS would look for a cloud's metadata server, which answers nobody here.
    environment = {"AWS_EC2_METADATA_DISABLED": "true"}
    return Service("alertmanager", command, answers(port, "/-/ready"), environment, cwd=tool.cwd)
