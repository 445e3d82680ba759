"""Rulings at a terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from loadtests.reports.table import failed_checks_table, rulings_table
from tests.loadtests.reports.building import FAILED, FAILED_CHECK, HOSTILE, PASSED_CHECK, ruling
from tests.loadtests.reports.results import RESULTS

if TYPE_CHECKING:
    from rich.table import Table


def printed(table: Table) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=140, highlight=False).print(table)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_line_says_what_a_rule_has_shown() -> None:
    heading, line = printed(rulings_table([ruling(FAILED, compared=0.12)]))
    assert heading.split() == "rule over measured interval limit compared n status".split()  # noqa: SIM905  # as printed
    assert line.split("  ")[0] == "failed-quantile"
    for told in ("peak", "150.1 ms", "148 ms … 152 ms", "at most 150 ms", "120 ms", "2,000"):
        assert told in line
    assert line.endswith("failed")


def test_the_worst_ruling_stands_first_and_waivers_are_said() -> None:
    table = printed(rulings_table(RESULTS["all statuses"].rulings))
    assert [line.split()[-1] for line in table[1:]] == ["failed", "undecided", "warned", "passed"]
    assert printed(rulings_table(RESULTS["waived"].rulings))[1].endswith("failed, waived")
    assert printed(rulings_table(RESULTS["flaky"].rulings))[1].endswith("passed, flaky")


def test_only_checks_that_failed_are_shown() -> None:
    lines = printed(failed_checks_table([PASSED_CHECK, FAILED_CHECK]))
    assert len(lines) == 2
    assert "every worker reported" in lines[1]
    assert "1 of 2 workers" in lines[1]


def test_what_wants_out_stays_text() -> None:
    text = "\n".join(printed(rulings_table([ruling(over="[red]x[/]\x1b[31m", limit=HOSTILE)])))
    assert "[red]x[/]" in text
    assert "\x1b" not in text
