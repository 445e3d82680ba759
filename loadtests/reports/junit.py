"""The report as JUnit XML: a case an objective and a case a check."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from loadtests.reports.rows import checks
from slo.report import Verdict

if TYPE_CHECKING:
    from loadtests.result import RunResult


def junit_report(result: RunResult) -> str:
    """Write a failure for a broken promise, and an error for what could not be decided."""
    suite = Element("testsuite", name=result.plan.title, timestamp=result.plan.started.isoformat())
    counts = {"failure": 0, "error": 0}
    for slo in result.slos:
        case = SubElement(suite, "testcase", classname="slo", name=slo.slo.id)
        if slo.verdict in (Verdict.EXHAUSTED, Verdict.BURNING):
            message = f"measured {slo.measured}, limit {slo.limit}: {slo.reason}"
            _fail(case, "failure", message, counts)
        elif slo.verdict is Verdict.NO_DATA:
            _fail(case, "error", f"no data: {slo.reason}", counts)
    for check in checks(result):
        case = SubElement(suite, "testcase", classname="validity", name=check.name)
        if not check.passed:
            _fail(case, "error", check.detail, counts)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(counts["failure"]))
    suite.set("errors", str(counts["error"]))
    indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suite, "unicode") + "\n"


def _fail(case: Element, kind: str, message: str, counts: dict[str, int]) -> None:
    # XML has no way to write most control characters, not even escaped.
    printable = "".join(c if c.isprintable() else " " for c in message)
    SubElement(case, kind, message=printable)
    counts[kind] += 1
