"""The report as JUnit XML, read back by a parser."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from loadtests.reports.junit import junit_report
from slo.gate import Outcome
from tests.loadtests.reports.building import PASSWORD
from tests.loadtests.reports.results import RESULTS


def cases(name: str) -> dict[str, ET.Element]:
    root = ET.fromstring(junit_report(RESULTS[name]))  # noqa: S314  # ours
    return {str(case.get("name")): case for case in root.iter("testcase")}


def kinds(name: str) -> dict[str, list[str]]:
    return {
        case: [child.tag for child in element if child.tag != "system-out"]
        for case, element in cases(name).items()
    }


def test_every_ruling_and_every_check_is_a_case_and_the_worst_comes_first() -> None:
    assert kinds("all statuses") == {
        "decision": ["failure"],
        "failed-quantile over peak": ["failure"],
        "undecided-quantile over peak": ["error"],
        "warned-quantile over peak": [],
        "passed-quantile over peak": [],
        "attempt 1 (first): nothing was dropped": [],
    }
    assert list(cases("all statuses"))[1] == "failed-quantile over peak"


def test_what_is_waived_is_skipped_and_says_by_whom() -> None:
    case = cases("waived")["failed-quantile over peak"]
    (skipped,) = case.findall("skipped")
    assert "w-1 until 2026-11-25" in str(skipped.get("message"))
    assert "approved by bo" in str(skipped.get("message"))
    assert kinds("waived")["decision"] == []


def test_a_check_that_failed_is_an_error() -> None:
    assert kinds("invalid")["attempt 1 (first): every worker reported"] == ["error"]


def test_a_flaky_rule_says_so() -> None:
    case = cases("flaky")["shaky over peak"]
    assert "flaky" in str(case.findtext("system-out"))
    assert "flaky" not in str(cases("warned")["warned-quantile over peak"].findtext("system-out"))


def test_a_case_says_all_that_is_known_of_its_rule() -> None:
    case = cases("all statuses")["failed-quantile over peak"]
    told = str(case.findtext("system-out")).splitlines()
    assert "measured: 150.1 ms" in told
    assert "interval: 148 ms … 152 ms" in told
    assert "limit: at most 150 ms" in told
    assert "samples: 2,000" in told
    assert "window: 2026-11-21 03:00:00 – 03:01:00 UTC (60 s)" in told
    assert "why: because it is failed" in told
    assert (case.get("file"), case.get("line")) == ("loadtests/rules.yml", "12")


@pytest.mark.parametrize("name", RESULTS)
def test_the_file_is_never_greener_than_the_decision(name: str) -> None:
    root = ET.fromstring(junit_report(RESULTS[name]))  # noqa: S314  # ours
    red = int(str(root.get("failures"))) + int(str(root.get("errors")))
    outcome = RESULTS[name].decision.outcome
    assert bool(red) == (outcome is not Outcome.ALLOW)
    assert int(str(root.get("tests"))) == len(list(root.iter("testcase")))
    for suite in root:
        assert int(str(suite.get("tests"))) == len(suite.findall("testcase"))


def test_a_run_whose_every_rule_is_waived_is_no_pass() -> None:
    assert kinds("all waived")["decision"] == ["error"]
    assert kinds("nothing judged")["decision"] == ["error"]


def test_what_wants_out_stays_text() -> None:
    text = junit_report(RESULTS["hostile"])
    root = ET.fromstring(text)  # noqa: S314  # ours
    assert {element.tag for element in root.iter()} == {
        "testsuites",
        "testsuite",
        "testcase",
        "error",
        "failure",
        "skipped",
        "system-out",
    }
    assert "<script>alert(1)</script>" in str(root.get("name"))
    assert PASSWORD not in text
    assert "]]>" not in text
