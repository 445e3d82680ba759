"""What a measurement has shown: a table for people, JSON for programs, Markdown for a page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from rich.table import Table

from loadtests.bench.statistics import quantile
from loadtests.bench.verdict import decide
from slo.gate import Decision, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from loadtests.bench.rounds import Sample
    from loadtests.bench.verdict import Check

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
    checks: list[Check] = field(default_factory=list)
    invalid: str = ""

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
        "decision": decision.outcome.value,
        "reasons": list(decision.reasons),
        "machine": dict(result.machine),
        "variants": dict(result.variants),
        "checks": [{**asdict(c), "outcome": c.outcome.value} for c in result.checks],
        "samples": [asdict(sample) for sample in result.samples],
    }


def table(result: BenchResult) -> Table:
    """Lay out one line a variant."""
    headings, *rows = _rows(result)
    found = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        left = heading == headings[0]
        found.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for row in rows:
        found.add_row(*row)
    return found


def markdown(result: BenchResult) -> str:
    """Write a section with the table, the limits, and what the variants are."""
    headings, *rows = _rows(result)
    lines = [f"## {result.title}: {result.decision.outcome.value}", ""]
    lines += [f"- {reason}" for reason in result.decision.reasons]
    lines += [""] if result.decision.reasons else []
    lines += [_line(headings), "|" + " --- |" + " ---: |" * (len(headings) - 1)]
    lines += [*map(_line, rows), ""]
    lines += [f"- {check.sentence}" for check in result.checks]
    lines += [f"- `{name}`: {about}" for name, about in result.variants.items()]
    lines += [f"- {name}: {value}" for name, value in result.machine.items()]
    return "\n".join(lines) + "\n"


def write(result: BenchResult, out: Path) -> list[Path]:
    """Write both files; returns their paths."""
    texts = {
        f"{result.name}.json": json.dumps(document(result), indent=2, allow_nan=False) + "\n",
        f"{result.name}.md": markdown(result),
    }
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
    return [out / name for name in texts]


def _rows(result: BenchResult) -> list[tuple[str, ...]]:
    behind = list(result.samples[0].behind) if result.samples else []
    rows = [(*HEADINGS, *(f"{name} µs" for name in behind))]
    for variant in result.variants:
        samples = [sample for sample in result.samples if sample.variant == variant]
        if not samples:
            continue
        cpu = [sample.cpu for sample in samples]
        rows.append(
            (
                variant,
                _middle(cpu, 0),
                f"{quantile(cpu, 0.25):,.0f} to {quantile(cpu, 0.75):,.0f}",
                _median(samples, "rate", 0),
                *(_median(samples, name, 1) for name in ("p50", "p95", "p99")),
                *(_middle([sample.behind[name] for sample in samples], 0) for name in behind),
            )
        )
    return rows


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _median(samples: list[Sample], name: str, digits: int) -> str:
    return _middle([getattr(sample, name) for sample in samples], digits)


def _middle(values: list[float], digits: int) -> str:
    return f"{median(values):,.{digits}f}"
