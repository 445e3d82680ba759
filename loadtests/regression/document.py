"""A regression run, and a noise floor, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from loadtests.judging.evidence import known
from loadtests.reports.words import without_credentials

if TYPE_CHECKING:
    from loadtests.judging.model import Ruling
    from loadtests.regression.model import Regression
    from loadtests.regression.noise import Noise
    from loadtests.regression.rounds import Values
    from slo.statistics.intervals import Interval

VERSION = 1


def regression_json(found: Regression) -> str:
    """Write a whole run, every measurement included; what JSON has no number for is null."""
    decision = found.decision
    return _json(
        {
            "version": VERSION,
            "base": without_credentials(found.base),
            "candidate": without_credentials(found.candidate),
            "self_test": found.noise is not None,
            "started": found.started.isoformat(),
            "ended": found.ended.isoformat(),
            "decision": decision.outcome.value,
            "exit_code": decision.outcome.exit_code,
            "reasons": list(decision.reasons),
            "invalid": found.invalid or None,
            "rulings": [_ruling(ruling) for ruling in found.rulings],
            "rounds": [
                {
                    "number": one.number,
                    "base": [_values(values) for values in one.base],
                    "candidate": [_values(values) for values in one.candidate],
                }
                for one in found.rounds
            ],
        }
    )


def noise_json(found: Regression) -> str:
    """Write the noise floor of a self-test: what this machine can tell apart, and what not."""
    return _json(
        {
            "version": VERSION,
            "target": without_credentials(found.base),
            "started": found.started.isoformat(),
            "ended": found.ended.isoformat(),
            "rounds": len(found.rounds),
            "invalid": found.invalid or None,
            "rules": [_noise(noise) for noise in found.noise or ()],
        }
    )


def _ruling(ruling: Ruling) -> dict[str, Any]:
    return {
        "rule": ruling.rule.id,
        "over": ruling.over,
        "status": ruling.status.value,
        "unit": ruling.rule.measure.unit.value,
        "measured": ruling.measured,
        "low": ruling.low,
        "high": ruling.high,
        "compared": ruling.compared,
        "limit": ruling.limit,
        "warning": ruling.warning,
        "rounds": ruling.samples,
        "minimum": ruling.minimum,
        "why": ruling.why,
        "waiver": None if ruling.waiver is None else ruling.waiver.id,
        "file": ruling.rule.file,
        "line": ruling.rule.line,
    }


def _noise(noise: Noise) -> dict[str, Any]:
    return {
        "rule": noise.rule,
        "over": noise.over,
        "ratio": _interval(noise.ratio),
        "difference": _interval(noise.difference),
        "smallest_tolerance": known(noise.tolerance),
        "smallest_floor": known(noise.floor),
    }


def _interval(found: Interval) -> dict[str, float | None]:
    value = known(found.value)
    return {"value": value, "low": known(found.low), "high": known(found.high)}


def _values(values: Values) -> list[dict[str, Any]]:
    return [
        {"rule": rule, "over": over, "value": known(value)}
        for (rule, over), value in sorted(values.items())
    ]


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
