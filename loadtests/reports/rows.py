"""One row for every ruling, the same in the table, in Markdown, in HTML and in JUnit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from loadtests.reports import words
from loadtests.reports.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.judging.model import Check, Ruling
    from loadtests.result import Attempt, RunResult


class Row(NamedTuple):
    """Everything that a report says of a ruling; each part but the query is one printable line."""

    rule: str
    what: str
    reason: str
    over: str
    status: str
    measured: str
    interval: str
    limit: str
    compared: str
    samples: str
    window: str
    query: str
    why: str
    notes: str
    place: str


def row(ruling: Ruling) -> Row:
    """Put a ruling into words."""
    rule = ruling.rule
    warning = f"; warns: {ruling.warning}" if ruling.warning else ""
    return Row(
        rule=plain(rule.id),
        what=plain(words.what(rule)),
        reason=plain(rule.reason),
        over=plain(ruling.over),
        status=ruling.status.value,
        measured=words.of_rule(ruling.measured, rule),
        interval=words.interval(ruling),
        limit=plain(ruling.limit + warning),
        compared=words.compared(ruling),
        samples=words.samples(ruling),
        window=words.window(ruling.started, ruling.ended),
        query=words.visible(ruling.query).strip(),
        why=plain(ruling.why),
        notes="; ".join(_notes(ruling)),
        place=plain(f"{rule.file}:{rule.line}"),
    )


def _notes(ruling: Ruling) -> Iterator[str]:
    if ruling.flaky:
        yield "flaky: attempts differ"
    if waiver := ruling.waiver:
        yield plain(
            f"waived by {waiver.id} until {waiver.expires}: {waiver.reason} "
            f"(owner {waiver.owner}, approved by {waiver.approver}, {waiver.file}:{waiver.line})"
        )


def attempts(result: RunResult) -> list[tuple[str, Attempt]]:
    """Name the attempts of a run."""
    return [
        (f"attempt {number} ({attempt.kind.value})", attempt)
        for number, attempt in enumerate(result.attempts, 1)
    ]


def checks(result: RunResult) -> list[tuple[str, Check]]:
    """Return the checks of all attempts with the attempt's name, the failed ones first."""
    found = [(name, check) for name, attempt in attempts(result) for check in attempt.checks]
    return sorted(found, key=lambda pair: pair[1].passed)


def summary(result: RunResult) -> str:
    """Say in one line what was sent where."""
    load, plan = result.plan.load, result.plan.load.plan
    seed = getattr(plan.arrivals, "seed", None)
    fault = "" if result.plan.fault == "none" else f", with the fault {result.plan.fault} injected"
    return plain(
        f"{plan.scenario} by {plan.sessions:,} sessions{_spread(load.processes)} for "
        f"{plan.seconds:g} s on {words.address(load.host)}, from "
        f"{result.plan.started:%Y-%m-%d %H:%M:%S %Z}"
        f"{'' if seed is None else f', seed {seed}'}{fault}."
    )


def _spread(processes: int) -> str:
    return f" in {processes} processes" if processes > 1 else ""
