from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from alerts.burn_rate import alert_rules, inhibit_rules, no_data_delay, slo_groups
from alerts.model import MOST_RULES, AlertSeverity
from alerts.words import Links, PageLinks
from slo.burn import fewest_bad, least_bad
from slo.indicators import SliceSli, decimal
from slo.model import Alerting, CompositeSli, Part
from slo.objectives import OBJECTIVES, SWIPE_AVAILABILITY, SWIPE_LATENCY
from tests.alerts.kinds import (
    BAD_QUERY,
    COMPOSITE,
    ERRORS,
    FAST,
    GROUPS,
    KINDS,
    LONG_SLICES,
    RAW,
    SLICES,
)

if TYPE_CHECKING:
    from slo.model import Slo

IDENTITY = (
    '{sloth_id="petswipe-swipe-availability",sloth_service="petswipe",'
    'sloth_slo="swipe-availability"}'
)


@pytest.mark.parametrize("slo", [*OBJECTIVES, *KINDS], ids=lambda slo: slo.id)
def test_the_alerts_are_the_last_group_and_no_group_is_long(slo: Slo) -> None:
    groups = slo_groups(slo)
    assert groups[-1].name == f"{slo.id}:alerts"
    assert len({group.name for group in groups}) == len(groups)
    assert all(1 <= len(group.rules) <= MOST_RULES for group in groups)


def test_a_composite_of_many_parts_is_split_where_a_part_begins() -> None:
    slices = SliceSli(FAST, timedelta(minutes=5), Fraction(9, 10))
    parts = tuple(
        Part(f"part-{number}", Fraction(1), (ERRORS, FAST, slices)[number % 3])
        for number in range(30)
    )
    groups = slo_groups(replace(COMPOSITE, sli=CompositeSli(parts)))
    events = [group for group in groups if ":events" in group.name]
    assert [group.name for group in events] == [
        "composite:events" if number == 0 else f"composite:events-{number + 1}"
        for number in range(len(events))
    ]
    assert len(events) > 1
    for group in events:
        assert len(group.rules) <= MOST_RULES
        assert group.document()["rules"][0]["record"] == "slo:part_weight:ratio"  # type: ignore[index]


def test_the_pairs_of_a_level_share_a_name_and_differ_by_their_windows() -> None:
    found = [
        (rule.alert, rule.severity, dict(rule.labels))
        for rule in alert_rules(SWIPE_AVAILABILITY)[:-1]
    ]
    page, ticket = AlertSeverity.CRITICAL, AlertSeverity.WARNING
    assert found == [
        (
            f"SwipeAvailabilityBudgetBurn{level.capitalize()}",
            severity,
            {
                "alert_type": "symptom",
                "team": "adoption",
                "channel": {"page": "pager"}.get(level, level),
                "sloth_id": "petswipe-swipe-availability",
                "sloth_service": "petswipe",
                "sloth_slo": "swipe-availability",
                "slo_severity": level,
                "slo_burn": speed,
                "long_window": long,
                "short_window": short,
            },
        )
        for level, severity, speed, long, short in (
            ("page", page, "fast", "1h", "5m"),
            ("page", page, "slow", "6h", "30m"),
            ("ticket", ticket, "fast", "1d", "2h"),
            ("ticket", ticket, "slow", "3d", "6h"),
        )
    ]


def test_a_page_is_sooner_told_and_sooner_over_than_a_ticket() -> None:
    documents = [rule.document() for rule in alert_rules(SWIPE_AVAILABILITY)]
    assert [(one["for"], one["keep_firing_for"]) for one in documents] == [
        ("1m", "5m"),
        ("1m", "5m"),
        ("10m", "30m"),
        ("10m", "30m"),
        ("10m", "5m"),
    ]


def test_the_first_alert_asks_for_all_of_this() -> None:
    assert alert_rules(SWIPE_AVAILABILITY)[0].expr == (
        f"slo:sli_error:ratio_rate1h{IDENTITY} > 0.0072 "
        "and on (sloth_id, sloth_service, sloth_slo) "
        f"last_over_time(slo:sli_error:ratio_rate5m{IDENTITY}[1h]) > 0.0072 "
        "and on (sloth_id, sloth_service, sloth_slo) "
        f"sum_over_time(slo:sli_bad:increase1m{IDENTITY}[1h]) > 4.5"
    )


def test_a_period_of_four_weeks_has_factors_of_its_own() -> None:
    slo = replace(SWIPE_LATENCY, period=timedelta(days=28))
    limits = [rule.expr.split(" > ")[1].split(" ")[0] for rule in alert_rules(slo)[:-1]]
    # 13.44, 5.6, 2.8 and 14/15 times the budget of 5 %.
    assert limits == ["0.672", "0.28", "0.14", "0.046666666666"]


def test_groups_are_compared_with_themselves_and_asked_for_in_the_words() -> None:
    rule = alert_rules(GROUPS)[0]
    assert rule.expr.count("and on (sloth_id, sloth_service, sloth_slo, region)") == 2
    assert ", region {{ $labels.region }}, and more than" in rule.description
    assert ',region=%q} > 0" $labels.region | query }}' in rule.description
    assert "%q" not in alert_rules(BAD_QUERY)[0].description


