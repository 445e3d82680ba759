"""The alerts of a folder of generated files, with the labels that are known before they fire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import promql_parser
import yaml

from alerts import places
from alerts.dispatch import Dispatch
from slo.promql_tree import selectors

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "alertmanager.yml"
# What the first part of a series' name says of its labels.
LEVELS = {"job": {"job"}, "instance": {"job", "instance"}, "service": {"service"}}
ZONE = ZoneInfo(places.TIME_ZONE)
# No holiday is among them.
WORKING_HOURS = datetime(2026, 3, 4, 10, 0, tzinfo=ZONE)
WEEKDAY_NIGHT = datetime(2026, 3, 4, 3, 0, tzinfo=ZONE)
WEEKEND = datetime(2026, 3, 8, 3, 0, tzinfo=ZONE)
MOMENTS = {
    "in working hours": WORKING_HOURS,
    "in the night of a weekday": WEEKDAY_NIGHT,
    "at 03:00 on a Sunday": WEEKEND,
}


@dataclass(frozen=True)
class Alert:
    """An alert: its fixed labels, and the names of all that it has when it fires."""

    where: str
    labels: dict[str, str]
    names: frozenset[str]

    @property
    def name(self) -> str:
        """Return its name."""
        return self.labels["alertname"]


def read_dispatch(folder: Path) -> Dispatch:
    """Read the configuration of Alertmanager; raises OSError, YAMLError, ValueError, LookupError.

    A document that is no mapping raises TypeError.
    """
    return Dispatch(yaml.safe_load((folder / CONFIG).read_text()))


def read_alerts(folder: Path) -> list[Alert]:
    """Read the alerting rules of every rule file; raises what `read_dispatch` does."""
    return [
        _alert(f"{path}: {rule['alert']}", rule)
        for path in sorted(folder.glob("*.rules.yml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]


def _alert(where: str, rule: dict[str, Any]) -> Alert:
    labels = {"alertname": rule["alert"], **rule.get("labels", {})}
    found = selectors(promql_parser.parse(str(rule["expr"])))
    levels = {(selector.name or "").partition(":")[0] for selector in found}
    grouped = (LEVELS.get(level, set()) for level in levels)
    return Alert(where, labels, frozenset(labels).union(*grouped))
