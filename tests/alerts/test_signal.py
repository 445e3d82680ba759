"""A signal is refused when it is incomplete, and the number of its panel never changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.components import api, cache
from alerts.counting import Rate
from alerts.model import RecordingRule
from alerts.signal import PANEL_IDS, Dashboard, Signal, Unit, panel_id
from app.telemetry.model import Kind, Metric
from slo.promql import Selector

READS = Rate(
    Selector(Metric("reads_total", Kind.COUNTER, "Reads.", ""), "reads_total", ()),
    timedelta(minutes=5),
    ("job", "instance"),
)
SIGNAL = Signal(
    "instance:reads:rate5m",
    "Reads",
    "Reads in each second.",
    Unit.PER_SECOND,
    READS,
    Dashboard.CACHE,
)


@pytest.mark.parametrize(
    "record",
    ["", "reads", "job:reads", "job:reads:", ":reads:rate5m", "Job:reads:rate5m", "job:a:b:c"],
)
def test_a_name_outside_the_convention_is_refused(record: str) -> None:
    with pytest.raises(ValueError, match="name it level:metric:operations") as refused:
        replace(SIGNAL, record=record)
    assert repr(record) in str(refused.value)


@pytest.mark.parametrize(
    ("title", "description"), [("", "Reads."), ("Reads", ""), ("Reads", "Reads in each second")]
)
def test_a_signal_that_nobody_could_read_is_refused(title: str, description: str) -> None:
    with pytest.raises(
        ValueError,
        match=r"instance:reads:rate5m: give it a title, and describe it in sentences",
    ):
        replace(SIGNAL, title=title, description=description)


def test_a_signal_is_recorded_under_its_name_with_the_labels_of_what_it_is_made_of() -> None:
    expression = "sum by (job, instance) (rate(reads_total[5m]))"
    assert SIGNAL.rule() == RecordingRule("instance:reads:rate5m", expression)
    assert SIGNAL.labels == ("job", "instance")


def test_the_number_of_a_panel_in_links_that_were_sent_stays_its_number() -> None:
    assert cache.UP.record == "instance:redis:up"
    assert cache.UP.panel == 225378
    assert api.ERROR_RATE.shown_in == "application:errors"
    assert api.ERROR_RATE.panel == api.ERRORS_5M.panel == 545371


def test_a_panel_has_its_number_from_its_key_alone() -> None:
    moved = replace(SIGNAL, title="Others", unit=Unit.NUMBER, dashboard=Dashboard.COST)
    assert moved.panel == SIGNAL.panel == panel_id("instance:reads:rate5m")
    assert replace(SIGNAL, shown_in="cache:all").panel == panel_id("cache:all") != SIGNAL.panel


def test_the_number_of_a_panel_leaves_room_for_those_that_grafana_gives() -> None:
    numbers = {panel_id(f"job:signal_{number}:rate5m") for number in range(500)}
    assert min(numbers) >= 1
    assert max(numbers) <= PANEL_IDS
    assert len(numbers) > 495
