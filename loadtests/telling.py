"""Telling all who wait for a run what it has shown: files, the pipeline, Grafana, the terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from loadtests.reports.files import ReportsError, write_reports
from loadtests.reports.github import annotation_lines, append_summary
from loadtests.reports.grafana import annotate
from loadtests.reports.table import failed_checks_table, rulings_table
from slo.tables import console

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.progress import Screen
    from loadtests.reports.grafana import Grafana
    from loadtests.result import RunResult


def tell(result: RunResult, out: Path, screen: Screen, grafana: Grafana | None) -> list[str]:
    """Write the reports and print the table; returns which reports could not be written."""
    screen.say("writing reports")
    unwritten = _write(result, out)
    screen.close()
    for line in annotation_lines(result, os.environ):
        click.echo(line)
    if grafana is not None and (problem := annotate(grafana, result)):
        click.echo(problem, err=True)
    _print(result, out)
    for problem in unwritten:
        click.echo(f"Error: {problem}", err=True)
    return unwritten


def _write(result: RunResult, out: Path) -> list[str]:
    problems = []
    for write in (lambda: write_reports(result, out), lambda: append_summary(result, os.environ)):
        try:
            write()
        except ReportsError as error:
            problems.append(str(error))
    return problems


def _print(result: RunResult, out: Path) -> None:
    screen = console()
    if result.rulings:
        screen.print(rulings_table(result.rulings))
    failed = [check for attempt in result.attempts for check in attempt.checks if not check.passed]
    if failed:
        screen.print(failed_checks_table(failed))
    screen.print(f"\nverdict: {result.decision.outcome.value}")
    for line in (*result.plan.notes, *result.decision.reasons, str(out / "report.html")):
        screen.print(f"  {line}", soft_wrap=True, markup=False)
