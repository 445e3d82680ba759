"""What fifty SLOs cost one Prometheus, by our rules and by those that others publish."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from alerts.burn_rate import slo_groups
from slo.indicators import QuerySli
from slo.model import Slo
from slo.promql import labels
from tests.alerts.published import pyrra_groups, sloth_groups
from tests.alerts.replay import EVALUATED, SLOT, Counter, Replay

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from alerts.model import RuleGroup

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

SLOS = 50
DAYS = 31
BASE = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
LAST = BASE + DAYS * 86_400 - 60 + EVALUATED
DAY = timedelta(days=1)
# One bad series to twenty, as with the statuses of an API.
SERIES, BAD_SERIES = 120, 6
TOTAL = 'http_requests_total{job="shop"}'
BAD = 'http_requests_total{job="shop",error_type="error"}'
FEWER_TIMES = 5


@dataclass
class Bill:
    """What the rules of all SLOs cost in a day."""

    seconds: float = 0
    samples: float = 0


def ours(name: str) -> tuple[RuleGroup, ...]:
    total = f"sum(rate({TOTAL.replace('}', '}[{{.window}}]')}))"
    bad = f"sum(rate({BAD.replace('}', '}[{{.window}}]')}))"
    declared = Slo(
        id=name,
        service="shop",
        title=name,
        description=name,
        objective=Fraction("0.999"),
        sli=QuerySli(total, bad_query=bad),
    )
    return slo_groups(declared)


def test_our_rules_cost_a_fifth_of_what_others_publish(tmp_path: Path) -> None:
    bills = {kind: Bill() for kind in ("ours", "sloth", "pyrra")}
    with Replay(tmp_path) as replay:
        replay.add(counters())
        _record_for_all(replay, ours("slo-00")[:1])
        _record_for_all(replay, [_first_rule(sloth_groups("slo-00", BAD, TOTAL, 0.001)[0])])
        for name in _names():
            # In turns, so that a disturbance meets all of them.
            _evaluate(replay, bills["ours"], ours(name))
            _evaluate(replay, bills["sloth"], sloth_groups(name, BAD, TOTAL, 0.001))
            _evaluate(replay, bills["pyrra"], pyrra_groups(name, BAD, TOTAL, 0.001))
    for kind, bill in bills.items():
        print(  # noqa: T201  # what the proof has measured
            f"{SLOS} SLOs by the rules of {kind}: {bill.seconds:,.0f} s of evaluation and "
            f"{bill.samples / 1e6:,.0f} million samples a day, "
            f"{bill.seconds / bills['ours'].seconds:.1f} times the seconds of ours"
        )
    for other in ("sloth", "pyrra"):
        assert bills["ours"].seconds * FEWER_TIMES <= bills[other].seconds
        assert bills["ours"].samples * FEWER_TIMES <= bills[other].samples


def counters() -> dict[str, Sequence[tuple[float, float]]]:
    draw, slots = np.random.default_rng(1), DAYS * 86_400 // SLOT
    made = [Counter({}, draw.poisson(mean, slots), phase=1).samples(BASE) for mean in (0.1, 1, 9)]
    kinds = [""] * (SERIES - BAD_SERIES) + ["error"] * BAD_SERIES
    return {
        "http_requests_total"
        + labels({"job": "shop", "instance": f"i{number}", "error_type": kind}): made[number % 3]
        for number, kind in enumerate(kinds)
    }


def _names() -> list[str]:
    return [f"slo-{number:02}" for number in range(SLOS)]


def _first_rule(group: RuleGroup) -> RuleGroup:
    return replace(group, rules=group.rules[:1])


def _record_for_all(replay: Replay, groups: Iterable[RuleGroup]) -> None:
    """Record the long series of one SLO, and give all the others the same."""
    recorded = replay.record(groups, BASE, LAST)
    replay.add(
        {
            series.replace("slo-00", name): samples
            for series, samples in recorded.items()
            for name in _names()[1:]
        }
    )


def _evaluate(replay: Replay, bill: Bill, groups: Iterable[RuleGroup]) -> None:
    for group in groups:
        times = DAY / group.interval
        for rule in group.rules:
            seconds, samples = replay.statistics(rule.expr, LAST + 1)
            bill.seconds += seconds * times
            bill.samples += samples * times
