"""Backtests and the generated rules, evaluated by promtool, tell of the same burn alike."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING

import pytest
import yaml

from alerts.rehearsal.promtool import write_rules
from app.local.tools import find_tool
from slo.backtest import backtest
from slo.backtest_output import windows_text
from slo.indicators import QuerySli, SliceSli
from slo.model import CompositeSli, Part
from slo.traffic import Traffic, in_slices
from tests.alerts.kinds import slo
from tests.slo.conftest import PATIENCE_SECONDS, TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from slo.model import Slo

HOUR = 60
# Groups of rules are evaluated once a minute, some of long windows every other minute.
APART = 2
RATE = 100
MINUTES = 14 * HOUR
BEGINS = 4 * HOUR
FIRED = re.compile(r'long_window="(\w+)".*?short_window="(\w+)".*?\} ([\d.e+]+)', re.IGNORECASE)


def count(name: str) -> QuerySli:
    return QuerySli(
        f"sum(increase({name}_total[{{{{.window}}}}]))",
        bad_query=f"sum(increase({name}_bad[{{{{.window}}}}]))",
    )


def of(name: str, sli: QuerySli | SliceSli | CompositeSli) -> Slo:
    made = slo(name, sli)
    return replace(made, objective=Fraction("0.99"), scrape_interval=timedelta(minutes=1))


SIMPLE = of("simple", count("one"))
SLICES = of("slices", SliceSli(count("one"), timedelta(minutes=1), Fraction("0.9")))
COMPOSITE = of(
    "composite",
    CompositeSli((Part("one", Fraction(1), count("one")), Part("two", Fraction(3), count("two")))),
)


@dataclass(frozen=True, slots=True)
class Case:
    """What fails, by the minute after it began: events, and the share of bad ones."""

    slo: Slo
    total: Callable[[int], int]
    bad: Callable[[int], int]

    def traffic(self) -> Traffic:
        one = Traffic("one", *self.rows())
        if isinstance(self.slo.sli, SliceSli):
            return in_slices(one, 1, float(1 - self.slo.sli.target))
        if not isinstance(self.slo.sli, CompositeSli):
            return one
        two = Traffic("two", [float(RATE)] * MINUTES, [0.0] * MINUTES)
        total = [sum(pair) for pair in zip(one.total, two.total, strict=True)]
        return Traffic("both", total, one.bad, parts=((1.0, one), (3.0, two)))

    def rows(self) -> tuple[list[float], list[float]]:
        minutes = range(-BEGINS, MINUTES - BEGINS)
        total = [float(self.total(minute)) for minute in minutes]
        return total, [float(self.bad(minute)) if minute >= 0 else 0.0 for minute in minutes]

    def series(self) -> dict[str, list[float]]:
        total, bad = self.rows()
        found = {"one_total": total, "one_bad": bad}
        if isinstance(self.slo.sli, CompositeSli):
            found |= {"two_total": [float(RATE)] * MINUTES, "two_bad": [0.0] * MINUTES}
        return found


def always(_: int) -> int:
    return RATE


CASES = {
    "an outage of 20 minutes": Case(SIMPLE, always, lambda m: RATE if m < 20 else 0),
    "a fifth fails for 2 hours": Case(SIMPLE, always, lambda m: 20 if m < 2 * HOUR else 0),
    "an outage after which nobody comes any more": Case(
        SIMPLE, lambda m: RATE if m < 20 else 0, lambda m: RATE if 0 <= m < 20 else 0
    ),
    "6 an hour, all fail": Case(
        SIMPLE, lambda m: int(m % 10 == 0), lambda m: int(m % 10 == 0 and m < 3 * HOUR)
    ),
    "flapping": Case(SIMPLE, always, lambda m: RATE if m % 30 < 3 and m < 2 * HOUR else 0),
    "slices of an outage": Case(SLICES, always, lambda m: RATE if m < 25 else 0),
    "a part of a composite fails": Case(COMPOSITE, always, lambda m: RATE if m < 90 else 0),
}


# promtool takes seconds for each; these three differ most.
QUICK = (
    "an outage of 20 minutes",
    "an outage after which nobody comes any more",
    "6 an hour, all fail",
)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in QUICK else pytest.mark.prove) for name in CASES],
)
def test_rules_and_backtest_fire_and_reset_in_the_same_minute(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    result = backtest(case.slo, case.traffic())
    expected = {
        windows_text(firing.pair): (
            result.first(firing.pair).fired,  # type: ignore[union-attr]  # it has fired
            # The last minute at which it fired.
            MINUTES if firing.ended is None else firing.ended - 1,
        )
        for firing in result.firings
    }
    assert expected
    first, last = played(case, tmp_path)
    assert first.keys() == last.keys() == expected.keys()
    for windows, (begins, ends) in expected.items():
        assert first[windows] == pytest.approx(begins, abs=APART), windows
        assert last[windows] == pytest.approx(ends, abs=APART), windows


def played(case: Case, folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Return the first and the last minute at which each alert fires."""
    rules = write_rules(case.slo, folder)
    groups = [group["name"] for group in yaml.safe_load(rules.read_text())["groups"]]
    fires = 'timestamp(ALERTS{alertstate="firing",long_window!=""})'
    test = {
        "interval": "1m",
        "input_series": [
            {"series": name, "values": " ".join(str(int(n)) for n in accumulate(row, initial=0))}
            for name, row in case.series().items()
        ],
        # Nothing is expected, so promtool tells what it got.
        "promql_expr_test": [
            {
                "expr": f"{function}_over_time({fires}[{MINUTES}m:1m])",
                "eval_time": f"{MINUTES}m",
                "exp_samples": [],
            }
            for function in ("min", "max")
        ],
    }
    suite = folder / "suite.test.yml"
    document = {
        "rule_files": [rules.name],
        "evaluation_interval": "1m",
        "group_eval_order": groups,
        "tests": [test],
    }
    suite.write_text(yaml.safe_dump(document, width=10**6))
    tool = find_tool("promtool", TOOLS, print)
    done = subprocess.run(
        [tool.path, "test", "rules", suite],
        cwd=tool.cwd,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    _, first, last = (done.stdout + done.stderr).split("_over_time(")
    return minutes_of(first), minutes_of(last)


def minutes_of(said: str) -> dict[str, float]:
    return {
        f"{found[1]}/{found[2]}": float(found[3]) / 60
        for part in re.split(r"(?=\{alertname)", said)
        if (found := FIRED.search(part))
    }
