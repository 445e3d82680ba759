"""The command that finds what makes a service level measure less than it says."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import httpx

from app.telemetry.catalog import TARGET_LABELS
from slo.lint import IDS, RETENTION, Finding, lint
from slo.objectives import choose
from slo.prometheus import UnreachableError
from slo.promql import duration
from slo.scrape import read_scrape
from slo.specs.commands import named
from slo.specs.durations import exact
from slo.specs.locate import SpecError
from slo.specs.read import read_what_can_be

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from slo.model import Slo
    from slo.scrape import Series
    from slo.specs.locate import Problem

FOUND, MISUSE = 1, 2
PAGE = Path(__file__).with_name("lint.md")
TIMEOUT_SECONDS = 10.0
# What a target shows to a Prometheus that knows nothing newer.
TEXT_FORMAT = {"Accept": "text/plain;version=0.0.4"}
HELP = f"""Find what makes SLOs measure less than they say, or alert never.

Findings of specs name file and line. With --metrics, queries are compared with what a target shows:
selectors that match nothing, bad events whose series do not exist yet, thresholds that are no
bucket edge, labels with too many values. Labels of the target that Prometheus adds
({", ".join(TARGET_LABELS)}, and --target-label) need not be in the scrape.

\b
Ids, each explained by --explain ID:
{chr(10).join(f"  {name}" for name in IDS)}

Exit codes: 0 nothing found, 1 findings, 2 misuse or a broken spec, 3 the target does not answer.
"""


@click.command("lint", help=HELP)
@click.argument("ids", nargs=-1, metavar="[SLO]...")
@click.option(
    "--spec",
    "files",
    multiple=True,
    metavar="FILE",
    help="Check the SLOs of these specs, in place of PetSwipe's own.",
)
@click.option(
    "--metrics",
    "scrapes",
    multiple=True,
    metavar="FILE|URL",
    help="What a target exposes; give one of each job.",
)
@click.option(
    "--target-label",
    "labels",
    multiple=True,
    metavar="NAME",
    help="A label that Prometheus adds to all series of a target, like namespace.",
)
@click.option(
    "--retention",
    default=duration(RETENTION),
    show_default=True,
    metavar="DURATION",
    help="How long Prometheus keeps samples.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
)
@click.option("--explain", type=click.Choice(IDS), metavar="ID", help="Explain an id, and stop.")
def lint_command(
    ids: tuple[str, ...],
    files: tuple[str, ...],
    scrapes: tuple[str, ...],
    labels: tuple[str, ...],
    retention: str,
    form: str,
    explain: str | None,
) -> None:
    """Find what is wrong; its help is above."""
    if explain is not None:
        click.echo(explanation(explain))
        return
    kept = _retention(retention)
    slos, problems = _read(files, ids)
    scraped = [series for source in scrapes for series in _scrape(source)] if scrapes else None
    findings = [
        *(_refused(problem) for problem in problems if problem.finding),
        *(
            replace(finding, place=place)
            for slo, place in slos
            for finding in lint([slo], kept, scraped, (*TARGET_LABELS, *labels))
        ),
    ]
    _show(findings, form)
    if broken := [problem for problem in problems if not problem.finding]:
        raise SpecError(broken)
    raise SystemExit(FOUND if findings else 0)


def explanation(finding: str) -> str:
    """Return the paragraph that explains an id."""
    paragraphs = re.split(r"\n\s*\n", PAGE.read_text(encoding="utf-8"))
    return next(p.strip() for p in paragraphs if p.startswith(f"**{finding}.**"))


def _retention(text: str) -> timedelta:
    try:
        return exact(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--retention") from None


def _read(
    files: Sequence[str], ids: tuple[str, ...]
) -> tuple[list[tuple[Slo, str]], tuple[Problem, ...]]:
    """Return the chosen SLOs with their places, and what cannot become one."""
    if not files:
        return [(slo, "") for slo in choose(ids)], ()
    reading, problems = read_what_can_be(files)
    pairs = list(zip(reading.slos, reading.places, strict=True))
    if not problems:
        named(reading.slos, ids)
    return [pair for pair in pairs if not ids or pair[0].id in ids], problems


def _scrape(source: str) -> list[Series]:
    address = source.startswith(("http://", "https://"))
    try:
        text = _fetched(source) if address else Path(source).read_text(encoding="utf-8")
        found = read_scrape(text)
    except OSError as error:
        raise click.UsageError(f"--metrics {source} cannot be read: {error.strerror}") from None
    # The parser of prometheus_client also stumbles over what is no text at all.
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise click.UsageError(f"--metrics {source} is no scrape: {error}") from None
    if not found:
        raise click.UsageError(f"--metrics {source} is no scrape: it has no series")
    return found


def _fetched(url: str) -> str:
    try:
        answer = httpx.get(url, headers=TEXT_FORMAT, timeout=TIMEOUT_SECONDS, trust_env=False)
        answer.raise_for_status()
    except httpx.InvalidURL as error:
        raise click.UsageError(f"--metrics {url} is no address: {error}") from None
    except httpx.HTTPError as error:
        raise UnreachableError(f"{url} does not show its metrics: {error}") from None
    return answer.text


def _refused(problem: Problem) -> Finding:
    message = ": ".join(filter(None, (problem.path, problem.sentence)))
    return Finding(problem.finding, "", message, f"{problem.file}:{problem.line}")


def _show(findings: Sequence[Finding], form: str) -> None:
    if form == "json":
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
        return
    for finding in findings:
        click.echo(str(finding))
    if findings:
        click.echo("`python -m slo lint --explain ID` says more about each.", err=True)
