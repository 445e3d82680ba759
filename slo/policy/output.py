"""A ruling as a table, and as the JSON that `slo/gate.md` describes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.table import Table

from slo.gate import Outcome
from slo.policy.words import NONE, age, budget, number, rate
from slo.promql import duration
from slo.report import exact_number

if TYPE_CHECKING:
    from datetime import datetime

    from slo.burning import Burn
    from slo.policy.calendar import Freeze
    from slo.policy.decide import Row, Ruling

SCHEMA_VERSION = 1
COLOURS = {Outcome.ALLOW: "green", Outcome.BLOCK: "red", Outcome.UNDECIDED: "magenta"}


def as_json(ruling: Ruling, file: str, digest: str) -> str:
    """Write a ruling by the policy of a file, of which `digest` is the SHA-256."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "at": _written(ruling.at),
        "change": ruling.change.value,
        "decision": ruling.outcome.value,
        "policy": {"file": file, "sha256": digest},
        "reasons": [
            {"weight": x.weight.value, "about": x.about, "sentence": x.sentence}
            for x in ruling.reasons
        ],
        "freezes": [_freeze(freeze, end) for freeze, end in ruling.freezes],
        "slos": [_row(row) for row in ruling.rows],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _freeze(freeze: Freeze, end: datetime) -> dict[str, object]:
    return {
        "name": freeze.name,
        "reason": freeze.reason,
        "until": end.isoformat(),
        "zone": freeze.zone,
        "exempt": sorted(freeze.exempt),
    }


def _row(row: Row) -> dict[str, object]:
    measured, result = row.measured, row.measured.result
    newest, oldest = measured.samples.newest, measured.samples.oldest
    return {
        "slo": result.slo.id,
        "group": dict(result.group),
        "title": result.slo.title,
        "objective": float(result.slo.objective),
        "measured": exact_number(result.good_ratio),
        "events": exact_number(result.total),
        "bad": exact_number(result.bad),
        "minimum_events": row.rules.minimum_events,
        "budget_left": exact_number(measured.left),
        "band": row.band.name if row.band else None,
        "burn": [_burn(burn) for burn in measured.burns],
        "newest_sample": _written(newest) if newest else None,
        "age_seconds": (measured.at - newest).total_seconds() if newest else None,
        "most_age_seconds": row.rules.newest_at_most.total_seconds(),
        "oldest_sample": _written(oldest) if oldest else None,
        "decision": row.outcome.value,
        "why": [reason.sentence for reason in row.reasons],
        "queries": measured.queries,
    }


def _burn(burn: Burn) -> dict[str, object]:
    return {
        "long": duration(burn.pair.long),
        "short": duration(burn.pair.short),
        "rate": exact_number(burn.rate),
        "factor": exact_number(burn.factor),
        "burning": burn.burning,
    }


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def as_table(ruling: Ruling) -> Table:
    """Lay out one line an SLO, the worst first; why is told below it, by `reasons`."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("SLO", no_wrap=True)
    table.add_column("objective", no_wrap=True)
    table.add_column("measured", no_wrap=True)
    for heading in ("events", "minimum", "budget left"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("band", "burn", "newest", "decision"):
        table.add_column(heading, no_wrap=True)
    for row in ruling.rows:
        table.add_row(*_cells(row))
    return table


def _cells(row: Row) -> list[str]:
    measured, result = row.measured, row.measured.result
    worst, newest = measured.worst_burn, measured.samples.newest
    return [
        result.name,
        result.limit,
        result.measured,
        number(measured.events),
        f"{row.rules.minimum_events:,}",
        budget(measured.left),
        row.band.name if row.band else NONE,
        f"{rate(worst.rate)} of {rate(worst.factor)}" if worst else NONE,
        age(measured.at - newest) if newest else NONE,
        f"[{COLOURS[row.outcome]}]{row.outcome.value}[/]",
    ]
