"""Shapes of traffic: what each counter of a service counted, slot by slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.alerts.replay import SLOT, Counter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.alerts.replay import Events

HOUR = 3600 // SLOT
DAY = 24 * HOUR
NAME = "http_server_request_duration_seconds_count"
BUCKET = "http_server_request_duration_seconds_bucket"

Shape = list[Counter]


def traffic(slots: int, mean: object, bad: object, seed: int) -> tuple[Events, Events]:
    """Draw the good and the bad events of each slot from their mean number and share."""
    draw = np.random.default_rng(seed)
    total = draw.poisson(np.broadcast_to(np.asarray(mean, float), (slots,)))
    failed = draw.binomial(total, np.broadcast_to(np.asarray(bad, float), (slots,)))
    return (total - failed).astype(np.int64), failed.astype(np.int64)


def pair(job: str, instance: str, events: tuple[Events, Events], **others: object) -> Shape:
    """Count good and bad events in one process; both counters begin at zero with it."""
    return [
        Counter(
            {"__name__": NAME, "job": job, "instance": instance, "error_type": kind},
            counted,
            **others,  # type: ignore[arg-type]  # handed on as they are
        )
        for kind, counted in zip(("", "error"), events, strict=True)
    ]


def hours(slots: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the hour of each slot."""
    return np.arange(slots) / HOUR


def steady(slots: int) -> Shape:
    """Always the same, and half a per cent of it bad."""
    return pair("steady", "a", traffic(slots, 20, 0.005, 1)) + pair(
        "steady", "b", traffic(slots, 20, 0.005, 2), phase=1
    )


def diurnal(slots: int) -> Shape:
    """A hundred times more by day, and a tenth bad by night."""
    day = 1 + 99 * (1 - np.cos(hours(slots) / 24 * 2 * np.pi)) / 2
    return pair("diurnal", "a", traffic(slots, day, np.where(day < 10, 0.1, 0.0001), 3), phase=2)


def bursty(slots: int) -> Shape:
    """Every seven minutes twenty seconds of a hundred times more, half of which fail."""
    burst = np.arange(slots) % (7 * 60 // SLOT + 1) < 20 // SLOT
    mean = np.where(burst, 200, 2)
    return pair("bursty", "a", traffic(slots, mean, np.where(burst, 0.5, 0.001), 4), phase=1)


def gappy(slots: int) -> Shape:
    """No event at all for hours, and hours of little."""
    mean = np.where(hours(slots) % 11 < 6, 0, 0.3)
    return pair("gappy", "a", traffic(slots, mean, 0.02, 5), phase=1)


def flawless(slots: int) -> Shape:
    """Nothing is bad, and no series of bad events exists."""
    return pair("flawless", "a", traffic(slots, 5, 0, 6), phase=1)[:1]


def restarting(slots: int) -> Shape:
    """The process begins again every five hours, in the middle of a scrape, and fails then."""
    restarts = np.arange(5 * HOUR + 1, slots, 5 * HOUR + 7)
    cold = np.zeros(slots, bool)
    for at in restarts:
        cold[at : at + 24] = True
    events = traffic(slots, 20, np.where(cold, 0.4, 0.002), 7)
    return pair("restarting", "a", events, restarts=restarts.tolist(), phase=1)


def rolling(slots: int) -> Shape:
    """Three instances, each replaced by a new one every six hours, which fails at first."""
    counters = []
    for number, begin in enumerate(range(-6 * HOUR, slots, 2 * HOUR + 5)):
        born, gone = max(0, begin), min(slots, begin + 6 * HOUR + 15)
        there = (np.arange(slots) >= born) & (np.arange(slots) < gone)
        cold = there & (np.arange(slots) < born + 24)
        events = traffic(slots, np.where(there, 8, 0), np.where(cold, 0.3, 0.003), 100 + number)
        # Scraped for the first time before its first request.
        phase = (born + number) % 3
        first = born + (phase - born) % 3
        for counted in events:
            counted[:first] = 0
        counters += pair("rolling", f"i{number}", events, born=first, gone=gone, phase=phase)
    return counters


def late(slots: int) -> Shape:
    """The first failure comes after two thirds; the counter stood at zero until then."""
    share = np.where(hours(slots) > slots / HOUR * 2 / 3, 0.01, 0)
    return pair("late", "a", traffic(slots, 10, share, 8), phase=1)


def rare(slots: int) -> Shape:
    """A failure every few hours, and each on a counter that stood at zero."""
    restarts = np.arange(5 * HOUR + 1, slots, 5 * HOUR)
    good, _ = traffic(slots, 10, 0, 9)
    bad = np.zeros(slots, np.int64)
    bad[restarts - HOUR] = 1
    return pair("rare", "a", (good, bad), restarts=restarts.tolist(), phase=1)


def busy(slots: int) -> Shape:
    """Too busy to be scraped for two minutes in every hour, and failing just then."""
    starts = np.arange(HOUR, slots - HOUR, HOUR + 11)
    overloaded = np.zeros(slots, bool)
    for at in starts:
        overloaded[at : at + 24] = True
    events = traffic(slots, 20, np.where(overloaded, 0.3, 0.001), 10)
    return pair("busy", "a", events, unscraped=[(at, at + 24) for at in starts], phase=1)


def jittery(slots: int) -> Shape:
    """Every scrape misses its moment by up to a second."""
    return pair("jittery", "a", traffic(slots, 20, 0.005, 11), jitter=1, phase=1) + pair(
        "jittery", "b", traffic(slots, 20, 0.005, 12), jitter=1, phase=2
    )


SHAPES: dict[str, Callable[[int], Shape]] = {
    shape.__name__: shape
    for shape in (
        steady,
        diurnal,
        bursty,
        gappy,
        flawless,
        restarting,
        rolling,
        late,
        rare,
        busy,
        jittery,
    )
}
