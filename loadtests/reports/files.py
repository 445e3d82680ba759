"""Every report of a result, written side by side."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from loadtests.errors import LoadTestError
from loadtests.reports.document import json_report
from loadtests.reports.html import html_report
from loadtests.reports.junit import junit_report
from loadtests.reports.markdown import markdown_report
from loadtests.reports.textfile import textfile
from loadtests.reports.words import without_credentials

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.result import RunResult

# What others are made of comes first: a defect in a drawing must not cost the numbers.
REPORTS = {
    "report.json": json_report,
    "junit.xml": junit_report,
    "report.md": markdown_report,
    "petswipe_load.prom": textfile,
    "report.html": html_report,
}


class ReportsError(LoadTestError):
    """Some reports could not be written; the others were."""


def write_reports(result: RunResult, out: Path) -> list[Path]:
    """Write all reports to a folder and return their paths.

    Raises ReportsError at the end when one could not be written.
    """
    problems = []
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportsError(f"no report could be written: {error}") from None
    for name, report in REPORTS.items():
        try:
            write(out / name, report(result))
        except Exception as error:  # noqa: BLE001  # one that cannot be made is no loss of others
            problems.append(f"{name} could not be written: {type(error).__name__}: {error}")
    if problems:
        raise ReportsError(without_credentials("; ".join(problems)))
    return [out / name for name in REPORTS]


def write(path: Path, text: str) -> None:
    """Write a file in one step, so that nobody reads half of it; raises OSError."""
    # Of the same folder, or the rename would be a copy; collectors read no such name.
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8", errors="replace", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
