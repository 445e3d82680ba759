"""The JSON document against its schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

import loadtests.reports.document
from loadtests.reports.document import json_report
from tests.loadtests.reports.building import DECK, FAILED, PASSWORD, SWIPE, plan, result, ruling
from tests.loadtests.reports.results import RESULTS

if TYPE_CHECKING:
    from loadtests.result import RunResult

SCHEMA = json.loads(
    Path(loadtests.reports.document.__file__).with_name("report.schema.json").read_text()
)
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def read(run: RunResult) -> Any:
    return json.loads(json_report(run), parse_constant=refuse_constant)


def objects(node: Any) -> list[dict[str, Any]]:
    found = [node] if isinstance(node, dict) else []
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return found + [one for child in inner for one in objects(child)]


def test_the_schema_is_one_and_leaves_nothing_open() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    declared = [node for node in objects(SCHEMA) if node.get("type") == "object"]
    assert declared
    assert [node for node in declared if node.get("additionalProperties", True) is True] == []


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_is_a_document_of_the_schema(name: str) -> None:
    VALIDATOR.validate(read(RESULTS[name]))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("schema",), 1),
        (("decision",), "ship"),
        (("exit_code",), 0),
        (("rulings", 0, "measured"), "150 ms"),
        (("rulings", 0, "status"), "fine"),
        (("rulings", 0, "more"), 1),
        (("attempts", 0, "load", "sent"), -1),
        (("attempts", 0, "load", "steps", 0, "operations", SWIPE, "statuses"), {"ok": 1}),
        (("attempts", 0, "kind"), "third"),
    ],
)
def test_the_schema_refuses_what_no_report_says(path: tuple[str | int, ...], wrong: object) -> None:
    document = read(RESULTS["all statuses"])
    VALIDATOR.validate(document)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = wrong
    with pytest.raises(ValidationError):
        VALIDATOR.validate(document)


def test_what_json_has_no_number_for_is_null_and_a_sentence() -> None:
    document = read(RESULTS["unending"])
    first = document["rulings"][0]
    assert [first[name] for name in ("measured", "low", "high", "samples")] == [None] * 4
    assert "rulings[0].measured is infinite, for which JSON has no number" in document["notes"]
    assert "rulings[0].low is not a number, for which JSON has no number" in document["notes"]
    steady = "attempts[0].load.steps[1].operations.POST /api/swipes.seconds.p50"
    assert f"{steady} is infinite, for which JSON has no number" in document["notes"]
    assert read(result(ruling()))["notes"] != document["notes"]


def test_a_load_is_told_by_step_and_by_operation() -> None:
    (attempt,) = read(RESULTS["all statuses"])["attempts"]
    load = attempt["load"]
    assert (load["planned"], load["sent"], load["dropped"]) == (7550, 7450, 100)
    peak = load["steps"][2]
    assert (peak["name"], peak["planned"], peak["sent"], peak["dropped"]) == (
        "peak",
        4000,
        3900,
        100,
    )
    assert set(peak["operations"]) == {"all", SWIPE, DECK}
    swipes = peak["operations"][SWIPE]
    assert swipes["statuses"] == {"0": 1, "201": 98, "500": 2}
    assert (swipes["sent"], swipes["failed"], swipes["unanswered"]) == (101, 3, 1)
    assert swipes["seconds"]["p50"] == pytest.approx(0.06, rel=1e-3)
    # Three of 101 failed, so the 100th of them was never answered well.
    assert swipes["seconds"]["p99"] is None
    assert load["lag_seconds"]["max"] == pytest.approx(0.002, rel=1e-3)
    assert [worker["cpu"] for worker in load["workers"]] == [0.41, 0.4]
    assert load["slowest"][0]["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_ruling_says_all_that_is_known_of_it() -> None:
    (told,) = read(result(ruling(FAILED, query="sum(x)", compared=0.12)))["rulings"]
    assert told == {
        "rule": "failed-quantile",
        "reason": "An adopter notices a swipe that is slower.",
        "measure": "p95 latency of POST /api/swipes",
        "unit": "seconds",
        "worse": "higher",
        "over": "peak",
        "status": "failed",
        "flaky": False,
        "waiver": None,
        "measured": 0.1501,
        "low": 0.148,
        "high": 0.152,
        "limit": "at most 150 ms",
        "warning": "",
        "fails_at": 0.15,
        "compared": 0.12,
        "samples": 2000.0,
        "minimum": 200,
        "started": "2026-11-21T03:00:00+00:00",
        "ended": "2026-11-21T03:01:00+00:00",
        "query": "sum(x)",
        "why": "because it is failed",
        "file": "loadtests/rules.yml",
        "line": 12,
    }


def test_a_plan_is_told_without_anybodys_password() -> None:
    run = RESULTS["all statuses"]
    told = read(run)["plan"]
    assert told["host"] == "https://api.example:8443/v1"
    assert (told["arrivals"], told["seed"], told["processes"]) == ("open", 7, 2)
    assert told["steps"][0] == {
        "name": "warm-up",
        "seconds": 10,
        "rate": 10,
        "end_rate": 100,
        "warm_up": True,
    }
    assert PASSWORD not in json_report(run)


def test_people_who_come_by_themselves_have_no_planned_rate() -> None:
    told = read(RESULTS["closed"])["plan"]
    assert (told["arrivals"], told["steps"][0]["rate"]) == ("closed", None)


def test_the_worst_ruling_stands_first_and_a_waived_one_behind_its_like() -> None:
    order = [r["status"] for r in read(RESULTS["all statuses"])["rulings"]]
    assert order == ["failed", "undecided", "warned", "passed"]
    waived = read(RESULTS["all waived"])["rulings"]
    assert waived[0]["waiver"]["id"] == "w-1"


def test_every_measured_number_stands_beside_its_query() -> None:
    for one in objects(read(RESULTS["all statuses"])):
        assert "value" not in one or one["query"]


def test_a_host_that_cannot_be_read_is_not_shown() -> None:
    run = replace(result(ruling()), plan=plan(f"http://u:{PASSWORD}@[::1"))
    assert read(run)["plan"]["host"] == "an address that cannot be read"


def test_waivers_and_notes_of_a_plan_are_told() -> None:
    told = read(RESULTS["waived"])["plan"]
    assert [(waiver["id"], waiver["expires"]) for waiver in told["waivers"]] == [
        ("w-1", "2026-11-25")
    ]
    assert not told["again"]
    assert read(RESULTS["compared"])["plan"]["notes"] == ["the baseline is 40 days old"]
