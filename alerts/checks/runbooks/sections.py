"""runbooks/sections: every page has its sections in order, enough words, and nothing left open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alerts.reading.problem import Problem
from alerts.reading.runbook_files import RunbookError, read_runbook, runbook_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.runbook_files import Runbook, Section

ID = "runbooks/sections"
ALERT_SECTIONS = (
    "Meaning",
    "Impact",
    "Confirm",
    "Triage",
    "Mitigate now",
    "Fix",
    "Escalate",
    "False positives and silence",
    "Related",
)
DISASTER_SECTIONS = ("Trigger", "Impact", "Targets", "Recover", "Verify", "Escalate", "Related")
TRIAGE_HEAD = ["what you see", "what it means", "go to"]
FEWEST_ROWS = 2
FEWEST_WORDS, MOST_WORDS = 250, 600
LANGUAGES = ("promql", "logql", "sql", "sh", "valkey")
# What the template marks, and what people write when they mean to come back.
LEFT_OVER = re.compile(r"\[\[\w[^\]\n]*\]\]|\b(?:TODO|TBD|FIXME|XXX)\b")
AFTER = re.compile(r"\b\d+ (?:minutes?|hours?|(?:working )?days?)\b|\bat once\b")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a page or section of another form than runbooks/README.md asks for."""
    for path in runbook_paths(loaded.root):
        try:
            page = read_runbook(path)
        except RunbookError as error:
            yield Problem(ID, str(path), str(error))
            continue
        yield from (Problem(ID, where, message) for where, message in _wrong(page))


def _wrong(page: Runbook) -> Iterator[tuple[str, str]]:
    wanted = DISASTER_SECTIONS if page.disaster else ALERT_SECTIONS
    found = tuple(section.title for section in page.sections)
    if not page.title:
        yield str(page.path), "no title: a line that begins with #"
    if found != wanted:
        yield str(page.path), f"sections are {', '.join(found)}; want {', '.join(wanted)}"
    words = sum(section.words for section in page.sections)
    if not FEWEST_WORDS <= words <= MOST_WORDS:
        yield str(page.path), f"{words} words; want {FEWEST_WORDS} to {MOST_WORDS}, code apart"
    for number, line in enumerate(page.source.splitlines(), 1):
        if left := LEFT_OVER.search(line):
            yield page.at(number), f"left over: {left[0]}"
    for fence in page.fences:
        if fence.language not in LANGUAGES:
            kind = fence.language or "no language"
            yield page.at(fence.line), f"a block of {kind}; want {', '.join(LANGUAGES)}"
    for section in page.sections:
        for message in _in_section(section):
            yield page.at(section.line), f"{section.title}: {message}"


def _in_section(section: Section) -> Iterator[str]:
    if not section.text.strip() and not section.fences:
        yield "empty"
    if section.title in FORMS:
        yield from FORMS[section.title](section)


def _queries(section: Section) -> Iterator[str]:
    if not section.after_queries:
        yield "no promql block"
    if not all(text.startswith("Healthy:") for text in section.after_queries):
        yield "a line `Healthy: ...` follows each promql block"


def _triage(section: Section) -> Iterator[str]:
    head, *rows = section.rows or [[]]
    if [cell.strip().lower() for cell in head] != TRIAGE_HEAD or len(rows) < FEWEST_ROWS:
        yield f"want a table of {', '.join(TRIAGE_HEAD)} with two rows or more"


def _steps(section: Section) -> Iterator[str]:
    if not section.steps:
        yield "no numbered steps"
    for number, step in enumerate(section.steps, 1):
        if "Check:" not in step:
            yield f"step {number} does not say `Check: ...`"


def _targets(section: Section) -> Iterator[str]:
    yield from (f"no {word}" for word in ("RTO", "RPO") if word not in section.text)


def _verify(section: Section) -> Iterator[str]:
    if not section.fences:
        yield "no fenced block that shows it"


def _escalate(section: Section) -> Iterator[str]:
    if not AFTER.search(section.text):
        yield "say after how many minutes, hours or days"


def _related(section: Section) -> Iterator[str]:
    if not section.links:
        yield "no link"


FORMS: dict[str, Callable[[Section], Iterator[str]]] = {
    "Confirm": _queries,
    "Trigger": _queries,
    "Triage": _triage,
    "Mitigate now": _steps,
    "Recover": _steps,
    "Targets": _targets,
    "Verify": _verify,
    "Escalate": _escalate,
    "Related": _related,
}
