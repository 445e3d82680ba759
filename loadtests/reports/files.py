"""Every report of a result, written side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from loadtests.reports.html import html_report
from loadtests.reports.junit import junit_report
from loadtests.reports.markdown import markdown_report
from loadtests.result import run_document

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.result import RunResult


def write_reports(result: RunResult, out: Path) -> list[Path]:
    """Write report.html, report.json, report.md and junit.xml; returns their paths."""
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.html": html_report(result),
        "report.json": json.dumps(run_document(result), indent=2, allow_nan=False) + "\n",
        "report.md": markdown_report(result),
        "junit.xml": junit_report(result),
    }
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
    return [out / name for name in texts]
