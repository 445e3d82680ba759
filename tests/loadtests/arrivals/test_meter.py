"""What one process notes of its requests, and how it tells the others."""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from loadtests.arrivals import meter as module
from loadtests.arrivals.meter import SLOWEST, Meter, read_answers, read_slowest
from loadtests.errors import InvalidRun

if TYPE_CHECKING:
    from collections.abc import Sequence

SWIPE, DECK = "POST /api/swipes", "GET /api/deck"


def note(meter: Meter, step: str, operation: str, status: int, seconds: float = 0.01) -> None:
    good = status in (200, 201)
    meter.answer(step, operation, status, seconds, f"{seconds:g}", good=good)


def told(meter: Meter) -> dict[str, object]:
    """Return the message as another process gets it."""
    message: dict[str, object] = json.loads(json.dumps(meter.message()))
    return message


def test_requests_are_counted_by_step_operation_and_status() -> None:
    meter = Meter(("warm-up", "load"))
    note(meter, "warm-up", DECK, 200)
    for status in (201, 201, 500, 0):
        note(meter, "load", SWIPE, status)
    meter.dropped("load")
    assert (meter.sent, meter.failed) == (5, 2)
    message = meter.message()
    assert message["sent"] == 5
    sent, dropped, operations = message["steps"]["load"]
    assert (sent, dropped) == (4, 1)
    answers = read_answers(operations)[SWIPE]
    assert answers.statuses == Counter({201: 2, 500: 1, 0: 1})
    assert answers.good.total == 2


def test_what_is_told_is_read_back_whole() -> None:
    meter = Meter(("load",))
    for n in range(200):
        note(meter, "load", SWIPE, 201 if n % 3 else 503, n / 100)
        meter.late(n / 1000)
    meter.prepare("POST /api/auth/login", 200, 0.2, good=True)
    message = told(meter)
    assert message == meter.message()
    assert read_slowest(message["slowest"])[0].step == "load"  # type: ignore[arg-type]  # JSON


def test_the_slowest_are_kept_with_their_traces() -> None:
    meter = Meter(("load",))
    # Neither in order nor all of them late.
    for n in chain(range(50, 100), range(50)):
        note(meter, "load", SWIPE, 201, n / 10)
    found = sorted(read_slowest(meter.message()["slowest"]), key=lambda slow: slow.seconds)
    assert [slow.seconds for slow in found] == [n / 10 for n in range(100 - SLOWEST, 100)]
    assert all(slow.trace_id == f"{slow.seconds:g}" for slow in found)


def test_a_clock_that_steps_back_is_no_lag() -> None:
    meter = Meter(("load",))
    meter.late(-1.0)
    meter.late(0.02)
    assert meter.lag.total == 2
    assert meter.lag.quantile(0) == pytest.approx(0, abs=1e-5)


def looked(monkeypatch: pytest.MonkeyPatch, shares: Sequence[float]) -> Meter:
    """Look every second at a process that used these shares of its core since the last look."""
    meter, used = Meter(("load",)), 0.0
    for second, share in enumerate((0.0, *shares)):
        used += share
        monkeypatch.setattr(module, "perf_counter", lambda now=second: float(now))
        monkeypatch.setattr(module, "process_time", lambda now=used: now)
        meter.look_at_cpu()
    return meter


def test_the_busiest_five_seconds_are_not_hidden_by_quiet_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message = looked(monkeypatch, [0.1] * 20 + [0.9] * 5 + [0.1] * 20).message()
    assert message["busiest"] == pytest.approx(0.9)
    assert message["cpu"] == pytest.approx((40 * 0.1 + 5 * 0.9) / 45)


def test_a_second_of_work_is_no_stretch_of_five(monkeypatch: pytest.MonkeyPatch) -> None:
    message = looked(monkeypatch, [0.1] * 10 + [1.0] + [0.1] * 10).message()
    assert message["busiest"] == pytest.approx((4 * 0.1 + 1.0) / 5)


def test_of_a_short_load_all_of_it_is_the_busiest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked(monkeypatch, [0.2, 0.6]).message()["busiest"] == pytest.approx(0.4)


def test_what_no_process_of_ours_has_written_is_no_evidence() -> None:
    with pytest.raises(InvalidRun):
        read_answers({SWIPE: [[[200, 3]], {"counts": "many"}]})
