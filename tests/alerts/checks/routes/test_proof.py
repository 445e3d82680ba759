"""Each fault of the routes is found, and the routes as they are have none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from alerts.checks.routes import proof
from alerts.reading.loaded import RULES, load
from alerts.reading.told import CONFIG
from tests.alerts.generated import ALERTS, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[dict[str, Any]], object]

FINANCE = tuple(alert.name for alert in ALERTS if alert.labels.get("team") == "finance")


def messages(folder: Path) -> list[str]:
    return [str(problem) for problem in proof.check(load(folder))]


def with_config(folder: Path, change: Change) -> Path:
    write_folder(folder)
    document = yaml.safe_load((folder / CONFIG).read_text())
    change(document)
    (folder / CONFIG).write_text(yaml.safe_dump(document, sort_keys=False))
    return folder


def branch(document: dict[str, Any], receiver: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        route for route in document["route"]["routes"] if route["receiver"] == receiver
    )
    return found


def test_the_routes_are_proven(tmp_path: Path) -> None:
    assert messages(write_folder(tmp_path)) == []


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"severity": "warning", "channel": "fax"}, "no route wants it"),
        ({"channel": "pager"}, "no route wants it"),
        ({}, "no route wants it"),
    ],
)
def test_an_alert_that_no_route_wants_is_found(
    labels: dict[str, str], message: str, tmp_path: Path
) -> None:
    write_folder(tmp_path, {"alert": "Stray", "expr": "up < 1", "labels": labels})
    (found,) = messages(tmp_path)
    assert message in found
    assert "Stray" in found


@pytest.mark.parametrize("labels", [{"severity": "warning"}, {"severity": "info"}])
def test_an_alert_of_another_team_needs_no_channel(labels: dict[str, str], tmp_path: Path) -> None:
    write_folder(tmp_path, {"alert": "Guest", "expr": "up < 1", "labels": labels})
    assert messages(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda doc: branch(doc, "pager").update(active_time_intervals=["working-hours"]),
            "does not reach the pager at 03:00 on a Sunday",
        ),
        (
            lambda doc: branch(doc, "pager").update(matchers=['channel="page"']),
            "no alert has channel=page",
        ),
        (
            lambda doc: branch(doc, "chat").update(receiver="pager"),
            "is not critical and reaches the pager",
        ),
        (
            lambda doc: branch(doc, "ticket").update(mute_time_intervals=["working-hours"]),
            "nobody is told of it even in working hours",
        ),
        (
            lambda doc: doc["receivers"].append({"name": "fax"}),
            "receiver fax is told of no alert",
        ),
        (
            lambda doc: branch(doc, "chat")["matchers"].append('colour!="red"'),
            "a route asks for the label colour, which no alert has",
        ),
        (
            lambda doc: branch(doc, "chat").update(matchers=["channel=chat"]),
            "no matcher like",
        ),
        (
            lambda doc: branch(doc, "chat").update(active_time_intervals=["never-declared"]),
            "no time interval is called never-declared",
        ),
        (
            lambda doc: branch(doc, "chat").update(receiver="chatt"),
            "no receiver is called 'chatt'",
        ),
        (lambda doc: doc.pop("route"), "not to be read"),
    ],
)
def test_a_fault_of_the_configuration_is_found(
    change: Change, message: str, tmp_path: Path
) -> None:
    found = messages(with_config(tmp_path, change))
    assert any(message in one for one in found), found


def test_a_receiver_that_no_alert_needs_any_more_is_found(tmp_path: Path) -> None:
    found = messages(write_folder(tmp_path, without=FINANCE))
    assert [one for one in found if "receiver mail-finance is told of no alert" in one]


def test_a_folder_without_alerts_or_configuration_proves_nothing(tmp_path: Path) -> None:
    (found,) = messages(tmp_path)
    assert "not to be read" in found
    write_folder(tmp_path)
    for path in tmp_path.glob(RULES):
        path.unlink()
    (found,) = messages(tmp_path)
    assert "nothing was proven" in found


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (proof, test_a_fault_of_the_configuration_is_found),
    (proof, test_an_alert_that_no_route_wants_is_found),
]
ACCEPTED = [
    (proof, test_the_routes_are_proven),
]
