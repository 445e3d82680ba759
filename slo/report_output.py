"""A compliance report as a table for people, as Markdown and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.table import Table

from slo.report import percent, result_document
from slo.tables import COLOURS, count, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from slo.compliance import Compliance, Day, Kept, Report

HEADINGS = ("SLO", "objective", "over", "measured", "events", "bad", "budget burned", "verdict")
NUMBERS = HEADINGS[4:7]
BARS = "▁▂▃▄▅▆▇█"
UNKNOWN = "·"
PARTLY = "* of a part of the time: the rest is unknown."


def as_table(report: Report) -> Table:
    """Lay out one line an SLO and span."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in HEADINGS:
        numeric = heading in NUMBERS
        table.add_column(heading, no_wrap=True, justify="right" if numeric else "left")
    for one in report.slos:
        for kept in one.spans:
            *cells, verdict = _row(one, kept)
            table.add_row(*cells, f"[{COLOURS[kept.result.verdict]}]{verdict}[/]")
    return table


def table_notes(report: Report) -> Iterator[str]:
    """Yield what stands below the table: days that spent, what is unknown, where it is from."""
    for one in report.slos:
        for kept in one.spans:
            about = "; ".join((*kept.notes, *_worst(kept)))
            yield f"{one.name}, {kept.span.name}: {sparkline(kept.days)} {about}".rstrip()
    if _partly(report):
        yield PARTLY
    yield from _sources(report)


def as_markdown(report: Report) -> str:
    """Write the same for the summary of a pipeline, with every day."""
    lines = ["# Service levels", "", as_of(report), ""]
    rows = [_row(one, kept) for one in report.slos for kept in one.spans]
    lines += _markdown_table(HEADINGS, rows)
    lines += [f"\\{PARTLY}", ""] if _partly(report) else []
    for one in report.slos:
        lines += [f"## {one.slo.title}: {one.name}", "", f"Events from {one.source}.", ""]
        for kept in months(one):
            lines += [f"### {kept.span.name}", "", *(f"- {note}" for note in kept.notes)]
            lines += [""] if kept.notes else []
            days = [(str(d.day), count(d.total), count(d.bad), share(d.spent)) for d in kept.days]
            lines += _markdown_table(("day", "events", "bad", "budget spent"), days)
    return "\n".join(lines).rstrip() + "\n"


def as_json(report: Report) -> str:
    """Write everything for a program; None is what nobody knows."""
    document = {
        "at": report.at.isoformat(),
        "zone": report.zone,
        "queries_asked": report.asked,
        "slos": [_document(one) for one in report.slos],
    }
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def as_of(report: Report) -> str:
    """Say when and where it was measured."""
    return f"As of {report.at:%Y-%m-%d %H:%M} UTC; months and days of {report.zone}."


def months(one: Compliance) -> Iterator[Kept]:
    """Yield the spans that a reader looks at by day: those of the calendar."""
    rolling = len(one.spans) > 1 and one.spans[0].span.name[0].isdigit()
    yield from one.spans[1:] if rolling else one.spans


def sparkline(days: tuple[Day, ...]) -> str:
    """Draw the budget spent by day, a letter a day, the highest where most was spent."""
    most = max((day.spent for day in days if day.spent), default=None)
    return "".join(
        UNKNOWN
        if day.spent is None
        else BARS[0 if most is None else round(day.spent / most * (len(BARS) - 1))]
        for day in days
    )


def _partly(report: Report) -> bool:
    return any(kept.notes for one in report.slos for kept in one.spans)


def _worst(kept: Kept) -> Iterator[str]:
    spending = [day for day in kept.days if day.spent]
    if spending:
        day = max(spending, key=lambda day: day.spent or 0)
        yield f"most on {day.day}: {share(day.spent)}"
    if kept.result.reason:
        yield kept.result.reason


def _sources(report: Report) -> Iterator[str]:
    for source in dict.fromkeys(one.source for one in report.slos):
        names = ", ".join(one.name for one in report.slos if one.source == source)
        yield f"events from {source}: {names}"
    yield f"{as_of(report)} Prometheus was asked {report.asked} times."


def _row(one: Compliance, kept: Kept) -> tuple[str, ...]:
    good = kept.result.good_ratio
    return (
        one.name,
        kept.result.limit,
        kept.span.name,
        "no data" if good is None else percent(good),
        count(kept.result.total),
        count(kept.result.bad),
        share(kept.result.budget_burned),
        kept.result.verdict.value + ("*" if kept.notes else ""),
    )


def _markdown_table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(headings)} |", "|" + " --- |" * len(headings)]
    return [*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in rows), ""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _document(one: Compliance) -> dict[str, Any]:
    return {
        "slo": one.slo.id,
        "service": one.slo.service,
        "name": one.name,
        "objective": float(one.slo.objective),
        "source": one.source,
        "spans": [
            {
                "over": kept.span.name,
                "start": kept.span.start.isoformat(),
                "end": kept.span.end.isoformat(),
                "zone": kept.span.zone,
                "notes": list(kept.notes),
                **result_document(kept.result),
                "days": [_day_document(day) for day in kept.days],
            }
            for kept in one.spans
        ],
    }


def _day_document(day: Day) -> dict[str, Any]:
    numbers = {"total": day.total, "bad": day.bad, "budget_spent": day.spent}
    return {"day": day.day.isoformat(), **{name: _number(n) for name, n in numbers.items()}}


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
