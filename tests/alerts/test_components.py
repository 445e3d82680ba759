"""Every component together: what is recorded, by which rules, with which labels and values."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from alerts.burn_rate import slo_groups
from alerts.components.registry import (
    COMPONENTS,
    LONG,
    SIGNALS,
    SLOWLY,
    WATCHES,
    component_groups,
)
from alerts.counting import Changes, Quantile
from alerts.derived import Average, Surge, Total
from alerts.levels import Always, Missing
from alerts.model import MOST_RULES, AlertingRule, RecordingRule
from alerts.prometheus_config import JOBS
from alerts.reading.known import Known
from alerts.reading.shapes import Shapes
from alerts.registry import RULE_FILES
from alerts.signal import Unit, panel_id
from dashboards.artifacts import render
from slo.objectives import OBJECTIVES
from slo.promql_tree import parse
from tests.alerts.played import mistakes, takes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from alerts.model import RuleGroup
    from alerts.reading.shapes import Shape
    from alerts.signal import Signal

ALL_GROUPS = [group for name in COMPONENTS for group in component_groups(name)]
EVERY_SIGNAL = pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.record)
BY_RECORD = {signal.record: signal for signal in SIGNALS}
RECORD = re.compile(r"\b(?:job|instance|service|monitoring):[a-z_0-9]+:[a-z_0-9]+\b")
RANGE = re.compile(r"\[(\d+)([smhd])[\]:]")
MADE = Average | Surge | Total
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def test_every_signal_is_recorded_exactly_once() -> None:
    recorded = Counter(
        rule.record
        for group in ALL_GROUPS
        for rule in group.rules
        if isinstance(rule, RecordingRule)
    )
    assert recorded == Counter(signal.record for signal in SIGNALS)
    assert set(recorded.values()) == {1}


def test_every_watch_is_an_alert_of_a_name_of_its_own() -> None:
    watched = alerts(ALL_GROUPS)
    assert watched == Counter(watch.alert for watch in WATCHES)
    assert set(watched.values()) == {1}
    of_slos = alerts(group for slo in OBJECTIVES for group in slo_groups(slo))
    assert len(of_slos) >= 3 * len(OBJECTIVES)
    assert watched.keys() & of_slos.keys() == set()
    written = alerts(group for file in RULE_FILES.values() for group in file.groups)
    assert written == watched + of_slos


def alerts(groups: Iterable[RuleGroup]) -> Counter[str]:
    """Count the alerts of groups by name."""
    rules = (rule for group in groups for rule in group.rules)
    return Counter(rule.alert for rule in rules if isinstance(rule, AlertingRule))


def test_every_alert_and_every_dashboard_reads_only_what_is_recorded() -> None:
    assert compared() <= BY_RECORD.keys()
    assert len(drawn()) > len(SIGNALS) / 2
    assert drawn() <= BY_RECORD.keys()


def test_every_signal_is_looked_at_by_an_alert_or_a_dashboard() -> None:
    read = compared() | drawn() | {each.of.record for each in SIGNALS if isinstance(each.of, MADE)}
    assert [signal.record for signal in SIGNALS if signal.record not in read] == []


def compared() -> set[str]:
    """Name what alerts read."""
    floors = {watch.floor.signal.record for watch in WATCHES if watch.floor is not None}
    return floors | {watch.signal.record for watch in WATCHES}


@cache
def drawn() -> frozenset[str]:
    """Name what dashboards read that is recorded of a component."""
    return frozenset(
        record
        for board in render().values()
        for text in expressions(json.loads(board))
        for record in RECORD.findall(text)
    )


def expressions(node: object) -> Iterator[str]:
    """Yield the queries of a dashboard."""
    if isinstance(node, dict):
        yield str(node.get("expr", ""))
        for child in node.values():
            yield from expressions(child)
    elif isinstance(node, list):
        for child in node:
            yield from expressions(child)


def test_a_signal_that_is_made_of_another_says_the_same_of_it() -> None:
    made = [signal.of for signal in SIGNALS if isinstance(signal.of, MADE)]
    assert made
    assert [of for of in made if BY_RECORD[of.record].of != of.of] == []


@pytest.mark.parametrize("group", ALL_GROUPS, ids=lambda group: group.name)
def test_a_group_is_short_enough_for_its_interval(group: RuleGroup) -> None:
    assert 0 < len(group.rules) <= MOST_RULES


def test_a_group_has_a_name_of_its_own() -> None:
    names = Counter(group.name for file in RULE_FILES.values() for group in file.groups)
    assert max(names.values()) == 1


def test_what_looks_back_for_days_is_computed_less_often() -> None:
    slow = 0
    for group in ALL_GROUPS:
        long = [rule for rule in group.rules if longest(rule.expr) >= LONG]
        if any(timedelta(days=2) <= longest(rule.expr) for rule in long):
            slow += 1
            assert group.interval >= SLOWLY, group.name
        elif not long:
            assert group.interval < timedelta(minutes=1), "an alert waits for it"
    assert slow


def longest(expression: str) -> timedelta:
    """Return the longest window of an expression."""
    windows = [timedelta(**{UNITS[unit]: int(size)}) for size, unit in RANGE.findall(expression)]
    return max(windows, default=timedelta())


@cache
def inferred(record: str) -> Shape | None:
    """Return the labels of a recorded series, of the declarations alone."""
    return Shapes(labels_of).of(parse(BY_RECORD[record].of.expression()))


KNOWN = Known((), JOBS)


def labels_of(series: str) -> Shape | None:
    """Return the labels of any series."""
    return inferred(series) if series in BY_RECORD else KNOWN.labels(series)  # type: ignore[return-value]


@EVERY_SIGNAL
def test_a_signal_keeps_exactly_the_labels_that_it_says(signal: Signal) -> None:
    shape = inferred(signal.record)
    assert shape is not None, "it reads a series that nobody shows"
    assert set(shape) == set(signal.labels)
    missing = [name for name, values in shape.items() if values is not None and "" in values]
    assert missing == [], "some of its series lack them"


@EVERY_SIGNAL
def test_a_record_begins_with_what_tells_its_series_apart(signal: Signal) -> None:
    level = signal.record.partition(":")[0]
    assert ("instance" in signal.labels) is (level == "instance")
    assert ("job" in signal.labels) is (level in ("instance", "job"))


def test_no_two_panels_have_one_number() -> None:
    keys = {signal.shown_in or signal.record for signal in SIGNALS}
    assert len({panel_id(key) for key in keys}) == len(keys)


def test_signals_of_one_panel_are_on_one_dashboard() -> None:
    boards = {(signal.panel, signal.dashboard) for signal in SIGNALS}
    assert len(boards) == len({panel for panel, _ in boards})


def test_the_example_of_every_signal_takes_the_values_asked_for(tmp_path: Path) -> None:
    plays = [
        takes(signal.record, signal.of, *some_values(signal), at="{}")
        for signal in SIGNALS
        # What is made of others has its own tests, and so have those that count in whole steps.
        if not isinstance(signal.of, Changes | Missing | Always | MADE)
    ]
    assert len(plays) > len(SIGNALS) / 2
    # Their labels are proven above.
    plays = [replace(play, expression=f"max({play.expression})") for play in plays]
    assert mistakes(tmp_path, plays) == {}


def some_values(signal: Signal) -> tuple[float, ...]:
    """Return values that it can have."""
    if isinstance(signal.of, Quantile):
        edges = signal.of.of.metric.buckets
        return tuple(round(a + 0.3 * (b - a), 6) for a, b in pairwise(edges[2:6]))
    return (0.25, 0.75, 0.0) if signal.unit is Unit.SHARE else (3.0, 1.0, 0.0)
