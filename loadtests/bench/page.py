"""A measurement as one HTML page that needs nothing from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.bench.drawings import drawings
from loadtests.bench.report import rows
from slo.gate import Outcome
from slo.pages import page_environment

if TYPE_CHECKING:
    from loadtests.bench.report import BenchResult

# The colours of the page for each outcome.
COLOURS = {Outcome.ALLOW: "met", Outcome.BLOCK: "block", Outcome.UNDECIDED: "undecided"}


def html_page(result: BenchResult) -> str:
    """Render the page; what is not ours is escaped."""
    headings, *found = rows(result)
    page = page_environment("loadtests.bench").get_template("bench.html.j2")
    return page.render(
        result=result,
        decision=result.decision,
        headings=headings,
        rows=found,
        checks=[(check, COLOURS[check.outcome]) for check in result.checks],
        drawings=drawings(result),
    )
