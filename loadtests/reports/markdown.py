"""The report as Markdown, for the summary of a pipeline."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from loadtests.judging.combine import worst_first
from loadtests.load import ALL
from loadtests.reports import words
from loadtests.reports.quantiles import quantiles
from loadtests.reports.rows import attempts, checks, row, summary
from loadtests.reports.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loadtests.load import StepLoad
    from loadtests.reports.rows import Row
    from loadtests.result import RunResult

SPECIAL = re.compile(r"([\\`*_\[\]|~#!$@])")
# What makes a list, a heading or a rule where a line begins.
LEADING = re.compile(r"^(?:(\d+)([.)])(?=\s|$)|([-+=]))")
MOST_CHARACTERS = 1_000
RULING = ("status", "rule", "over", "measured", "interval", "limit", "compared", "n", "why")
STEP = ("step", "planned", "sent", "dropped", "failed", "p50", "p95", "p99", "p99.9", "max")
CUT = "\n*Cut here: a summary has its limits. The whole report is beside it.*\n"


def markdown_report(result: RunResult, most_bytes: int | None = None) -> str:
    """Write the decision, the rulings worst first, the checks that failed, the load, the details.

    Beyond `most_bytes` it ends after a whole part with a sentence that says so.
    """
    parts = list(_parts(result))
    if most_bytes is None:
        return "".join(parts)
    return _bounded(parts, most_bytes)


def _bounded(parts: list[str], most_bytes: int) -> str:
    room, kept = most_bytes - len(CUT.encode()), ""
    whole = "".join(parts)
    if _size(whole) <= most_bytes:
        return whole
    for part in parts:
        room -= _size(part)
        if room < 0:
            break
        kept += part
    return kept + CUT if most_bytes >= _size(CUT) else ""


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


def _parts(result: RunResult) -> Iterator[str]:
    """Yield parts between which the text can be cut."""
    decision = result.decision
    yield f"# {text(result.plan.title)}: {decision.outcome.value}\n\n{text(summary(result))}\n\n"
    yield from (f"- {text(line)}\n" for line in (*decision.reasons, *result.plan.notes))
    rows = [row(ruling) for ruling in worst_first(result.rulings)]
    yield from _table(RULING, map(_ruling, rows))
    found = checks(result)
    failed = [(name, c.title, c.detail) for name, c in found if not c.passed]
    yield from _table(("attempt", "check that failed", "detail"), failed)
    if found and not failed:
        yield f"\nChecks passed: {len(found)} of {len(found)}; the run is evidence.\n"
    for name, attempt in attempts(result):
        if attempt.load is not None:
            yield f"\n{text(name).capitalize()}, latency from the intended start:\n"
            yield from _table(STEP, map(_step, attempt.load.steps))
    yield from map(_details, rows)


def _ruling(found: Row) -> tuple[str, ...]:
    status = f"{found.status} ({found.notes})" if found.notes else found.status
    return (
        status,
        found.rule,
        found.over,
        found.measured,
        found.interval,
        found.limit,
        found.compared,
        found.samples,
        found.why,
    )


def _step(step: StepLoad) -> tuple[str, ...]:
    answers = step.answers(ALL)
    return (
        f"{step.name} (warm-up)" if step.warm_up else step.name,
        words.count(step.planned),
        words.count(step.sent),
        words.count(step.dropped),
        words.count(answers.failed),
        *map(words.seconds, quantiles(answers.latencies()).values()),
    )


def _details(found: Row) -> str:
    title = html.escape(f"{found.rule} over {found.over}: {found.what}")
    lines = [f"\n<details><summary>{title}</summary>", ""]
    lines += [f"- reason: {text(found.reason)}", f"- window: {text(found.window)}"]
    lines += [f"- declared: {text(found.place)}", ""]
    if not found.query:
        lines += ["Measured by the generator, not by a query.", ""]
    else:
        # A fence is closed only by one that is as long.
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", found.query)), default=0))
        lines += [f"{fence}promql", found.query, fence, ""]
    return "\n".join([*lines, "</details>", ""])


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    head = f"\n| {' | '.join(headings)} |\n|{' --- |' * len(headings)}\n"
    for cells in rows:
        # The heading stands only above a row.
        yield f"{head}| {' | '.join(map(text, cells))} |\n"
        head = ""


def text(given: str) -> str:
    """Write a text as nothing but text, in one line of at most a thousand characters."""
    short = plain(given)
    if len(short) > MOST_CHARACTERS:
        short = f"{short[:MOST_CHARACTERS]}…"
    escaped = html.escape(SPECIAL.sub(r"\\\1", short), quote=False)
    return LEADING.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", escaped)
