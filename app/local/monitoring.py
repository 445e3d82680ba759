"""Prometheus and Alertmanager on the generated files, as children of the supervisor."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

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
# The longest window of a rule is 30 days.
RETENTION = "35d"


def write_prometheus_folder(
    generated: Path,
    folder: Path,
    targets: Mapping[str, Sequence[int]],
    alertmanager: int,
    scrape_interval: str | None,
) -> Path:
    """Lay out the generated configuration, its rules and this stack's targets; returns the config.

    `targets` are the ports of each job. The files are the committed ones; `scrape_interval`
    replaces the one number that a rehearsal of a minute needs smaller: at 15 s it would have four
    points.
    """
    if not (generated / PROMETHEUS_CONFIG).is_file():
        raise StackError(f"{generated / PROMETHEUS_CONFIG} is missing: run `make build`")
    (folder / "targets").mkdir(parents=True)
    for rules in generated.glob(RULES):
        shutil.copy(rules, folder)
    config = (generated / PROMETHEUS_CONFIG).read_text()
    if scrape_interval is not None:
        config = _with_scrape_interval(config, scrape_interval)
    path = folder / PROMETHEUS_CONFIG
    path.write_text(config)
    for job, ports in targets.items():
        _write_targets(folder / "targets" / f"{job}.json", ports)
    _write_targets(folder / "targets" / "alertmanager.json", [alertmanager])
    return path


def _with_scrape_interval(config: str, interval: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]*(ms|s|m)", interval):
        raise StackError(f"scrape interval {interval!r} is no duration like 2s")
    changed, count = re.subn(
        r"^  scrape_interval: .*$", f"  scrape_interval: {interval}", config, flags=re.MULTILINE
    )
    if count != 1:
        raise StackError(f"{PROMETHEUS_CONFIG} must set global.scrape_interval once")
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


def prepare_alertmanager(tool: Tool, generated: Path, data: Path, port: int) -> Service:
    """Say how to start Alertmanager; it has no peers, so it listens for none."""
    command = [
        str(tool.path),
        f"--config.file={(generated / ALERTMANAGER_CONFIG).resolve()}",
        f"--storage.path={data}",
        f"--web.listen-address={HOST}:{port}",
        f"--web.external-url=http://{HOST}:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    return Service("alertmanager", command, answers(port, "/-/ready"), cwd=tool.cwd)
