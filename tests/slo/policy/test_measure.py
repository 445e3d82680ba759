"""What is measured for a policy, of indicators of every kind, by a real Prometheus."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from slo.indicators import QuerySli, RawSli
from slo.model import CompositeSli, Part, Slo
from slo.objectives import SWIPE_AVAILABILITY
from slo.policy.measure import Measurement, measure
from slo.prometheus import Prometheus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.slo.conftest import Counters, Serve

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
# One day in two for each situation, so that none sees another.
RARE, ONCE, PAUSED, SPARSE, BOTH = (datetime(2026, 1, day, tzinfo=UTC) for day in (5, 7, 9, 11, 13))
COUNT = "http_server_request_duration_seconds_count"
SWIPES, DECKS = (f'{COUNT}{{http_route="{route}"}}' for route in ("/api/swipes", "/api/deck"))


@pytest.fixture(scope="module")
def prometheus(counters: Counters, serve: Serve) -> Iterator[Prometheus]:
    steady, five = [10] * 1440, [0, 0, 0, 0, 1]
    # Twelve requests an hour: of the last hour all fail, or one does.
    for day, bad in ((RARE, 12), (ONCE, 1)):
        counters.grow(day, five * (288 - bad) + [0] * 5 * bad)
        counters.grow(day, [0] * 5 * (288 - bad) + five * bad, status="500")
    # All fails for the last hour, and nothing was asked in the last ten minutes of it.
    counters.grow(PAUSED, steady[:-60] + [0] * 60)
    counters.grow(PAUSED, [0] * 1380 + [10] * 50 + [0] * 10, status="500")
    # A scrape in four minutes leaves most windows of five minutes with one.
    counters.grow(SPARSE, [40] * 360, every=240)
    counters.grow(SPARSE, [0] * 360, every=240, status="500")
    # Two instances, of which one fails; decks come later and end sooner.
    counters.grow(BOTH, steady, instance="a")
    counters.grow(BOTH, steady, instance="b")
    counters.grow(BOTH, [1] * 1440, instance="b", status="500")
    counters.grow(BOTH + timedelta(hours=6), steady[:1050], route="/api/deck", method="GET")
    with Prometheus(serve(counters.history)) as found:
        yield found


def one(slo: Slo, day: datetime, prometheus: Prometheus, minutes: int = 1439) -> Measurement:
    (found,) = measure(slo, day + minutes * MINUTE, DAY, prometheus)
    return found


def burning(found: Measurement) -> list[bool]:
    return [burn.burning for burn in found.burns]


def test_an_outage_of_a_rare_service_burns_as_its_alert_says(prometheus: Prometheus) -> None:
    found = one(SWIPE_AVAILABILITY, RARE, prometheus)
    assert burning(found)[0]
    assert found.worst_burn is not None
    assert found.worst_burn.rate == pytest.approx(1 / 0.0005)


def test_one_failure_of_a_rare_service_does_not(prometheus: Prometheus) -> None:
    found = one(SWIPE_AVAILABILITY, ONCE, prometheus)
    assert burning(found) == [False, False]
    # Though its rate is far above the factor.
    assert all(burn.rate is not None and burn.rate > burn.factor for burn in found.burns)


def test_a_pause_does_not_end_a_burn(prometheus: Prometheus) -> None:
    assert burning(one(SWIPE_AVAILABILITY, PAUSED, prometheus)) == [True, True]


def test_a_window_that_nothing_is_known_of_is_no_calm_one(prometheus: Prometheus) -> None:
    found = one(SWIPE_AVAILABILITY, SPARSE, prometheus, minutes=1435)
    fast, slow = found.burns
    assert (fast.rate, slow.rate) == (None, Fraction(0))
    assert "[5m]" in fast.missing
    assert found.worst_burn is fast
    assert found.result.total == pytest.approx(14_400, rel=0.01)


def test_groups_are_measured_one_by_one(prometheus: Prometheus) -> None:
    failures = f"{SWIPES[:-1]},error_type!=''}}"
    total, bad = (f"sum by (instance) (rate({x}[{{{{.window}}}}]))" for x in (SWIPES, failures))
    sli = QuerySli(total, bad_query=bad)
    slo = replace(SWIPE_AVAILABILITY, group_by=("instance",), sli=sli)
    good, failing = measure(slo, BOTH + 1439 * MINUTE, DAY, prometheus)
    assert (good.result.name, failing.result.name) == (
        'swipe-availability{instance="a"}',
        'swipe-availability{instance="b"}',
    )
    assert (good.left, burning(good)) == (Fraction(1), [False, False])
    assert failing.left is not None
    assert failing.left < 0
    assert burning(failing) == [True, True]


def test_of_two_counters_the_newer_history_and_the_older_sample_count(
    prometheus: Prometheus,
) -> None:
    parts = (
        Part("swipes", Fraction(1), QuerySli(*[f"sum(rate({SWIPES}[{{{{.window}}}}]))"] * 2)),
        Part("decks", Fraction(1), QuerySli(*[f"sum(rate({DECKS}[{{{{.window}}}}]))"] * 2)),
    )
    slo = replace(SWIPE_AVAILABILITY, sli=CompositeSli(parts))
    found = one(slo, BOTH, prometheus)
    assert found.samples.oldest == BOTH + timedelta(hours=6)
    # The last of 1,050 scrapes.
    assert found.samples.newest == BOTH + timedelta(hours=6) + 1049 * MINUTE
    assert found.events is None
    assert found.left == 1
    names = [name for name, _ in found.samples.queries]
    assert names == ["newest sample", "newest sample 2", "oldest sample", "oldest sample 2"]


def test_a_ratio_of_somebody_else_is_as_fresh_as_what_it_reads(prometheus: Prometheus) -> None:
    query = f"sum(rate({SWIPES}[{{{{.window}}}}])) * 0"
    slo = replace(SWIPE_AVAILABILITY, sli=RawSli(query))
    found = one(slo, BOTH, prometheus)
    assert (found.samples.newest, found.samples.oldest) == (BOTH + 1439 * MINUTE, BOTH)
    assert found.events is None


def test_a_counter_that_is_not_there_has_no_samples(prometheus: Prometheus) -> None:
    found = one(SWIPE_AVAILABILITY, RARE - 2 * DAY, prometheus)
    assert (found.samples.newest, found.burns, found.left) == (None, (), None)


def test_a_counter_that_is_not_there_is_not_as_fresh_as_another(prometheus: Prometheus) -> None:
    total = f"sum(rate({SWIPES}[{{{{.window}}}}])) or sum(rate(gone[{{{{.window}}}}]))"
    sli = QuerySli(total, bad_query="sum(rate(gone[{{.window}}]))")
    found = one(replace(SWIPE_AVAILABILITY, sli=sli), BOTH, prometheus)
    assert found.left == 1
    assert (found.samples.newest, found.samples.oldest) == (None, None)
