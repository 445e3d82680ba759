"""Checks of what a real Prometheus has of a window, whole and with one thing missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from loadtests.judging.scrapes import scraped
from slo.prometheus import Prometheus
from slo.queries import Between
from tests.loadtests.judging.loads import NOWHERE
from tests.slo.conftest import name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.slo.conftest import Serve

EVERY = timedelta(seconds=2)
SECONDS = 120
# One hour for each situation, so that none sees another.
HOURS = {
    situation: datetime(2026, 2, 2, hour, tzinfo=UTC)
    for hour, situation in enumerate(
        ("whole", "down", "gap", "sparse", "restart", "quick restart", "nothing", "late", "young")
    )
}
Points = list[tuple[float, int]]


def series(situation: str, target: str) -> tuple[Points, Points, Points]:
    """Return up, the requests and the begin of the process, scraped for longer than the window."""
    begin = HOURS[situation].timestamp()
    moments = [begin + n * 2 for n in range(-10, SECONDS // 2 + 10)]
    broken = target == "api:9101"
    if broken and situation == "gap":
        # Seven of 60 scrapes are less than a tenth.
        moments = [m for m in moments if not 40 < m - begin < 50]
    if broken and situation == "sparse":
        moments = [m for n, m in enumerate(moments) if n % 3]
    up = [(m, int(not (broken and situation == "down" and m - begin == 60))) for m in moments]
    restarted = broken and "restart" in situation
    # The second time it counts so fast that it is never seen below what it was.
    faster = 100 if situation == "quick restart" else 1
    requests = [
        (m, int(m - begin - 60) * faster if restarted and m - begin >= 62 else int(m - begin + 30))
        for m in moments
    ]
    started = [
        (m, int(begin + 60 if restarted and m - begin >= 62 else begin - 99)) for m in moments
    ]
    if broken and situation == "young":
        # Begun between the last scrape before the window and the first one in it.
        started = [(m, int(begin + 1 if m > begin else begin - 99)) for m in moments]
    return up, requests, started


@pytest.fixture(scope="module")
def prometheus(serve: Serve) -> Iterator[Prometheus]:
    history: dict[str, Points] = {}
    for target in ("api:9100", "api:9101"):
        labels = f'{{job="petswipe-api",instance="{target}"}}'
        found = [series(each, target) for each in HOURS if each not in ("nothing", "late")]
        history[f"up{labels}"] = [point for up, _, _ in found for point in up]
        history[name(instance=target)] = [point for _, counts, _ in found for point in counts]
        history[f"process_start_time_seconds{labels}"] = [p for _, _, begun in found for p in begun]
    late = HOURS["late"].timestamp()
    history['up{job="petswipe-api",instance="api:9100"}'] += [
        (late + n * 2, 1) for n in range(30, 70)
    ]
    with Prometheus(serve(history)) as found_:
        yield found_


def checked(prometheus: Prometheus, situation: str, targets: int = 2) -> dict[str, str]:
    """Return what is wrong with a window, by check."""
    begin = HOURS[situation]
    window = Between(begin, begin + timedelta(seconds=SECONDS, milliseconds=700))
    found = scraped(prometheus, window, targets, EVERY)
    assert [check.id for check in found] == ["targets", "targets-up", "scrapes", "counters"]
    assert all(check.title and check.detail for check in found)
    return {check.id: check.detail for check in found if not check.passed}


def test_a_whole_window_passes(prometheus: Prometheus) -> None:
    assert checked(prometheus, "whole") == {}


@pytest.mark.parametrize(
    ("situation", "check", "detail"),
    [
        ("down", "targets-up", "a target was down for at least one scrape: min("),
        ("gap", "scrapes", "within 6s at 5"),
        ("sparse", "scrapes", "times, 54 wanted"),
        ("restart", "counters", "a process restarted or was lost: "),
        ("quick restart", "counters", "1 by sum(changes(process_start_time_seconds"),
        ("young", "counters", "1 by count(process_start_time_seconds"),
    ],
)
def test_a_window_that_is_not_whole_fails_the_check_of_what_is_missing(
    prometheus: Prometheus, situation: str, check: str, detail: str
) -> None:
    found = checked(prometheus, situation)
    assert list(found) == [check]
    assert detail in found[check]


@pytest.mark.parametrize("targets", [0, 1, 3])
def test_targets_that_came_or_went_are_no_evidence(prometheus: Prometheus, targets: int) -> None:
    found = checked(prometheus, "whole", targets)
    assert found == {
        "targets": f"2 targets were scraped, {targets} were there before the load",
    }


def test_a_target_that_came_late_leaves_a_gap(prometheus: Prometheus) -> None:
    assert "scrapes" in checked(prometheus, "late", 1)


def test_of_a_short_window_no_more_scrapes_are_wanted_than_fit(prometheus: Prometheus) -> None:
    begin = HOURS["whole"]
    window = Between(begin, begin + timedelta(seconds=6, milliseconds=950))
    assert all(check.passed for check in scraped(prometheus, window, 2, EVERY))


def test_a_window_without_anything_fails_every_check(prometheus: Prometheus) -> None:
    found = checked(prometheus, "nothing")
    assert set(found) == {"targets", "targets-up", "scrapes", "counters"}
    assert all("the query gives no series" in detail for detail in found.values())


def test_nobody_to_ask_fails_every_check() -> None:
    with Prometheus(NOWHERE) as nobody:
        found = checked(nobody, "whole")
    assert len(found) == 4
    assert all("is not reachable" in detail for detail in found.values())
