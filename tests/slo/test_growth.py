from __future__ import annotations

from datetime import timedelta

import promql_parser
import pytest

from slo.growth import events_in_tile, grown
from slo.indicators import ProbeSli, QuerySli
from slo.objectives import SWIPE_AVAILABILITY, SWIPE_LATENCY

MINUTE, SCRAPE = timedelta(minutes=1), timedelta(seconds=15)
RECORDED = "sum without (sloth_id) (total)"


def counted(query: str) -> str:
    total, _ = events_in_tile(QuerySli(query, bad_query=query), MINUTE, SCRAPE, (), RECORDED)
    promql_parser.parse(total)
    return total


def test_growth_goes_by_two_readings_and_by_increase_only_after_a_restart() -> None:
    assert grown("a", MINUTE, SCRAPE) == (
        "(increase(a[75s]) * 0.8 and resets(a[75s]) > 0"
        " or last_over_time(a[3m]) - last_over_time(a[3m] offset 1m) >= 0"
        " or max_over_time(a[1m]) - min_over_time(a[1m]))"
    )


def test_a_slowly_scraped_counter_is_remembered_for_four_scrapes() -> None:
    assert "last_over_time(a[4m] offset 1m)" in grown("a", MINUTE, timedelta(minutes=1))


@pytest.mark.parametrize(
    ("query", "selectors"),
    [
        ("sum(rate(a[{{.window}}]))", ["a"]),
        (
            "sum( increase( a:b{c=\"}[5m]\",d=~'x\\'\"{'} [{{ .window }}] ) )",
            ["""a:b{c="}[5m]",d=~'x\\'"{'}"""],
        ),
        ('sum(rate(a[{{.window}}])) - sum(rate(b{c=`"`}[{{.window}}]))', ["a", 'b{c=`"`}']),
        ('sum by (region) (rate(a{b!="",}[{{.window}}]))', ['a{b!="",}']),
    ],
)
def test_rates_of_counters_become_counts(query: str, selectors: list[str]) -> None:
    found = counted(query)
    assert "rate(" not in found
    assert "{{" not in found
    for selector in selectors:
        assert grown(selector.strip(), MINUTE, SCRAPE) in found.replace(" [", "[")


@pytest.mark.parametrize(
    ("query", "ending"),
    [
        ("sum(rate(a[{{.window}}] offset 5m))", " * 60"),
        ('sum(rate({__name__=~"a|b"}[{{.window}}]))', " * 60"),
        ("sum(rate(a[{{.window}}])) + sum(irate(b[{{.window}}]))", " * 60"),
        ('sum(increase({job="a"}[{{.window}}]))', " * 0.8"),
        ("sum(sum_over_time(a:increase15s[{{.window}}]))", " * 0.8"),
    ],
)
def test_what_is_no_plain_rate_of_a_counter_is_read_over_one_scrape_more(
    query: str, ending: str
) -> None:
    found = counted(query)
    assert "[75s]" in found
    assert found.endswith(ending)
    assert "last_over_time" not in found


def test_both_queries_are_counted_or_neither() -> None:
    sli = QuerySli("sum(rate(a[{{.window}}]))", bad_query="sum(irate(b[{{.window}}]))")
    assert "last_over_time" not in " ".join(events_in_tile(sli, MINUTE, SCRAPE, (), RECORDED))


def test_bad_events_are_none_and_not_absent_while_there_are_events() -> None:
    for sli in (SWIPE_AVAILABILITY.sli, ProbeSli("up", "up == 0")):
        assert not hasattr(sli, "parts")
        _, bad = events_in_tile(sli, MINUTE, SCRAPE, (), RECORDED)  # type: ignore[arg-type]
        assert bad.endswith(f" or 0 * {RECORDED}")
    _, bad = events_in_tile(SWIPE_LATENCY.sli, MINUTE, SCRAPE, (), RECORDED)  # type: ignore[arg-type]
    assert bad.startswith(f"clamp_min({RECORDED} - (sum(")
    assert bad.endswith(f" or 0 * {RECORDED}), 0)")


def test_a_probe_of_a_longer_slice_is_asked_every_minute_of_it() -> None:
    total, _ = events_in_tile(
        ProbeSli("up", "up == 0"), timedelta(minutes=5), SCRAPE, ("job",), RECORDED
    )
    assert total == "sum_over_time((sum by (job) ((up) * 0 + 1))[5m:1m])"
