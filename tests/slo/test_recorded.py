"""What a real Prometheus has recorded, against the events that were counted."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from alerts import slo_rules
from app.local.monitoring import prepare_prometheus
from app.local.ports import HOST
from app.local.supervisor import Supervisor
from app.local.tools import find_tool
from app.stop import Stop
from slo.indicators import ProbeSli, QuerySli, RawSli, SliceSli
from slo.model import CompositeSli, Part
from slo.prometheus import Prometheus, QueryError
from slo.recorded import DIRECT, Span, event_queries, recorded
from slo.windows import tile
from tests.alerts.kinds import KINDS, slo
from tests.ports import find_port
from tests.slo.conftest import PATIENCE_SECONDS, TOOLS, openmetrics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from slo.model import Slo
    from slo.traffic import Traffic
    from tests.slo.conftest import Serve

MINUTES = 90
START = datetime(2026, 1, 1, tzinfo=UTC)
# Scraped four times a minute, and a third of a minute after it began.
EVERY, LATE = 15, 5
# From minute 30 to 40 a tenth is bad; from 50 to 60 nothing happens.
TOTAL = [0 if 50 <= minute < 60 else 40 for minute in range(MINUTES)]
BAD = [4 if 30 <= minute < 40 else 0 for minute in range(MINUTES)]
COUNT = QuerySli("sum(rate(all_total[{{.window}}]))", bad_query="sum(rate(bad_total[{{.window}}]))")
GROUPS = QuerySli(
    "sum by (region) (rate(all_total[{{.window}}]))",
    bad_query="sum by (region) (rate(bad_total[{{.window}}]))",
)
SPAN = Span(START, START + timedelta(minutes=MINUTES))


def history() -> dict[str, list[tuple[float, int]]]:
    found: dict[str, list[tuple[float, int]]] = {}
    for region, share in (("eu", 1), ("us", 3)):
        for name, events in (("all", TOTAL), ("bad", BAD)):
            value, points = 0, []
            for scrape in range(MINUTES * 60 // EVERY):
                at = scrape * EVERY
                value += events[at // 60] * share * EVERY // 60
                points.append((START.timestamp() + at + LATE, value))
            found[f'{name}_total{{region="{region}"}}'] = points
    found["door"] = [
        (START.timestamp() + minute * 60 + LATE, int(not BAD[minute])) for minute in range(MINUTES)
    ]
    return found


@pytest.fixture(scope="module")
def prometheus(serve: Serve) -> Iterator[Prometheus]:
    with Prometheus(serve(history())) as found:
        yield found


@pytest.fixture
def serve_little(tmp_path: Path) -> Iterator[str]:
    """A Prometheus that holds few samples in memory."""
    dump = tmp_path / "dump"
    dump.write_text(openmetrics(history()))
    promtool, tool = (find_tool(name, TOOLS, print) for name in ("promtool", "prometheus"))
    subprocess.run(
        [promtool.path, "tsdb", "create-blocks-from", "openmetrics", dump, tmp_path / "data"],
        cwd=promtool.cwd,
        check=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )
    config = tmp_path / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    port = find_port()
    service = prepare_prometheus(tool, config, tmp_path / "data", port)
    command = [*service.command, "--query.max-samples=600"]
    supervisor = Supervisor(tmp_path, Stop())
    try:
        supervisor.start(replace(service, command=command, ready_seconds=PATIENCE_SECONDS))
        yield f"http://{HOST}:{port}"
    finally:
        supervisor.stop_all()


def read(found: Slo, prometheus: Prometheus) -> list[Traffic]:
    return recorded(found, prometheus, SPAN)


def test_minutes_have_the_events_that_were_counted(prometheus: Prometheus) -> None:
    (traffic,) = read(slo("all", COUNT), prometheus)
    # The first minute began before anything was known; a scrape is 10 s late for its minute.
    assert sum(traffic.total[1:]) == pytest.approx(sum(TOTAL[1:]) * 4, rel=0.02)
    assert sum(traffic.bad) == sum(BAD) * 4
    assert [minute for minute, bad in enumerate(traffic.bad) if bad] == list(range(30, 40))
    assert [minute for minute, total in enumerate(traffic.total) if not total] == [*range(50, 60)]
    assert traffic.begins == START


def test_every_group_has_traffic_of_its_own(prometheus: Prometheus) -> None:
    grouped = replace(slo("groups", GROUPS), group_by=("region",))
    eu, us = read(grouped, prometheus)
    assert (eu.name, us.name) == ('{region="eu"}', '{region="us"}')
    assert (sum(eu.bad), sum(us.bad)) == (sum(BAD), sum(BAD) * 3)


def test_slices_are_judged_by_their_events(prometheus: Prometheus) -> None:
    (traffic,) = read(
        slo("slices", SliceSli(COUNT, timedelta(minutes=10), Fraction("0.95"))), prometheus
    )
    ends = [minute for minute, total in enumerate(traffic.total) if total]
    assert ends == [9, 19, 29, 39, 49, 69, 79, 89]
    assert [minute for minute, bad in enumerate(traffic.bad) if bad] == [39]


def test_a_probe_is_asked_once_a_minute(prometheus: Prometheus) -> None:
    (traffic,) = read(slo("probe", ProbeSli("door", "door == 0")), prometheus)
    assert sum(traffic.total) == MINUTES
    assert [minute for minute, bad in enumerate(traffic.bad) if bad] == list(range(30, 40))


def test_a_ratio_is_read_over_each_window(prometheus: Prometheus) -> None:
    query = "sum(rate(bad_total[{{.window}}])) / sum(rate(all_total[{{.window}}]))"
    (traffic,) = read(slo("raw", RawSli(query)), prometheus)
    lengths = [timedelta(minutes=minutes) for minutes in (5, 30, 60, 120)]
    assert sorted(traffic.ratios) == lengths
    assert traffic.ratios[lengths[0]][39] == pytest.approx(0.1)
    assert traffic.ratios[lengths[2]][49] == pytest.approx(10 * 4 / (50 * 40), rel=0.05)
    # A ratio of nothing is none.
    assert traffic.missing == sum(not total for total in traffic.total) > 0


def test_a_composite_keeps_its_parts(prometheus: Prometheus) -> None:
    probe = ProbeSli("door", "door == 0")
    parts = (Part("count", Fraction(3), COUNT), Part("probe", Fraction(1), probe))
    (traffic,) = read(slo("both", CompositeSli(parts)), prometheus)
    assert [weight for weight, _ in traffic.parts] == [3.0, 1.0]
    assert sum(traffic.bad) == sum(sum(part.bad) for _, part in traffic.parts)


def test_what_nobody_recorded_is_no_traffic(prometheus: Prometheus) -> None:
    for kind in KINDS:
        assert read(kind, prometheus) == []


def test_a_long_time_is_asked_for_in_pieces(prometheus: Prometheus) -> None:
    long = Span(START - timedelta(days=40), SPAN.end)
    (traffic,) = recorded(slo("all", COUNT), prometheus, long)
    assert len(traffic.total) == 40 * 24 * 60 + MINUTES
    assert sum(traffic.bad) == sum(BAD) * 4
    assert traffic.missing == 40 * 24 * 60


def test_what_is_too_much_for_prometheus_is_asked_for_in_halves(
    serve_little: str, prometheus: Prometheus
) -> None:
    span = Span(START - timedelta(hours=12), SPAN.end)
    with Prometheus(serve_little) as little:
        with pytest.raises(QueryError, match="too many samples"):
            little.range(
                event_queries(slo("all", COUNT), COUNT)[0],
                span.start,
                span.end,
                timedelta(minutes=1),
            )
        assert recorded(slo("all", COUNT), little, span) == recorded(
            slo("all", COUNT), prometheus, span
        )


def test_a_query_that_prometheus_refuses_is_told(prometheus: Prometheus) -> None:
    wrong = QuerySli("sum(rate(all_total[{{.window}}])) +", bad_query="sum(rate(x[{{.window}}]))")
    with pytest.raises(QueryError, match="parse error"):
        read(slo("wrong", wrong), prometheus)


def test_pieces_are_aligned_to_tiles_and_leave_nothing_out() -> None:
    for minutes in (1, 7, 60):
        step = timedelta(minutes=minutes)
        span = Span(START + timedelta(minutes=3), START + timedelta(days=3))
        moments = [
            begin + n * step
            for begin, end in span.pieces(step)
            for n in range((end - begin) // step + 1)
        ]
        assert all(later - sooner == step for sooner, later in pairwise(moments))
        assert span.start < moments[0] <= span.start + step
        assert span.end - step < moments[-1] <= span.end


def test_rules_and_backtests_agree_on_which_windows_are_asked_directly() -> None:
    assert DIRECT == slo_rules.SHORT
    assert [tile(kind) for kind in KINDS] == [slo_rules.tile(kind) for kind in KINDS]
