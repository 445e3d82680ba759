"""The textfile, read by Prometheus' own checker and by its Python parser."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.local.tools import find_tool
from loadtests.reports.textfile import textfile
from tests.loadtests.reports.building import FAILED, result, ruling
from tests.loadtests.reports.results import RESULTS

if TYPE_CHECKING:
    from loadtests.result import RunResult

TOOLS = Path(__file__).parents[3] / ".tools"
PATIENCE_SECONDS = 60


def checked(text: str) -> tuple[int, str]:
    """Return the exit code and the words of promtool."""
    tool = find_tool("promtool", TOOLS, print)
    done = subprocess.run(
        [tool.path, "check", "metrics"],
        cwd=tool.cwd,
        input=text.encode(),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE_SECONDS,
    )
    return done.returncode, done.stdout.decode()


def samples(run: RunResult) -> dict[str, dict[tuple[str, ...], float]]:
    """Return values by name and by labels without the scenario, in the order of their names."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(textfile(run)):
        for sample in family.samples:
            labels = {k: v for k, v in sample.labels.items() if k != "scenario"}
            key = tuple(labels[name] for name in sorted(labels))
            found.setdefault(sample.name.removeprefix("petswipe_load_"), {})[key] = sample.value
    return found


def test_the_checker_refuses_what_is_no_metric() -> None:
    assert checked("no metric at all{\n")[0] != 0


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_passes_the_checker_of_prometheus(name: str) -> None:
    assert checked(textfile(RESULTS[name])) == (0, "")


def test_the_decision_is_one_of_three() -> None:
    assert samples(RESULTS["all statuses"])["decision"] == {
        ("allow",): 0,
        ("block",): 1,
        ("undecided",): 0,
    }
    assert samples(RESULTS["warned"])["decision"][("allow",)] == 1


def test_a_ruling_has_a_status_a_measured_value_and_a_limit_in_its_unit() -> None:
    found = samples(result(ruling(FAILED)))
    assert {key[2]: value for key, value in found["ruling_status"].items()} == {
        "failed": 1,
        "undecided": 0,
        "warned": 0,
        "passed": 0,
    }
    key = ("peak", "failed-quantile", "seconds")
    assert found["ruling_measured"] == {key: 0.1501}
    assert found["ruling_limit"] == {key: 0.15}
    assert found["ruling_samples"] == {key: 2000}
    assert samples(RESULTS["waived"])["ruling_waived"][("peak", "failed-quantile")] == 1


def test_what_is_unknown_has_no_series() -> None:
    found = samples(RESULTS["without load"])
    assert "ruling_measured" not in found
    assert "planned_requests" not in found


def test_a_step_has_what_was_planned_sent_and_dropped_and_both_rates() -> None:
    found = samples(RESULTS["all statuses"])
    peak = ("1", "peak")
    assert found["planned_requests"][peak] == 4000
    assert found["sent_requests"][peak] == 3900
    assert found["dropped_requests"][peak] == 100
    assert found["planned_rate"][peak] == 200
    assert found["sent_rate"][peak] == 195


def test_every_attempt_has_its_own_series() -> None:
    attempts = {key[0] for key in samples(RESULTS["flaky"])["planned_requests"]}
    assert attempts == {"1", "2"}
