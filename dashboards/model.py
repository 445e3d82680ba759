"""What a dashboard consists of, before anything knows how Grafana writes it.

A declaration that a reader could not use is refused when it is made: a panel without description
or unit, a chart without a query, a line of panels that does not fill the grid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from alerts.signal import panel_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.signal import Dashboard, Unit

COLUMNS = 24
UID = re.compile(r"[a-z][a-z-]{1,39}")
FINE = "green"


class Kind(StrEnum):
    """How a panel shows what it asks for; the names are Grafana's."""

    TIME_SERIES = "timeseries"
    STAT = "stat"
    GAUGE = "gauge"
    BAR_GAUGE = "bargauge"
    HEATMAP = "heatmap"
    TABLE = "table"
    STATE_TIMELINE = "state-timeline"
    LOGS = "logs"
    ALERT_LIST = "alertlist"
    TEXT = "text"


# What shows words and not values, and has no unit.
WORDS = (Kind.LOGS, Kind.ALERT_LIST, Kind.TEXT)
# What asks no data source for series.
WITHOUT_QUERIES = (Kind.ALERT_LIST, Kind.TEXT)


class Source(StrEnum):
    """Which data source answers; the names are Grafana's, and those of our variables."""

    PROMETHEUS = "prometheus"
    LOKI = "loki"


@dataclass(frozen=True, slots=True)
class Threshold:
    """From this value on, the colour is another."""

    value: float
    color: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The colour of the lowest values, and where it changes.

    `area` shades the background of a time series, besides the line. `of_maximum` counts the values
    in percent of the greatest that a gauge can show.
    """

    base: str = FINE
    steps: tuple[Threshold, ...] = ()
    area: bool = True
    of_maximum: bool = False

    def __post_init__(self) -> None:
        """Refuse steps that do not rise."""
        values = [step.value for step in self.steps]
        if values != sorted(set(values)):
            raise ValueError(f"thresholds {values}: each must lie above the one before")


def of_maximum(shares: Thresholds) -> Thresholds:
    """Turn thresholds of a share into those of a gauge whose greatest value is a query's."""
    steps = tuple(Threshold(100 * step.value, step.color) for step in shares.steps)
    return Thresholds(shares.base, steps, of_maximum=True)


@dataclass(frozen=True, slots=True)
class State:
    """What a value means, in words and colour."""

    value: int
    text: str
    color: str


@dataclass(frozen=True, slots=True)
class Query:
    """One question to a data source, and how its answer differs from the rest of the panel.

    `legend` names its series with `{{label}}`; of a table it is the column's title.
    """

    expr: str
    legend: str
    instant: bool = False
    exemplars: bool = False
    source: Source = Source.PROMETHEUS
    unit: Unit | None = None
    thresholds: Thresholds | None = None
    states: tuple[State, ...] = ()
    bars: bool = False

    def __post_init__(self) -> None:
        """Refuse a question that is none, and series that nobody could tell apart."""
        if not self.expr.strip():
            raise ValueError("a query needs an expression")
        if not self.legend and self.source is Source.PROMETHEUS:
            raise ValueError(f"query {self.expr}: name its series by a legend")


@dataclass(frozen=True, slots=True)
class Link:
    """Where to read on."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: what it shows, in words, unit and queries; its id comes from its key alone."""

    key: str
    title: str
    description: str
    kind: Kind
    unit: Unit | None = None
    queries: tuple[Query, ...] = ()
    width: int = 12
    height: int = 8
    thresholds: Thresholds = field(default=Thresholds())
    states: tuple[State, ...] = ()
    low: float | None = None
    high: float | None = None
    # The last query gives the greatest value of a gauge, and is not drawn itself.
    high_by_query: bool = False
    decimals: int | None = None
    stacked: bool = False
    # What the labels of a table are called in its head.
    columns: tuple[tuple[str, str], ...] = ()
    # Markdown of a text, or the label matchers of an alert list.
    content: str = ""
    # Why there may be nothing to show, besides missing data.
    nothing: str = ""
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what a reader could not understand, and what shows nothing."""
        where = f"panel {self.key or self.title!r}"
        if not self.key or not self.title or not self.description.endswith("."):
            raise ValueError(f"{where}: give it a key, a title and a description in sentences")
        if (self.unit is None) != (self.kind in WORDS):
            raise ValueError(f"{where}: a panel of values has a unit, one of words has none")
        if bool(self.queries) != (self.kind not in WITHOUT_QUERIES):
            raise ValueError(f"{where}: a {self.kind} needs a query, a text or alert list has none")
        if self.kind in WITHOUT_QUERIES and not self.content:
            raise ValueError(f"{where}: say what it shows")
        if not 1 <= self.width <= COLUMNS or self.height < 1:
            raise ValueError(f"{where}: between 1 and {COLUMNS} columns wide, and not flat")

    @property
    def id(self) -> int:
        """Return its number, the same wherever it moves."""
        return panel_id(self.key)


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side, under a title unless that is empty."""

    title: str
    panels: tuple[Panel, ...]

    def __post_init__(self) -> None:
        """Refuse lines of panels with a gap, or of different heights."""
        for line in self.lines():
            width = sum(panel.width for panel in line)
            keys = ", ".join(panel.key for panel in line)
            if width != COLUMNS:
                raise ValueError(f"{keys}: {width} columns side by side, and there are {COLUMNS}")
            if len({panel.height for panel in line}) > 1:
                raise ValueError(f"{keys}: side by side, but of different heights")

    def lines(self) -> Iterator[tuple[Panel, ...]]:
        """Yield the panels line by line."""
        line: list[Panel] = []
        for panel in self.panels:
            if line and sum(other.width for other in (*line, panel)) > COLUMNS:
                yield tuple(line)
                line = []
            line.append(panel)
        if line:
            yield tuple(line)


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard: what it is for, the jobs that it is about, and its rows."""

    uid: Dashboard
    title: str
    description: str
    jobs: tuple[str, ...]
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        """Refuse two panels of one id: a link could lead to either."""
        if not UID.fullmatch(self.uid) or not self.description.endswith("."):
            raise ValueError(f"dashboard {self.uid!r}: a uid in lower case, and a description")
        seen: dict[int, str] = {}
        for panel in self.panels:
            if panel.id in seen:
                raise ValueError(f"{self.uid}: {panel.key} and {seen[panel.id]} have one id")
            seen[panel.id] = panel.key

    @property
    def panels(self) -> tuple[Panel, ...]:
        """List its panels in order."""
        return tuple(panel for row in self.rows for panel in row.panels)

    def asks_for(self, text: str) -> bool:
        """Say whether a query of any panel has this text, like `$route`."""
        return any(text in query.expr for panel in self.panels for query in panel.queries)

    def sources(self) -> frozenset[Source]:
        """Return the kinds of data source that its panels ask."""
        return frozenset(query.source for panel in self.panels for query in panel.queries)
