"""Whole specs, as teams write them."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from slo.indicators import ProbeSli, QuerySli, RawSli, SliceSli
from slo.model import (
    BURN_WINDOWS,
    Alerting,
    BurnWindow,
    Calendar,
    CalendarUnit,
    CompositeSli,
    Severity,
)
from slo.specs.read import read_all, read_specs

DATA = Path(__file__).parent / "data"
FILES = sorted([*DATA.glob("*/*.yaml"), *DATA.glob("*/*.yml")])
SHOP = 'http_request_duration_seconds_count{job="shop"'


def test_all_specs_are_read_at_once_and_none_is_lost() -> None:
    each = [slo for file in FILES for slo in read_specs([file])]
    assert len(FILES) >= 7
    assert list(read_specs(FILES)) == each
    assert len({(slo.service, slo.id) for slo in each}) == len(each)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_spec_has_slos_and_each_knows_its_place(file: Path) -> None:
    reading = read_all([file])
    assert reading.slos
    for place in reading.places:
        name, line = place.rsplit(":", 1)
        assert name == str(file)
        assert 1 <= int(line) <= len(file.read_text().splitlines())


def test_two_slos_of_one_sloth_spec_keep_what_is_theirs() -> None:
    first, second = read_specs([DATA / "sloth/shop.yml"])
    assert first.id == "checkout-availability"
    assert first.objective == Fraction("0.999")
    assert first.sli == QuerySli(
        f"sum(rate({SHOP}}}[{{{{.window}}}}]))",
        bad_query=f'sum(rate({SHOP},code=~"(5..|429)"}}[{{{{.window}}}}]))',
    )
    assert first.labels == {"owner": "checkout-team", "tier": "2"}
    assert first.alerting == Alerting(
        name="ShopFails",
        labels={"category": "availability"},
        annotations={"summary": "Checkouts fail"},
        page_labels={"severity": "pageteam"},
        ticket_labels={"slack_channel": "#checkout"},
        page_annotations={"message": "Wake up, checkouts fail"},
        ticket_annotations={"message": "Checkouts fail now and then"},
    )
    assert second.id == "checkout-latency"
    assert second.title == "Checkout latency"
    assert second.labels == {"owner": "checkout-team", "tier": "1"}
    assert (second.alerting.page, second.alerting.ticket) == (False, False)


def test_what_is_read_and_not_used_is_told() -> None:
    notes = [str(note) for note in read_all([DATA / "sloth/shop.yml"]).notes]
    assert [note.split(": ")[1] for note in notes] == [
        "slo_plugins.chain[0].id",
        "slos[0].interval",
        "slos[0].alerting.page_alert.for",
    ]


def test_subqueries_and_ratios_of_sloth_are_taken_as_they_are() -> None:
    events, ratio = read_specs([DATA / "sloth/wifi.yml"])
    assert isinstance(events.sli, QuerySli)
    assert events.sli.bad_query.endswith("OR on() vector(0)")
    assert isinstance(ratio.sli, RawSli)
    assert ratio.sli.error_query.startswith("1 - (")
    # The name that we would give it ourselves.
    assert events.alerting.name == ""


def test_sloth_of_kubernetes_is_read_with_its_own_spelling() -> None:
    orders, stock = read_specs([DATA / "sloth/kubernetes.yml"])
    assert (orders.service, orders.id) == ("orders", "requests-availability")
    assert (stock.service, stock.id) == ("stock", "requests-availability")
    assert orders.group_by == ("tenant",)
    assert orders.alerting.page_labels == {"severity": "pageteam"}
    assert not orders.alerting.ticket
    assert isinstance(stock.sli, RawSli)


def test_slices_of_a_calendar_week_count_from_the_next_monday() -> None:
    reading = read_all([DATA / "openslo/slices.yaml"])
    [slo] = reading.slos
    assert slo.sli == SliceSli(
        QuerySli(
            'sum(increase(http_requests{k8s_cluster="prod",component="web"}[{{.window}}]))',
            good_query="sum(increase(http_requests{"
            'k8s_cluster="prod",component="web",code=~"2xx|4xx"}[{{.window}}]))',
        ),
        timedelta(minutes=1),
        Fraction("0.95"),
    )
    assert slo.period == Calendar(CalendarUnit.WEEK, date(2022, 1, 3), "America/New_York")
    assert slo.labels == {"env": "prod", "team": "team-a,team-b", "service_tier": "1"}
    assert ["it counts from 2022-01-03 on" in note.sentence for note in reading.notes] == [True]


def test_references_reach_every_kind_and_each_objective_is_an_slo() -> None:
    short, bounded = read_specs([DATA / "openslo/references.yaml"])
    query = 'sum(min_over_time(kafka_consumergroup_lag{consumergroup="annotator"}[2m]))'
    assert short.id == "annotator-throughput-short-queue"
    assert short.title == "Throughput: Short queue"
    assert short.sli == ProbeSli(query, f"({query}) > 100")
    assert bounded.sli == ProbeSli(query, f"({query}) >= 5000.5")
    assert (short.objective, bounded.objective) == (Fraction("0.99"), Fraction("0.999"))
    assert short.period == bounded.period == timedelta(days=28)


def test_alert_policies_become_windows_and_labels() -> None:
    slo, _ = read_specs([DATA / "openslo/references.yaml"])
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert slo.burn_windows == (
        BurnWindow(Severity.PAGE, Fraction("14.4") / (28 * 24), hour, hour / 12),
        BurnWindow(Severity.TICKET, Fraction(3, 28), day, 2 * hour),
    )
    assert [window.factor(slo.length) for window in slo.burn_windows] == [Fraction("14.4"), 3]
    assert slo.alerting == Alerting(
        page_labels={"notification_target": "on-call"},
        ticket_labels={"notification_target": "team-board"},
    )


def test_a_composite_has_parts_with_weights() -> None:
    [slo] = read_specs([DATA / "openslo/composite.yaml"])
    assert isinstance(slo.sli, CompositeSli)
    assert [(part.name, part.weight) for part in slo.sli.parts] == [
        ("checkout", Fraction(3)),
        ("search-works", Fraction(1)),
    ]
    assert slo.sli.parts[1].sli == QuerySli(
        "sum(sum_over_time((searches_last_minute)[{{.window}}:1m]))",
        good_query='sum(sum_over_time((searches_last_minute{result="ok"})[{{.window}}:1m]))',
    )
    assert slo.period == Calendar(CalendarUnit.QUARTER, date(2026, 1, 1), "Europe/Berlin")
    assert slo.burn_windows == BURN_WINDOWS


def test_a_ratio_of_successes_is_turned_round() -> None:
    [slo] = read_specs([DATA / "openslo/raw.yaml"])
    assert isinstance(slo.sli, RawSli)
    assert slo.sli.error_query.startswith("1 - (sum(sum_over_time(")
    assert slo.period == timedelta(days=30)


def test_references_reach_across_files(tmp_path: Path) -> None:
    parts = (DATA / "openslo/references.yaml").read_text().split("---\n")
    files = [tmp_path / f"{number}.yaml" for number in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        file.write_text(part)
    assert read_specs(files) == read_specs([DATA / "openslo/references.yaml"])
