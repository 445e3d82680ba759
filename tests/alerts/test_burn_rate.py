from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from alerts.burn_rate import alert_rules, budget_rules, error_rules, slo_groups
from alerts.model import AlertSeverity
from slo.indicators import decimal
from slo.objectives import DECK_LATENCY, OBJECTIVES, SWIPE_AVAILABILITY

if TYPE_CHECKING:
    from slo.model import Slo

# Sloth 0.11: https://sloth.dev, one series a window, and six about the objective itself.
RATIOS = [
    f"slo:sli_error:ratio_rate{w}" for w in ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
]
META = [
    "slo:objective:ratio",
    "slo:error_budget:ratio",
    "slo:time_period:days",
    "slo:current_burn_rate:ratio",
    "slo:period_burn_rate:ratio",
    "slo:period_error_budget_remaining:ratio",
]


@pytest.mark.parametrize("slo", OBJECTIVES, ids=lambda slo: slo.id)
def test_an_slo_becomes_three_groups_in_the_order_in_which_they_feed_each_other(slo: Slo) -> None:
    groups = slo_groups(slo)
    assert [group.name for group in groups] == [
        f"{slo.id}:errors",
        f"{slo.id}:budget",
        f"{slo.id}:alerts",
    ]
    assert {group.interval for group in groups} == {timedelta(seconds=30)}


def test_the_error_ratio_is_recorded_over_every_window_from_short_to_long() -> None:
    rules = error_rules(SWIPE_AVAILABILITY)
    assert [rule.record for rule in rules] == RATIOS
    for rule in rules:
        assert rule.labels == {
            "sloth_id": "petswipe-swipe-availability",
            "sloth_service": "petswipe",
            "sloth_slo": "swipe-availability",
            "sloth_window": rule.record.removeprefix("slo:sli_error:ratio_rate"),
        }


def test_a_period_of_28_days_is_recorded_as_four_weeks() -> None:
    rules = error_rules(replace(SWIPE_AVAILABILITY, period=timedelta(days=28)))
    assert rules[-1].record == "slo:sli_error:ratio_rate28d"


def test_the_budget_is_recorded_under_sloths_names() -> None:
    rules = budget_rules(DECK_LATENCY)
    assert [rule.record for rule in rules] == META
    assert all("sloth_window" not in rule.labels for rule in rules)
    expressions = {rule.record: rule.expr for rule in rules}
    assert expressions["slo:objective:ratio"] == "vector(0.95)"
    assert expressions["slo:error_budget:ratio"] == "vector(0.05)"
    assert expressions["slo:time_period:days"] == "vector(30)"


def test_the_pairs_of_a_level_share_a_name_and_differ_by_their_windows() -> None:
    found = [
        (rule.alert, rule.severity, dict(rule.labels)) for rule in alert_rules(SWIPE_AVAILABILITY)
    ]
    page, ticket = AlertSeverity.CRITICAL, AlertSeverity.WARNING
    assert found == [
        (
            f"SwipeAvailabilityBudgetBurn{level.capitalize()}",
            severity,
            {"slo_severity": level, "long_window": long, "short_window": short},
        )
        for level, severity, long, short in (
            ("page", page, "1h", "5m"),
            ("page", page, "6h", "30m"),
            ("ticket", ticket, "1d", "2h"),
            ("ticket", ticket, "3d", "6h"),
        )
    ]


def test_an_alert_waits_for_a_minute_and_outlasts_a_flicker_of_five() -> None:
    for rule in alert_rules(SWIPE_AVAILABILITY):
        assert rule.document()["for"] == "1m"
        assert rule.document()["keep_firing_for"] == "5m"


def test_the_first_alert_says_all_of_this() -> None:
    labels = (
        '{sloth_id="petswipe-swipe-availability",sloth_service="petswipe",'
        'sloth_slo="swipe-availability"}'
    )
    assert alert_rules(SWIPE_AVAILABILITY)[0].document() == {
        "alert": "SwipeAvailabilityBudgetBurnPage",
        "expr": (
            f"slo:sli_error:ratio_rate1h{labels} > 0.0072 "
            "and on (sloth_id, sloth_service, sloth_slo) "
            f"slo:sli_error:ratio_rate5m{labels} > 0.0072"
        ),
        "for": "1m",
        "keep_firing_for": "5m",
        "labels": {
            "severity": "critical",
            "slo_severity": "page",
            "long_window": "1h",
            "short_window": "5m",
        },
        "annotations": {
            "summary": "Swipe availability burns its error budget at a rate of 14.4.",
            "description": (
                "{{ $value | humanizePercentage }} of the events of the last 1h were bad, and more "
                "than 0.72 % also of the last 5m. The objective is 99.95 % in 30 days; at a rate "
                "of 14.4 a full budget is gone in 2.08 days."
            ),
        },
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.0072", "0.0072"),
        ("0.72", "0.72"),
        ("1/2", "0.5"),
        ("30", "30"),
        ("12.5", "12.5"),
        ("0", "0"),
        # A limit that does not end is cut, so that exactly the limit does not burn.
        ("2/3", "0.666666666666"),
        ("7/15000", "0.000466666666"),
        ("0.000000000001", "0.000000000001"),
    ],
)
def test_limits_are_written_as_decimals_that_never_exceed_them(value: str, text: str) -> None:
    assert decimal(Fraction(value)) == text
