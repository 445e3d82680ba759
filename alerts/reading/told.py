"""The alerts of a folder of generated files, with the labels that are known before they fire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import yaml

from alerts import places
from alerts.dispatch import Dispatch

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.reading.loaded import Loaded, WrittenRule

CONFIG = "alertmanager.yml"
# What reading it raises.
UNREADABLE = (OSError, yaml.YAMLError, ValueError, LookupError, TypeError)
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


def alerts_of(loaded: Loaded) -> list[Alert]:
    """Return the alerting rules as what Alertmanager is told of."""
    return [_alert(rule, loaded) for rule in loaded.alerts]


def _alert(rule: WrittenRule, loaded: Loaded) -> Alert:
    labels = {"alertname": rule.name, **rule.labels}
    shape = (None if rule.tree is None else loaded.known.shapes.of(rule.tree)) or {}
    return Alert(f"{rule.path}:{rule.line}", labels, frozenset({*labels, *shape}))
