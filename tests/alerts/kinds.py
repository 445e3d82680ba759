"""One service level of every kind that the model knows, of a team without pets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from slo.indicators import ProbeSli, QuerySli, RawSli, SliceSli
from slo.model import Alerting, Calendar, CalendarUnit, CompositeSli, Part, Slo

ERRORS = QuerySli(
    total_query='sum(rate(http_requests_total{job="shop"}[{{.window}}]))',
    bad_query='sum(rate(http_requests_total{job="shop",code=~"(5..|429)"}[{{.window}}]))',
)
FAST = QuerySli(
    total_query='sum(increase(http_seconds_count{job="shop"}[{{.window}}]))',
    good_query='sum(increase(http_seconds_bucket{job="shop",le="0.5"}[{{.window}}]))',
)
PROBE = ProbeSli('probe_success{job="door"}', 'probe_success{job="door"} == 0')


def slo(name: str, sli: QuerySli | RawSli | ProbeSli | SliceSli | CompositeSli) -> Slo:
    return Slo(
        id=name,
        service="shop",
        title=f"{name.capitalize()} of the shop",
        description="What a customer was promised.",
        objective=Fraction("0.95"),
        sli=sli,
    )


BAD_QUERY = slo("bad-query", ERRORS)
GOOD_QUERY = slo("good-query", FAST)
RAW = slo(
    "raw-ratio",
    RawSli(
        '(sum(rate(http_requests_total{job="shop",code=~"5.."}[{{.window}}]))'
        ' or 0 * sum(rate(http_requests_total{job="shop"}[{{.window}}])))'
        ' / sum(rate(http_requests_total{job="shop"}[{{.window}}]))'
    ),
)
PROBED = slo("probe", PROBE)
SLICES = slo("slices", SliceSli(ERRORS, timedelta(minutes=1), Fraction("0.9")))
LONG_SLICES = slo("long-slices", SliceSli(FAST, timedelta(minutes=10), Fraction("0.9")))
COMPOSITE = slo(
    "composite",
    CompositeSli((Part("errors", Fraction(3), ERRORS), Part("speed", Fraction(1), FAST))),
)
GROUPS = replace(
    slo(
        "groups",
        QuerySli(
            total_query="sum by (region) (rate(jobs_total[{{.window}}]))",
            bad_query='sum by (region) (rate(jobs_total{result!="ok"}[{{.window}}]))',
        ),
    ),
    group_by=("region",),
    objective=Fraction("0.99"),
    labels={"team": "shop"},
    alerting=Alerting(name="RegionJobs", page_labels={"severity": "wake-up", "pager": "shop"}),
)
FOUR_WEEKS = replace(BAD_QUERY, id="four-weeks", period=timedelta(days=28))
WEEK = replace(BAD_QUERY, id="one-week", period=timedelta(days=7), objective=Fraction("0.9"))
MONTHLY = replace(
    BAD_QUERY,
    id="monthly",
    period=Calendar(CalendarUnit.MONTH, date(2026, 1, 1), "Europe/Berlin"),
)

KINDS = (
    BAD_QUERY,
    GOOD_QUERY,
    RAW,
    PROBED,
    SLICES,
    LONG_SLICES,
    COMPOSITE,
    GROUPS,
    FOUR_WEEKS,
    WEEK,
    MONTHLY,
)
