"""Alertmanager and its model agree on time intervals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alerts import places
from alerts.dispatch import Dispatch
from alerts.reading.told import CONFIG
from alerts.time_intervals import contains
from tests.alerts.sink import comes_true, listening
from tests.alerts.told_by import alertmanager

if TYPE_CHECKING:
    from pathlib import Path


def entries() -> list[dict[str, Any]]:
    """List time intervals around now in many ways, about half of which hold."""
    now = datetime.now(UTC)
    zones = ["UTC", "Etc/GMT+12", "Etc/GMT-14", "Asia/Kolkata", places.TIME_ZONE]
    days = ("monday:friday", "sunday", "saturday:saturday", f"{now:%A}".lower())
    clock = [{"start_time": "00:00", "end_time": "12:00"}]
    return [
        *({"times": clock, "location": zone} for zone in zones),
        *({"weekdays": [day], "location": zone} for day in days for zone in zones[:3]),
        {"days_of_month": ["1:15"]},
        {"days_of_month": ["-15:-1"]},
        {"days_of_month": [f"{now.day}", "31"]},
        {"months": [f"{now:%B}".lower(), "1"]},
        {"months": ["january:june"]},
        {"years": [f"{now.year}:2100"]},
        {"years": ["1999"]},
        {"months": ["1:12"], "weekdays": ["sunday:saturday"], "years": ["1999:2998"]},
    ]


def timed(intervals: list[dict[str, Any]], url: str) -> dict[str, Any]:
    """Send an alert of a number only in, and its negative only out of, an interval."""
    names = [str(number) for number in range(len(intervals))]
    kinds = ("active", "mute")
    return {
        "route": {
            "receiver": "all",
            "group_by": ["alertname"],
            "group_wait": "0s",
            "routes": [
                {
                    "receiver": f"{kind}-{name}",
                    "matchers": [f'alertname="{kind}-{name}"'],
                    f"{kind}_time_intervals": [name],
                }
                for kind in kinds
                for name in names
            ],
        },
        "time_intervals": [
            {"name": name, "time_intervals": [interval]}
            for name, interval in zip(names, intervals, strict=True)
        ],
        "receivers": [
            {"name": name, "webhook_configs": [{"url": f"{url}/{name}"}]}
            for name in ("all", *(f"{kind}-{name}" for kind in kinds for name in names))
        ],
    }


def test_alertmanager_reads_time_intervals_as_the_model_does(tmp_path: Path) -> None:
    with listening() as sink:
        document = timed(entries(), sink.url)
        (tmp_path / CONFIG).write_text(yaml.safe_dump(document))
        model = Dispatch(document)
        names = [receiver["name"] for receiver in document["receivers"][1:]]

        def expected() -> set[str]:
            now = datetime.now(UTC)
            found = (model.receivers_of({"alertname": name}, now) for name in names)
            return {f"/{told[0]}" for told in found if told}

        with alertmanager(tmp_path / CONFIG, tmp_path / "data") as running:
            before = expected()
            running.tell(*({"alertname": name} for name in names), {"alertname": "other"})
            # One of each pair is told, whatever the time.
            comes_true(lambda: len(sink.requests) == len(names) // 2 + 1)
            told = {request.path for request in sink.requests} - {"/all"}
            # What begins or ends at this very minute may be told or not.
            assert told - before <= expected() - before
            assert before - told <= before - expected()


@pytest.mark.parametrize(
    ("interval", "held"),
    [
        ({"times": [{"start_time": "03:00", "end_time": "03:01"}]}, True),
        ({"times": [{"start_time": "02:00", "end_time": "03:00"}]}, False),
        ({"times": [{"start_time": "04:00", "end_time": "24:00"}], "location": "Asia/Tokyo"}, True),
        ({"weekdays": ["sunday"]}, True),
        ({"weekdays": ["sunday"], "location": "America/New_York"}, False),
        ({"weekdays": ["monday:friday", "sunday:monday"]}, True),
        ({"days_of_month": ["-1"], "months": ["february"]}, True),
        ({"days_of_month": ["-2"], "months": ["2"]}, False),
        ({"years": ["2020:2030"], "months": ["january:march"]}, True),
        ({}, True),
    ],
)
def test_an_interval_holds_when_all_its_fields_do(interval: dict[str, Any], held: bool) -> None:
    last_of_february = datetime(2027, 2, 28, 3, 0, 30, tzinfo=UTC)
    assert last_of_february.strftime("%A") == "Sunday"
    assert contains(interval, last_of_february) is held


def test_a_field_that_alertmanager_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no field of a time interval: hours"):
        contains({"hours": ["3"]}, datetime(2027, 2, 28, tzinfo=UTC))
