from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

import slo.lint
from slo.indicators import ProbeSli, QuerySli, RawSli, Sli
from slo.lint import Finding, lint
from slo.model import BURN_WINDOWS, CompositeSli, Part, Slo
from slo.objectives import OBJECTIVES, SWIPE_AVAILABILITY, SWIPE_LATENCY
from slo.scrape import read_scrape

MONTH = timedelta(days=31)
PAGE = Path(str(slo.lint.__file__)).with_name("lint.md")
NOTHING = ["selector-matches-nothing", "not-initialised"]
ROUTE = 'job="shop",path="/buy"'
HEALTHY = f"""
# TYPE requests_total counter
requests_total{{{ROUTE},code="200"}} 7
requests_total{{{ROUTE},code="500"}} 0
# TYPE latency_seconds histogram
latency_seconds_bucket{{{ROUTE},le="0.1"}} 5
latency_seconds_bucket{{{ROUTE},le="0.25"}} 6
latency_seconds_bucket{{{ROUTE},le="+Inf"}} 7
latency_seconds_count{{{ROUTE}}} 7
latency_seconds_sum{{{ROUTE}}} 1
"""


def counted(matchers: str, suffix: str = "requests_total") -> str:
    return f"sum(rate({suffix}{{{matchers}}}[{{{{.window}}}}]))"


AVAILABILITY = QuerySli(counted(ROUTE), bad_query=counted(ROUTE + ',code=~"5.."'))
LATENCY = QuerySli(
    counted(ROUTE, "latency_seconds_count"),
    good_query=counted(ROUTE + ',le="0.25"', "latency_seconds_bucket"),
)


def promise(sli: Sli | CompositeSli, **changes: object) -> Slo:
    made = Slo("checkout", "shop", "Checkout", "Buying works.", Fraction("0.99"), sli)
    return replace(made, **changes)  # type: ignore[arg-type]  # fields of it


def found(slo: Slo, scrape: str | None = HEALTHY, retention: timedelta = MONTH) -> list[str]:
    scraped = None if scrape is None else read_scrape(scrape)
    return [finding.id for finding in lint([slo], retention, scraped)]


@pytest.mark.parametrize("sli", [AVAILABILITY, LATENCY])
def test_what_is_right_is_left_alone(sli: Sli) -> None:
    assert found(promise(sli)) == []
    both = CompositeSli((Part("one", Fraction(1), AVAILABILITY), Part("two", Fraction(2), LATENCY)))
    assert found(promise(both)) == []


def test_our_own_promises_need_a_month_of_samples_and_nothing_else() -> None:
    assert list(lint(OBJECTIVES, MONTH)) == []
    ids = {finding.id for finding in lint(OBJECTIVES, timedelta(days=15))}
    assert ids == {"window-over-retention"}


def test_a_window_must_be_kept_and_hold_two_scrapes() -> None:
    assert found(promise(AVAILABILITY), retention=timedelta(days=29)) == ["window-over-retention"]
    slow = promise(AVAILABILITY, scrape_interval=timedelta(minutes=3))
    assert found(slow) == ["short-window"]
    assert found(promise(AVAILABILITY, burn_windows=BURN_WINDOWS[1:])) == []


def test_a_ratio_without_events_is_told() -> None:
    raw = RawSli("1 - avg_over_time(probe_success[{{.window}}])")
    assert found(promise(raw), None) == ["unweighted"]
    assert found(promise(raw)) == ["unweighted", "selector-matches-nothing"]


@pytest.mark.parametrize(
    ("sli", "scrape", "expected"),
    [
        (
            AVAILABILITY,
            HEALTHY.replace("/buy", "/sell"),
            NOTHING,
        ),
        (AVAILABILITY, HEALTHY.replace('code="500"', 'code="404"'), ["not-initialised"]),
        (LATENCY, HEALTHY.replace("0.25", "0.3"), ["threshold-no-edge"]),
        (ProbeSli("up", "up == 0"), 'up{job="shop"} 1\n', []),
        (ProbeSli("up", "up == 0"), HEALTHY, ["selector-matches-nothing"]),
    ],
)
def test_a_scrape_shows_what_is_not_there(sli: Sli, scrape: str, expected: list[str]) -> None:
    assert found(promise(sli), scrape) == expected


def test_a_missing_edge_is_told_with_those_that_exist() -> None:
    scraped = read_scrape(HEALTHY.replace("0.25", "0.3"))
    (finding,) = lint([promise(LATENCY)], MONTH, scraped)
    assert str(finding) == (
        'checkout: le="0.25" is no bucket edge of latency_seconds_bucket: one of 0.1, 0.3, +Inf '
        "[threshold-no-edge]"
    )


def test_a_label_with_an_id_in_it_is_named() -> None:
    busy = "".join(f'requests_total{{{ROUTE},code="200",user="{n}"}} 1\n' for n in range(1001))
    (finding,) = lint([promise(AVAILABILITY)], MONTH, read_scrape(HEALTHY + busy))
    assert finding.id == "label-churn"
    assert "1003 series, most of them by label user" in finding.message


def test_typed_indicators_are_checked_as_well() -> None:
    assert found(SWIPE_AVAILABILITY) == NOTHING
    assert found(SWIPE_LATENCY) == NOTHING


def test_every_id_has_its_paragraph() -> None:
    explained = set(re.findall(r"^\*\*([a-z0-9-]+)\.\*\*", PAGE.read_text(), re.MULTILINE))
    assert explained == set(slo.lint.IDS)
    with pytest.raises(ValueError, match="is no id of a finding"):
        Finding("typo", "checkout", "…")
