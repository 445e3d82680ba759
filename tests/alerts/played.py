"""Expressions on made-up series, as promtool evaluates them: what each gives at some minutes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.rehearsal.promtool import run
from alerts.rule_files import dump
from alerts.samples import MINUTE, TARGET, Course, Stage
from app.local.tools import find_tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alerts.aggregation import Aggregation

TOOLS = Path(__file__).parents[2] / ".tools"
SAMPLES = timedelta(seconds=15)
# For so long Prometheus believes what has no sample any more.
LOOKBACK_MINUTES = 5
Given = dict[str, float]


@dataclass(frozen=True, slots=True)
class Play:
    """Series, an expression, and its value by labels at some minutes; no labels, no value."""

    name: str
    expression: str
    inputs: Mapping[str, str]
    looks: Mapping[int, Given]
    records: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """Return it as promtool reads it; a value counts to the sixth place."""
        expression = f"round(({self.expression}), 0.000001) # {self.name}"
        return {
            "name": self.name,
            "interval": f"{SAMPLES.total_seconds():g}s",
            "input_series": [{"series": s, "values": v} for s, v in self.inputs.items()],
            "promql_expr_test": [
                {
                    "expr": expression,
                    "eval_time": f"{minute}m",
                    "exp_samples": [{"labels": k, "value": v} for k, v in given.items()],
                }
                for minute, given in self.looks.items()
            ],
        }


def mistakes(folder: Path, plays: Iterable[Play]) -> dict[str, str]:
    """Play them all at once; returns what promtool said by the name of each that is not so."""
    plays = tuple(plays)
    records = {name: expr for play in plays for name, expr in play.records.items()}
    rules = [{"record": name, "expr": expr} for name, expr in records.items()]
    groups = {"groups": [{"name": "records", "interval": "30s", "rules": rules}]}
    (folder / "records.yml").write_text(dump(groups))
    suite = {
        "rule_files": ["records.yml"],
        "evaluation_interval": "30s",
        "tests": [play.document() for play in plays],
    }
    path = folder / "suite.yml"
    path.write_text(dump(suite))
    return run([path], find_tool("promtool", TOOLS, print).path)


def course(*values: float | None, minutes: int) -> Course:
    """Give a signal one value after the other, each for so many minutes."""
    return Course(tuple(Stage(value, minutes) for value in values), SAMPLES)


def takes(name: str, of: Aggregation, *values: float | None, at: str = "") -> Play:
    """Play the example of an aggregation: it has each value once its window is full of it.

    `at` says which labels it has, when they are not those of any target.
    """
    minutes = int(of.window / MINUTE) + LOOKBACK_MINUTES + 1
    ends = [(number + 1) * minutes - 1 for number in range(len(values))]
    where = at or labels(of)
    return Play(
        name,
        of.expression(),
        of.example(course(*values, minutes=minutes)),
        {
            end: {} if value is None else {where: value}
            for end, value in zip(ends, values, strict=True)
        },
    )


def labels(of: Aggregation) -> str:
    """Write the labels that the example of an aggregation has."""
    return "{" + ",".join(f'{name}="{TARGET.get(name, "any")}"' for name in of.labels) + "}"