def test_a_team_names_and_labels_its_alerts_but_cannot_hide_what_they_are() -> None:
    alerting = Alerting(
        ticket=False,
        labels={"team": "shop", "slo_severity": "mine"},
        page_labels={"severity": "wake-up"},
        annotations={"runbook_url": "https://example.org/ours"},
        name="Shop",
    )
    rules = alert_rules(
        replace(BAD_QUERY, alerting=alerting), PageLinks("https://example.org/books")
    )
    assert [rule.alert for rule in rules] == ["ShopBudgetBurnPage"] * 2 + ["ShopNoData"]
    page = rules[0].document()
    assert page["labels"] == {
        "severity": "wake-up",
        "team": "shop",
        "sloth_id": "shop-bad-query",
        "sloth_service": "shop",
        "sloth_slo": "bad-query",
        "slo_severity": "page",
        "slo_burn": "fast",
        "long_window": "1h",
        "short_window": "5m",
    }
    assert rules[0].document()["annotations"]["runbook_url"] == "https://example.org/ours"  # type: ignore[index]


def test_a_page_and_a_ticket_have_annotations_of_their_own() -> None:
    alerting = Alerting(
        annotations={"channel": "#shop", "urgency": "?"},
        page_annotations={"urgency": "now"},
        ticket_annotations={"urgency": "this week"},
    )
    rules = alert_rules(replace(BAD_QUERY, alerting=alerting))
    urgencies = [rule.annotations["urgency"] for rule in rules]
    assert urgencies == ["now"] * 2 + ["this week"] * 2 + ["?"]
    assert {rule.annotations["channel"] for rule in rules} == {"#shop"}


def test_without_page_and_ticket_nothing_is_watched() -> None:
    assert alert_rules(replace(BAD_QUERY, alerting=Alerting(page=False, ticket=False))) == ()


@pytest.mark.parametrize(
    ("links", "runbook", "dashboard"),
    [
        (
            PageLinks("https://x.org/books/", "https://x.org/boards"),
            "https://x.org/books/BadQueryBudgetBurnPage",
            "https://x.org/boards/shop-bad-query",
        ),
        (
            PageLinks("https://x.org/{alert}.md", "https://x.org/d/slo?var-slo={slo}"),
            "https://x.org/BadQueryBudgetBurnPage.md",
            "https://x.org/d/slo?var-slo=bad-query",
        ),
        (PageLinks(), None, None),
    ],
)
def test_alerts_link_to_their_pages(
    links: Links, runbook: str | None, dashboard: str | None
) -> None:
    found = alert_rules(BAD_QUERY, links)[0].annotations
    assert (found.get("runbook_url"), found.get("dashboard_url")) == (runbook, dashboard)


@pytest.mark.parametrize(
    ("factor", "number"),
    [
        ("43.2", 3),
        ("14.4", 5),
        ("13.44", 5),
        ("6", 8),
        ("5.6", 9),
        ("3", 17),
        ("1", 20),
        ("0.2", 20),
    ],
)
def test_chance_hardly_ever_makes_so_many_bad_events(factor: str, number: int) -> None:
    assert fewest_bad(Fraction(factor)) == number


def test_slices_take_two_or_the_only_one_and_shares_of_somebody_else_none() -> None:
    hour, day = SLICES.burn_windows[0], SLICES.burn_windows[2]
    assert least_bad(SLICES, hour) == 2
    slo = replace(LONG_SLICES, sli=SliceSli(FAST, timedelta(hours=1), Fraction(9, 10)))
    assert (least_bad(slo, hour), least_bad(slo, day)) == (1, 2)
    assert least_bad(RAW, hour) == 0
    assert " > 1.5" in alert_rules(SLICES)[0].expr
    assert "sum_over_time(slo:sli_bad" not in alert_rules(RAW)[0].expr


@pytest.mark.parametrize(
    ("objective", "minutes"),
    # 0.02 of 43 200 minutes are 864, of which a full outage needs a share as large as the budget.
    [("0.95", 43), ("0.96", 34), ("0.9995", 10), ("0.935", 56), ("0.9306", 59)],
)
def test_silence_is_told_before_an_outage_behind_it_could_have_paged(
    objective: str, minutes: int
) -> None:
    slo = replace(BAD_QUERY, objective=Fraction(objective))
    assert no_data_delay(slo) == timedelta(minutes=minutes)


def test_pages_mute_tickets_and_fast_burns_slow_ones_of_the_same_group() -> None:
    rules = inhibit_rules(("region",))
    equal = ["sloth_id", "sloth_service", "sloth_slo", "region"]
    assert [rule["equal"] for rule in rules] == [equal] * 3
    told = json.loads(json.dumps([[r["source_matchers"], r["target_matchers"]] for r in rules]))
    assert told == [
        [['slo_severity="page"'], ['slo_severity="ticket"']],
        [
            ['slo_severity="page"', 'slo_burn="fast"'],
            ['slo_severity="page"', 'slo_burn="slow"'],
        ],
        [
            ['slo_severity="ticket"', 'slo_burn="fast"'],
            ['slo_severity="ticket"', 'slo_burn="slow"'],
        ],
    ]


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
