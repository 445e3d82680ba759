"""What a measurement has shown: a table for people, JSON for programs, Markdown for others."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from rich.table import Table

from loadtests.bench.statistics import quantile
from loadtests.bench.verdict import decide
from slo.gate import Decision, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from loadtests.bench.rounds import Sample
    from loadtests.bench.trend import Trend
    from loadtests.bench.verdict import Limit

SCHEMA = 1
HEADINGS = ("variant", "CPU µs/request", "middle half", "req/s", "p50 ms", "p95 ms", "p99 ms")


@dataclass(frozen=True, slots=True)
class BenchResult:
    """Everything that a bench has shown; `invalid` says why it is no evidence."""

    name: str
    title: str
    started: datetime
    machine: Mapping[str, object]
    # What each variant is, by name.
    variants: Mapping[str, str]
    samples: list[Sample] = field(default_factory=list)
    checks: Sequence[Limit] = field(default_factory=list)
    invalid: str = ""
    trends: list[Trend] = field(default_factory=list)
    # By variant and heading, what is told once and not by rounds.
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    # What a reader has to know about how it was measured.
    notes: Sequence[str] = ()
    # What makes the same measurement again.
    command: str = ""

    @property
    def decision(self) -> Decision:
        """Decide; what is invalid decides nothing."""
        if self.invalid:
            return Decision(Outcome.UNDECIDED, (self.invalid,))
        return decide(self.checks)


def document(result: BenchResult) -> dict[str, object]:
    """Turn a result into JSON, every sample of every round included."""
    decision = result.decision
    return {
        "schema": SCHEMA,
        "bench": result.name,
        "title": result.title,
        "started": result.started.isoformat(),
        "command": result.command,
        "decision": decision.outcome.value,
        "reasons": list(decision.reasons),
        "machine": dict(result.machine),
        "variants": dict(result.variants),
        "checks": [{**asdict(c), "outcome": c.outcome.value} for c in result.checks],
        "samples": [asdict(sample) for sample in result.samples],
        "values": {name: dict(found) for name, found in result.values.items()},
        "trends": [{**asdict(t), "sentence": t.sentence} for t in result.trends],
        "notes": list(result.notes),
    }


def table(result: BenchResult) -> Table:
    """Lay out one line a variant."""
    headings, *found = rows(result)
    laid = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        left = heading == headings[0]
        laid.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for row in found:
        laid.add_row(*row)
    return laid


def markdown(result: BenchResult) -> str:
    """Write a section with the table, the limits, what the variants are, and where it was."""
    decision = result.decision
    headings, *found = rows(result)
    begin = f"{result.started:%Y-%m-%d}: **{decision.outcome.value}**"
    lines = [
        f"## {result.title}",
        "",
        begin + (f", by `{result.command}`." if result.command else "."),
    ]
    lines += ["", *result.notes] if result.notes else []
    lines += ["", *(f"- {reason}" for reason in decision.reasons if result.invalid)]
    lines += ["", _line(headings), "|" + " --- |" + " ---: |" * (len(headings) - 1)]
    lines += [*map(_line, found), ""]
    lines += [f"- {check.sentence}: {check.outcome.value}" for check in result.checks]
    lines += [f"- {trend.sentence}" for trend in result.trends]
    lines += ["", *(f"- `{name}`: {about}" for name, about in result.variants.items())]
    machine = ", ".join(f"{name} {value}" for name, value in result.machine.items())
    return re.sub(r"\n{3,}", "\n\n", "\n".join([*lines, "", f"Machine: {machine}."])) + "\n"


def rows(result: BenchResult) -> list[tuple[str, ...]]:
    """Return the table: headings first, then a row for each variant that was measured."""
    if result.values:
        return _of_values(result.values)
    behind = list(result.samples[0].behind) if result.samples else []
    found = [(*HEADINGS, *(f"{name} µs" for name in behind))]
    for variant in result.variants:
        samples = [sample for sample in result.samples if sample.variant == variant]
        if not samples:
            continue
        cpu = [sample.cpu for sample in samples]
        found.append(
            (
                variant,
                _middle(cpu, 0),
                f"{quantile(cpu, 0.25):,.0f} to {quantile(cpu, 0.75):,.0f}",
                _median(samples, "rate", 0),
                *(_median(samples, name, 1) for name in ("p50", "p95", "p99")),
                *(_middle([sample.behind[name] for sample in samples], 0) for name in behind),
            )
        )
    return found


def _of_values(values: Mapping[str, Mapping[str, float]]) -> list[tuple[str, ...]]:
    headings = list(next(iter(values.values())))
    return [
        ("variant", *headings),
        *((name, *(f"{found[h]:,.1f}" for h in headings)) for name, found in values.items()),
    ]


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _median(samples: list[Sample], name: str, digits: int) -> str:
    return _middle([getattr(sample, name) for sample in samples], digits)


def _middle(values: list[float], digits: int) -> str:
    return f"{median(values):,.{digits}f}"
