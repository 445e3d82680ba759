"""The report as JUnit XML: a case a ruling, a case a check, and one for the decision.

The decision has a case of its own, so that a pipeline that reads only this file is never greener
than the exit code: a run whose every rule is waived has no failure and is no pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from loadtests.judging.combine import worst_first
from loadtests.judging.model import Status
from loadtests.reports.rows import checks, row
from loadtests.reports.words import plain
from slo.gate import Outcome

if TYPE_CHECKING:
    from loadtests.judging.model import Ruling
    from loadtests.reports.rows import Row
    from loadtests.result import RunResult

# Each kind of a case with a problem, and the attribute of a suite that counts it.
COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def junit_report(result: RunResult) -> str:
    """Write a failure for a broken limit, an error for what could not be decided."""
    root = Element("testsuites", name=plain(result.plan.title))
    _decision(_suite(root, "decision", result), result)
    rules = _suite(root, "rules", result)
    for ruling in worst_first(result.rulings):
        _ruling(rules, ruling)
    validity = _suite(root, "validity", result)
    for attempt, check in checks(result):
        case = _case(validity, f"{attempt}: {plain(check.title)}")
        if not check.passed:
            _problem(case, "error", plain(check.detail))
    for suite in root:
        _count(suite, [suite])
    _count(root, list(root))
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, "unicode") + "\n"


def _suite(root: Element, name: str, result: RunResult) -> Element:
    return SubElement(root, "testsuite", name=name, timestamp=result.plan.started.isoformat())


def _case(suite: Element, name: str) -> Element:
    return SubElement(suite, "testcase", classname=f"load.{suite.get('name')}", name=name)


def _decision(suite: Element, result: RunResult) -> None:
    case, decision = _case(suite, "decision"), result.decision
    if decision.outcome is not Outcome.ALLOW:
        kind = "failure" if decision.outcome is Outcome.BLOCK else "error"
        _problem(case, kind, f"{decision.outcome.value}: {plain('; '.join(decision.reasons))}")


def _ruling(suite: Element, ruling: Ruling) -> None:
    found = row(ruling)
    case = _case(suite, f"{found.rule} over {found.over}")
    case.set("file", plain(ruling.rule.file))
    case.set("line", str(ruling.rule.line))
    broken = ruling.status in (Status.FAILED, Status.UNDECIDED)
    if broken and ruling.waiver:
        _problem(case, "skipped", f"{found.notes}; {found.status}: {found.why}")
    elif broken:
        kind = "failure" if ruling.status is Status.FAILED else "error"
        _problem(case, kind, f"{found.measured}, limit {found.limit}: {found.why}")
    SubElement(case, "system-out").text = _told(found)


def _told(found: Row) -> str:
    """Say all of a row, a line each."""
    parts = found._asdict() | {"status": " ".join(filter(None, (found.status, found.notes)))}
    parts.pop("notes")
    return "\n".join(f"{name}: {text}" for name, text in parts.items() if text)


def _problem(case: Element, kind: str, message: str) -> None:
    SubElement(case, kind, message=message)


def _count(target: Element, suites: list[Element]) -> None:
    cases = [case for suite in suites for case in suite.iter("testcase")]
    target.set("tests", str(len(cases)))
    for kind, attribute in COUNTED.items():
        target.set(attribute, str(sum(case.find(kind) is not None for case in cases)))
