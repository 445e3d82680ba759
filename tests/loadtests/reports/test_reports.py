"""The reports that people and pipelines read."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from loadtests.reports.files import write_reports
from loadtests.reports.html import html_report
from loadtests.reports.junit import junit_report
from loadtests.reports.markdown import markdown_report
from slo.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loadtests.result import RunResult

MET, EXHAUSTED, NO_DATA = Verdict.MET, Verdict.EXHAUSTED, Verdict.NO_DATA


def test_four_reports_of_one_result_say_the_same(
    make_result: Callable[..., RunResult], tmp_path: Path
) -> None:
    paths = write_reports(make_result(MET, EXHAUSTED, NO_DATA), tmp_path / "new" / "folder")
    assert [path.name for path in paths] == [
        "report.html",
        "report.json",
        "report.md",
        "junit.xml",
    ]
    html, document, markdown, junit = (path.read_text() for path in paths)
    assert json.loads(document)["decision"] == "block"
    for text in (html, markdown):
        assert "Release rehearsal" in text
        assert "block" in text
    for slo in ("swipe-availability", "swipe-latency", "deck-availability"):
        assert all(slo in text for text in (html, document, markdown, junit))


def test_no_report_holds_the_password_of_the_accounts(
    make_result: Callable[..., RunResult], tmp_path: Path
) -> None:
    result = make_result(MET)
    password = result.plan.load.password
    assert password not in repr(result)
    assert [p for p in write_reports(result, tmp_path) if password in p.read_text()] == []


def test_the_same_result_gives_the_same_bytes(
    make_result: Callable[..., RunResult], tmp_path: Path
) -> None:
    result = make_result(MET, EXHAUSTED)
    first, second = (write_reports(result, tmp_path / name) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_the_page_needs_nothing_from_outside(make_result: Callable[..., RunResult]) -> None:
    page = html_report(make_result(MET))
    loads = re.findall(r"(?:src|href)\s*=\s*[\"'](?!#)[^\"']*|@import[^;]*|url\((?!#)[^)]*", page)
    assert [load for load in loads if not load.endswith('"#')] == []
    assert "<script" not in page
    assert page.count("<svg") == 2
    assert "Latency of POST /api/swipes: none" in page


def test_label_values_cannot_become_markup(make_result: Callable[..., RunResult]) -> None:
    page = html_report(make_result(MET, invalid=("<img src=x>",)))
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page
    assert "<b>" not in page


def test_the_latency_chart_carries_the_line_of_its_objective(
    make_result: Callable[..., RunResult],
) -> None:
    with_latency = html_report(make_result(MET, MET, MET, MET, MET))
    without = html_report(make_result(MET, MET, MET, MET))
    assert "stroke-dasharray" in with_latency
    assert "stroke-dasharray" not in without


def test_the_worst_promise_stands_first(make_result: Callable[..., RunResult]) -> None:
    markdown = markdown_report(make_result(MET, NO_DATA, EXHAUSTED))
    rows = [line.split("|") for line in markdown.splitlines() if line.startswith("|")]
    verdicts = [row[-2].strip() for row in rows if row[-2].strip() in set(Verdict)]
    assert verdicts == ["exhausted", "no_data", "met"]


def test_a_broken_promise_is_a_failure_and_an_unknown_one_an_error(
    make_result: Callable[..., RunResult],
) -> None:
    suite = ET.fromstring(junit_report(make_result(MET, EXHAUSTED, NO_DATA)))  # noqa: S314  # ours
    kinds = {case.get("name"): [child.tag for child in case] for case in suite if case.get("name")}
    assert kinds["swipe-availability"] == []
    assert kinds["swipe-latency"] == ["failure"]
    assert kinds["deck-availability"] == ["error"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "1", "1")


def test_what_xml_cannot_write_is_left_out(make_result: Callable[..., RunResult]) -> None:
    text = junit_report(make_result(MET, invalid=('a "quote" & <tag>\x00\x1b',)))
    suite = ET.fromstring(text)  # noqa: S314  # ours
    assert [error.get("message") for error in suite.iter("error")] == ['a "quote" & <tag>  ']


def test_a_run_that_was_not_read_back_still_has_reports(
    make_result: Callable[..., RunResult],
) -> None:
    result = make_result(NO_DATA, invalid=("Prometheus went away",))
    for text in (html_report(result), markdown_report(result), junit_report(result)):
        assert "Prometheus went away" in text
