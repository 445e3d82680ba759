"""What the rules of service levels cost Prometheus: ours beside those that others publish.

Every rule is evaluated once, and counts as often as its group is evaluated in a day.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from alerts.burn_rate import slo_groups
from loadtests.bench.history import BAD, END, JOB, TOTAL, record, write_counters
from loadtests.bench.machine import describe_machine
from loadtests.bench.published import pyrra_groups, sloth_groups
from loadtests.bench.report import BenchResult
from loadtests.bench.statistics import estimate
from loadtests.bench.verdict import Check
from loadtests.errors import InvalidRun, LoadTestError
from slo.dump import DumpError, served
from slo.indicators import QuerySli
from slo.model import Slo
from slo.prometheus import PrometheusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alerts.model import RuleGroup

NAME = "slo"
TITLE = "What the rules of service levels cost Prometheus"
OURS, SLOTH, PYRRA = "ours", "Sloth", "Pyrra"
VARIANTS = {
    OURS: "the rules that PetSwipe generates for a ratio of events over 30 days",
    SLOTH: "the shape of what Sloth generates for the same ratio, evaluated every minute",
    PYRRA: "the shape of what Pyrra generates for it, by its default, evaluated as it says",
}
BUDGET = 0.001
OBJECTIVE = Fraction("0.999")
MOST_OF_OTHERS = 0.2
DAY = timedelta(days=1)
PATIENCE_SECONDS = 120.0
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """What the bench can be told: service levels, and the series that each is made of."""

    slos: int
    series: int
    out: Path


@dataclass(frozen=True, slots=True)
class Bill:
    """What the rules of one service level cost in a day."""

    seconds: float
    samples: float


def measure(options: Options, say: Callable[[str], None]) -> BenchResult:
    """Measure, and judge; what cannot be judged is an invalid result.

    Raises LoadTestError when there is no Prometheus to measure.
    """
    started = datetime.now(UTC)
    machine = {**describe_machine(), "service levels": options.slos, "series": options.series}
    found = partial(BenchResult, NAME, TITLE, started, machine, VARIANTS)
    try:
        bills = _bills(options, say)
        return found([], judge(bills), values=_values(bills))
    except InvalidRun as error:
        return found(invalid=str(error))
    except (DumpError, PrometheusError) as error:
        raise LoadTestError(str(error)) from error


def judge(bills: Mapping[str, Sequence[Bill]]) -> list[Check]:
    """Compare ours with each other for every service level; raises InvalidRun for too few."""
    checks = []
    for other in (SLOTH, PYRRA):
        pairs = list(zip(bills[OURS], bills[other], strict=True))
        if any(theirs.seconds <= 0 or theirs.samples <= 0 for _, theirs in pairs):
            raise InvalidRun(f"the rules of {other} cost nothing: Prometheus has no history")
        seconds = [ours.seconds / theirs.seconds for ours, theirs in pairs]
        samples = [ours.samples / theirs.samples for ours, theirs in pairs]
        checks += [
            Check(
                f"ours are evaluated in the time of {other}'s", MOST_OF_OTHERS, estimate(seconds)
            ),
            Check(f"ours read the samples of {other}'s", MOST_OF_OTHERS, estimate(samples)),
        ]
    return checks


def ours(name: str) -> tuple[RuleGroup, ...]:
    """Generate our rules of two selectors."""
    total, bad = (
        f"sum(rate({selector.replace('}', '}[{{.window}}]')}))" for selector in (TOTAL, BAD)
    )
    sli = QuerySli(total, bad_query=bad)
    return slo_groups(Slo(name, JOB, name, name, OBJECTIVE, sli))


def _bills(options: Options, say: Callable[[str], None]) -> dict[str, list[Bill]]:
    names = [f"slo-{number:02}" for number in range(options.slos)]
    first = names[0]
    theirs = sloth_groups(first, BAD, TOTAL, BUDGET)
    with tempfile.TemporaryDirectory(prefix="petswipe-") as folder:
        history = Path(folder) / "history.openmetrics"
        say(f"writing a month of {options.series} counters")
        write_counters(history, options.series)
        say("recording what the rules of long windows read")
        # What has a long window reads nothing else than the first group of ours, and of Sloth's.
        record(history, [ours(first)[0], theirs[0]], [(first, name) for name in names[1:]])
        say("loading it into Prometheus")
        with served(history, block="2000h") as (prometheus, _, _):
            bills: dict[str, list[Bill]] = {kind: [] for kind in VARIANTS}
            for number, name in enumerate(names, 1):
                # In turns, so that a disturbance meets all of them.
                bills[OURS].append(_bill(prometheus.url, ours(name)))
                bills[SLOTH].append(_bill(prometheus.url, sloth_groups(name, BAD, TOTAL, BUDGET)))
                bills[PYRRA].append(_bill(prometheus.url, pyrra_groups(name, BAD, TOTAL, BUDGET)))
                say(f"service level {number} of {options.slos}")
    return bills


def _bill(url: str, groups: Iterable[RuleGroup]) -> Bill:
    seconds = samples = 0.0
    for group in groups:
        times = DAY / group.interval
        for rule in group.rules:
            taken, read = _statistics(url, rule.expr)
            seconds += taken * times
            samples += read * times
    return Bill(seconds, samples)


def _statistics(url: str, expr: str) -> tuple[float, int]:
    """Return for how many seconds an expression was evaluated, and the samples it read."""
    answer = httpx.post(
        f"{url}/api/v1/query",
        data={"query": expr, "time": f"{END.timestamp() + 1}", "stats": "all"},
        timeout=PATIENCE_SECONDS,
        trust_env=False,
    ).json()
    if answer["status"] != "success":
        raise LoadTestError(f"Prometheus refuses {expr}: {answer.get('error')}")
    told = answer["data"]["stats"]
    return float(told["timings"]["execTotalTime"]), int(told["samples"]["totalQueryableSamples"])


def _values(bills: Mapping[str, Sequence[Bill]]) -> dict[str, dict[str, float]]:
    return {
        kind: {
            "s of evaluation a day": sum(bill.seconds for bill in found),
            "million samples a day": sum(bill.samples for bill in found) / MILLION,
        }
        for kind, found in bills.items()
    }
