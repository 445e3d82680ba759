"""A signal: what is recorded, drawn and alerted on, declared once.

The recording rule, the panel and the alert all read the one series that a signal names, so a panel
cannot show another number than the one that somebody was woken for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from zlib import crc32

from alerts.model import RecordingRule

if TYPE_CHECKING:
    from alerts.aggregation import Aggregation

# level:metric:operations, as Prometheus' own guide has it.
RECORD = re.compile(r"[a-z_]+:[a-z_0-9]+:[a-z_0-9]+")
# Below what Grafana numbers itself when somebody adds a panel by hand.
PANEL_IDS = 1_000_000


class Unit(StrEnum):
    """What a value is counted in; the names are Grafana's."""

    SHARE = "percentunit"
    SECONDS = "s"
    HOURS = "h"
    DAYS = "d"
    BYTES = "bytes"
    BYTES_PER_SECOND = "Bps"
    PER_SECOND = "ops"
    REQUESTS_PER_SECOND = "reqps"
    NUMBER = "short"
    # Written in full, with no part of one.
    COUNT = "locale"
    DOLLARS = "currencyUSD"


class Dashboard(StrEnum):
    """The dashboards, by uid."""

    APPLICATION = "application"
    BUSINESS = "business"
    INFRASTRUCTURE = "infrastructure"
    DATABASE = "database"
    CACHE = "cache"
    SLO = "slo"
    LOAD_TEST = "load-test"
    COST = "cost"
    TELEMETRY = "telemetry"


@dataclass(frozen=True, slots=True)
class Signal:
    """One recorded series: what it is, in which unit, how it is computed, and where it is drawn."""

    record: str
    title: str
    description: str
    unit: Unit
    of: Aggregation
    dashboard: Dashboard
    # The key of the panel that it shares with others; a signal without one has its own.
    shown_in: str = ""

    def __post_init__(self) -> None:
        """Refuse a name outside the convention, and a signal that nobody could read."""
        if not RECORD.fullmatch(self.record):
            raise ValueError(f"signal {self.record!r}: name it level:metric:operations")
        if not self.title or not self.description.endswith("."):
            raise ValueError(f"signal {self.record}: give it a title, and describe it in sentences")

    @property
    def labels(self) -> tuple[str, ...]:
        """List the labels that tell its series apart."""
        return self.of.labels

    @property
    def panel(self) -> int:
        """Return the number of its panel, the same wherever it moves on its dashboard."""
        return panel_id(self.shown_in or self.record)

    def rule(self) -> RecordingRule:
        """Render the rule that records it."""
        return RecordingRule(self.record, self.of.expression())


def panel_id(key: str) -> int:
    """Return the number of the panel with this key: stable, whatever stands around it."""
    return 1 + crc32(key.encode()) % PANEL_IDS
