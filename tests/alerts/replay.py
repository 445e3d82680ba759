"""Made-up events, the counters that count them, and generated rules evaluated on them.

Events are numbers a slot of five seconds, so that the truth is a sum of whole numbers. Counters are
scraped as Prometheus does; rules are evaluated by a real one, step by step.
"""

from __future__ import annotations

import math
import re
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import httpx
import numpy as np

from alerts.model import RecordingRule
from app.local.monitoring import prepare_prometheus
from app.local.supervisor import Supervisor
from app.local.tools import find_tool
from app.stop import Stop
from slo.promql import labels as braces
from tests.ports import find_port
from tests.slo.conftest import PATIENCE_SECONDS, TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path
    from types import TracebackType

    from alerts.model import RuleGroup

    Samples = Sequence[tuple[float, float]]
    Events = np.ndarray[tuple[int], np.dtype[np.int64]]

SLOT = 5
SCRAPE = 3 * SLOT
# Rules are evaluated so long after a full minute, as every group has a moment of its own.
EVALUATED = 7
RECORDED = re.compile(r"slo:[a-z_]+:[a-z0-9_]+")
# Prometheus answers with at most 11 000 points.
CHUNK = 10_000
RETENTION = "400d"
# A gigabyte of text takes a while.
BACKFILL_SECONDS = 600
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter in one process: what it counted in each slot, and when it was there."""

    labels: Mapping[str, str]
    events: Events
    born: int = 0
    gone: int = 2**40
    # Slots at which its process began again from zero.
    restarts: Sequence[int] = ()
    # Slots by which its scrapes come later than those of others.
    phase: int = 0
    # From one slot to another nobody could scrape it.
    unscraped: Sequence[tuple[int, int]] = ()
    # Seconds by which each scrape misses its moment.
    jitter: float = 0

    def scrapes(self) -> Events:
        """Return the slots at whose beginning it was scraped."""
        every = np.arange(self.phase, len(self.events) + 1, SCRAPE // SLOT)
        there = (every >= self.born) & (every < self.gone)
        for begin, end in self.unscraped:
            there &= (every < begin) | (every >= end)
        return every[there]

    def samples(self, base: int) -> Samples:
        """Return what Prometheus has of it."""
        grown = np.concatenate(([0], np.cumsum(self.events)))
        begins = np.array(sorted({self.born, *self.restarts}))
        slots = self.scrapes()
        since = begins[np.searchsorted(begins, slots, side="right") - 1]
        late = np.random.default_rng(1).uniform(-self.jitter, self.jitter, len(slots))
        moments = base + slots * SLOT + np.round(late, 3)
        return list(zip(moments.tolist(), (grown[slots] - grown[since]).tolist(), strict=True))

    def count(self, base: int, after: float, until: float) -> int:
        """Count its events between the last scrapes before two moments, scraped or not."""
        begin, end = (self._seen(moment - base) for moment in (after, until))
        return int(self.events[begin:end].sum())

    def _seen(self, seconds: float) -> int:
        scrapes = (int(seconds) // SLOT - self.phase) // (SCRAPE // SLOT)
        return max(0, scrapes * (SCRAPE // SLOT) + self.phase)


def count(counters: Iterable[Counter], base: int, after: float, until: float) -> int:
    """Count the events of several counters, by force."""
    return sum(counter.count(base, after, until) for counter in counters)


@dataclass
class Replay:
    """A Prometheus on back-filled history; use it in `with`."""

    folder: Path
    history: defaultdict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    url: str = ""

    def __post_init__(self) -> None:
        self._promtool = find_tool("promtool", TOOLS, print)
        self._prometheus = find_tool("prometheus", TOOLS, print)
        self._supervisor = Supervisor(self.folder, Stop())
        self._starts = 0
        (self.folder / "prometheus.yml").write_text("scrape_configs: []\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._supervisor.stop_all()

    def add(self, series: Mapping[str, Samples]) -> None:
        """Add series to what it serves, and start it anew."""
        self._supervisor.stop_all()
        self._supervisor = Supervisor(self.folder, Stop())
        self._starts += 1
        written = self.folder / "in.openmetrics"
        with written.open("w") as file:
            for name, samples in series.items():
                file.writelines(f"{name} {value} {moment}\n" for moment, value in samples)
            file.write("# EOF\n")
        subprocess.run(
            [
                self._promtool.path,
                *("tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=2000h", "-q"),
                *(written, self.folder / "data"),
            ],
            cwd=self._promtool.cwd,
            check=True,
            capture_output=True,
            timeout=BACKFILL_SECONDS,
        )
        written.unlink()
        port = find_port()
        service = prepare_prometheus(
            self._prometheus, self.folder / "prometheus.yml", self.folder / "data", port
        )
        command = [
            re.sub(r"(retention\.time=).*", rf"\g<1>{RETENTION}", word) for word in service.command
        ]
        self._supervisor.start(
            replace(
                service,
                name=f"prometheus-{self._starts}",
                command=command,
                ready_seconds=PATIENCE_SECONDS,
            )
        )
        self.url = f"http://{HOST}:{port}"

    def ask(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        """Ask its API; returns the result."""
        answer = httpx.post(
            f"{self.url}/api/v1/{path}", data=parameters, timeout=PATIENCE_SECONDS, trust_env=False
        ).json()
        assert answer["status"] == "success", answer
        return list(answer["data"]["result"])

    def number(self, expr: str, at: float) -> float | None:
        """Evaluate an expression that gives at most one number."""
        result = self.vector(expr, at)
        assert len(result) <= 1, result
        return next(iter(result.values()), None)

    def vector(self, expr: str, at: float) -> dict[str, float]:
        """Evaluate an expression; maps labels to values."""
        return {
            braces(x["metric"]): float(x["value"][1])
            for x in self.ask("query", query=expr, time=str(at))
        }

    def samples_read(self, expr: str, at: float) -> int:
        """Return how many samples Prometheus read to evaluate an expression."""
        return self.statistics(expr, at)[1]

    def statistics(self, expr: str, at: float) -> tuple[float, int]:
        """Return for how many seconds an expression was evaluated, and the samples it read."""
        answer = httpx.post(
            f"{self.url}/api/v1/query",
            data={"query": expr, "time": str(at), "stats": "all"},
            timeout=PATIENCE_SECONDS,
            trust_env=False,
        ).json()
        assert answer["status"] == "success", answer
        statistics = answer["data"]["stats"]
        return (
            float(statistics["timings"]["execTotalTime"]),
            int(statistics["samples"]["totalQueryableSamples"]),
        )

    def record(
        self, groups: Iterable[RuleGroup], start: float, end: float
    ) -> dict[str, list[tuple[float, float]]]:
        """Evaluate recording rules over a time, those first that others read."""
        everything: dict[str, list[tuple[float, float]]] = {}
        rules = [
            (rule, group.interval)
            for group in groups
            for rule in group.rules
            if isinstance(rule, RecordingRule)
        ]
        while rules:
            waiting = {rule.record for rule, _ in rules}
            ready = [
                (rule, interval)
                for rule, interval in rules
                if not waiting & set(RECORDED.findall(rule.expr))
            ]
            assert ready, waiting
            recorded: dict[str, list[tuple[float, float]]] = {}
            for rule, interval in ready:
                recorded |= self._evaluate(rule, interval, start, end)
            self.add(recorded)
            everything |= recorded
            rules = [pair for pair in rules if pair not in ready]
        return everything

    def _evaluate(
        self, rule: RecordingRule, interval: timedelta, start: float, end: float
    ) -> dict[str, list[tuple[float, float]]]:
        step = interval.total_seconds()
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        moment = math.ceil((start - EVALUATED) / step) * step + EVALUATED
        while moment <= end:
            last = min(end, moment + CHUNK * step)
            for series in self.ask(
                "query_range",
                query=rule.expr,
                start=str(moment),
                end=str(last),
                step=str(step),
            ):
                metric = {k: v for k, v in series["metric"].items() if k != "__name__"}
                name = f"{rule.record}{braces({**metric, **rule.labels})}"
                found[name] += [(float(t), float(v)) for t, v in series["values"]]
            moment += (CHUNK + 1) * step
        return found
