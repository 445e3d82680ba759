from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

from app.errors import NotFound, Unavailable
from app.telemetry.tracing import (
    MOST_SPANS,
    MOST_TRACES,
    SLOW_NS,
    Kind,
    NoSpan,
    Span,
    Tracer,
    current,
    span,
)
from app.telemetry.w3c import Remote, read_parent

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

REMOTE = Remote(0xABC, 0xDEF, sampled=True)
STRANGER = Remote(0xABC, 0xDEF, sampled=False)


@dataclass
class Recorder:
    """A sink that remembers, and refuses when it is told to."""

    kept: list[list[Span]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    refuses: str = ""

    def keep(self, spans: list[Span]) -> None:
        """Take spans of one trace."""
        if self.refuses:
            spans[0].trace.lost = self.refuses
            self.dropped[self.refuses] += len(spans)
        else:
            self.kept.append(spans)

    def drop(self, count: int, reason: str) -> None:
        """Count spans."""
        self.dropped[reason] += count

    def names(self) -> list[list[str]]:
        """Return the names of the kept spans, trace by trace."""
        return [[one.name for one in spans] for spans in self.kept]


@pytest.fixture
def sink() -> Iterator[Recorder]:
    yield Recorder()
    # A test that has left a span open would be the parent of the next one.
    assert current() is None


def begin(tracer: Tracer, remote: Remote | None = None) -> Span:
    return tracer.begin("GET", Kind.SERVER, remote, "request-1")


def make_slow(root: Span, seconds: float) -> None:
    root.started -= int(seconds * SLOW_NS)


async def test_spans_hang_below_the_one_that_was_open_where_they_began(sink: Recorder) -> None:
    root = begin(Tracer(1, sink))
    with span("outer") as outer:
        with span("inner", Kind.CLIENT) as inner:
            assert current() is inner
        with span("second") as second:
            pass
        assert current() is outer
    with span("third") as third:
        pass
    assert root.trace.tracer.end(root)
    assert sink.names() == [["inner", "second", "outer", "third", "GET"]]
    assert isinstance(outer, Span)
    ids = {one.name: (one.parent_id, one.kind) for one in sink.kept[0]}
    assert ids == {
        "inner": (outer.span_id, Kind.CLIENT),
        "second": (outer.span_id, Kind.INTERNAL),
        "outer": (root.span_id, Kind.INTERNAL),
        "third": (root.span_id, Kind.INTERNAL),
        "GET": (0, Kind.SERVER),
    }
    opened = {one.span_id for one in sink.kept[0]}
    assert len(opened) == len(sink.kept[0])
    for one in (inner, second, third):
        assert isinstance(one, Span)
        assert one.trace is root.trace
        assert one.ended >= one.started


async def test_tasks_have_their_own_place_in_the_tree(sink: Recorder) -> None:
    root = begin(Tracer(1, sink))
    both = asyncio.Barrier(2)

    async def work(name: str) -> None:
        with span(name):
            await both.wait()
            with span(f"{name} inside"):
                await both.wait()
            assert current() is not root
        assert current() is root

    await asyncio.gather(work("a"), work("b"))
    assert current() is root
    root.trace.tracer.end(root)
    names = {one.span_id: one.name for one in sink.kept[0]}
    parents = {one.name: names.get(one.parent_id) for one in sink.kept[0]}
    assert parents == {"a": "GET", "b": "GET", "a inside": "a", "b inside": "b", "GET": None}


async def test_requests_at_once_do_not_meet(sink: Recorder) -> None:
    tracer = Tracer(1, sink)
    all_here = asyncio.Barrier(10)

    async def request(number: int) -> None:
        root = begin(tracer)
        await all_here.wait()
        with span(str(number)):
            await all_here.wait()
        tracer.end(root)

    await asyncio.gather(*(request(number) for number in range(10)))
    assert len({spans[0].trace.trace_id for spans in sink.kept}) == 10
    for inner, root in sink.kept:
        assert inner.parent is root


async def test_a_span_that_is_finished_by_hand_is_nobodys_parent(sink: Recorder) -> None:
    root = begin(Tracer(1, sink))
    first = span("first")
    with span("second"):
        first.finish()
        first.finish("twice")
    root.trace.tracer.end(root)
    assert sink.names() == [["first", "second", "GET"]]
    assert {one.parent_id for one in sink.kept[0]} == {root.span_id, 0}
    assert [one.error for one in sink.kept[0]] == ["", "", ""]


async def test_the_end_of_a_trace_counts_once(sink: Recorder) -> None:
    tracer = Tracer(1, sink)
    root = begin(tracer)
    assert tracer.end(root)
    assert not tracer.end(root)
    assert sink.names() == [["GET"]]


async def test_the_callers_trace_goes_on(sink: Recorder) -> None:
    tracer = Tracer(0, sink)
    root = begin(tracer, REMOTE)
    with span("call") as call:
        sent = read_parent(call.traceparent.encode())
    assert isinstance(call, Span)
    assert tracer.end(root)
    assert (root.trace.trace_id, root.parent_id) == (REMOTE.trace_id, REMOTE.span_id)
    assert sent == Remote(REMOTE.trace_id, call.span_id, sampled=True)


async def test_a_caller_who_does_not_sample_decides_for_us(sink: Recorder) -> None:
    tracer = Tracer(1, sink)
    root = begin(tracer, STRANGER)
    sent = read_parent(root.traceparent.encode())
    assert not tracer.end(root)
    assert sent == Remote(STRANGER.trace_id, root.span_id, sampled=False)
    assert sink.dropped == {"unsampled": 1}


@pytest.mark.parametrize("ratio", [0.0, 1e-9, 0.1, 0.5, 0.999, 1.0])
async def test_the_ratio_is_opentelemetrys(sink: Recorder, ratio: float) -> None:
    tracer, sampler = Tracer(ratio, sink), TraceIdRatioBased(ratio)
    ids = random.Random(ratio)  # noqa: S311  # the same ones in every run
    edge = round(ratio * (1 << 64))
    trace_ids = [ids.getrandbits(128) or 1 for _ in range(10_000)]
    trace_ids += [1 << 64, (1 << 128) - 1, max(1, edge - 1), max(1, edge), edge + 1]
    kept = [tracer.samples(trace_id) for trace_id in trace_ids]
    theirs = [
        sampler.should_sample(None, trace_id, "").decision is Decision.RECORD_AND_SAMPLE
        for trace_id in trace_ids
    ]
    assert kept == theirs
    assert sum(kept) == pytest.approx(10_000 * ratio, abs=200)


async def test_traces_that_begin_here_are_kept_in_their_share(sink: Recorder) -> None:
    tracer = Tracer(0.1, sink)
    kept = sum(tracer.end(begin(tracer)) for _ in range(10_000))
    assert len(sink.kept) == kept
    assert sink.dropped == {"unsampled": 10_000 - kept}
    # Five standard deviations.
    assert kept == pytest.approx(1000, abs=150)


async def test_an_unsampled_trace_is_dropped_and_counted(sink: Recorder) -> None:
    tracer = Tracer(0, sink)
    root = begin(tracer)
    with span("work"):
        pass
    assert not tracer.end(root)
    assert sink.kept == []
    assert sink.dropped == {"unsampled": 2}


async def test_an_error_in_any_child_keeps_all_of_a_trace(sink: Recorder) -> None:
    tracer = Tracer(0, sink)
    root = begin(tracer)
    with span("fine"):
        pass
    with pytest.raises(ZeroDivisionError), span("outer"), span("inner"):
        raise ZeroDivisionError("a secret")
    with span("fine again"):
        pass
    assert tracer.end(root)
    assert sink.names() == [["fine", "inner", "outer", "fine again", "GET"]]
    errors = [one.error for one in sink.kept[0]]
    assert errors == ["", "ZeroDivisionError", "ZeroDivisionError", "", ""]
    assert sink.dropped == {}


async def test_an_error_of_the_first_span_keeps_all_of_a_trace(sink: Recorder) -> None:
    tracer = Tracer(0, sink)
    root = begin(tracer, STRANGER)
    with span("work"):
        pass
    assert tracer.end(root, "timeout")
    assert [one.error for one in sink.kept[0]] == ["", "timeout"]


@pytest.mark.parametrize(("seconds", "kept"), [(0.5, False), (1, True), (30, True)])
async def test_a_slow_trace_is_kept(sink: Recorder, seconds: float, *, kept: bool) -> None:
    tracer = Tracer(0, sink)
    root = begin(tracer)
    with span("work"):
        pass
    make_slow(root, seconds)
    assert tracer.end(root) is kept
    assert sink.names() == ([["work", "GET"]] if kept else [])


class Teapot(Exception):
    """An exception of somebody else that has a `status` of its own."""

    def __init__(self, status: object) -> None:
        """Take anything."""
        self.status = status


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NotFound("no such pet"), ""),
        (Unavailable("try again"), "Unavailable"),
        (KeyError("pet"), "KeyError"),
        (Teapot(418), "Teapot"),
        (Teapot(None), "Teapot"),
        (asyncio.CancelledError(), "CancelledError"),
    ],
)
async def test_only_what_is_our_fault_is_an_error(
    sink: Recorder, error: BaseException, told: str
) -> None:
    tracer = Tracer(0, sink)
    root = begin(tracer)
    with pytest.raises(type(error)), span("work") as work:
        raise error
    assert isinstance(work, Span)
    assert work.error == told
    assert tracer.end(root) is bool(told)


async def test_a_class_attribute_named_status_may_be_anything(sink: Recorder) -> None:
    class Odd(Exception):
        status = "503"

    tracer = Tracer(0, sink)
    root = begin(tracer)
    with pytest.raises(Odd), span("work"):
        raise Odd
    assert tracer.end(root)


async def test_a_trace_holds_so_many_spans_and_always_its_first(sink: Recorder) -> None:
    tracer = Tracer(1, sink)
    root = begin(tracer)
    for number in range(MOST_SPANS + 10):
        with span(str(number)):
            pass
    assert tracer.end(root)
    assert sink.names() == [[*(str(number) for number in range(MOST_SPANS - 1)), "GET"]]
    assert sink.dropped == {"trace_full": 11}


async def test_the_oldest_trace_makes_room_and_is_counted(sink: Recorder) -> None:
    tracer = Tracer(1, sink)
    oldest = begin(tracer)
    with span("done"):
        pass
    late = span("late")
    others = [begin(tracer) for _ in range(MOST_TRACES - 1)]
    assert sink.dropped == {}
    last = begin(tracer)
    assert sink.dropped == {"evicted": 1}
    late.finish()
    assert not tracer.end(oldest, "failed")
    assert sink.dropped == {"evicted": 3}
    assert all(tracer.end(root) for root in [*others, last])
    assert len(sink.kept) == MOST_TRACES
    # What has ended makes room as well.
    for _ in range(MOST_TRACES + 1):
        tracer.end(begin(tracer))
    assert sink.dropped == {"evicted": 3}


@pytest.mark.parametrize(
    ("ratio", "refuses", "reason"),
    [(1, "", ""), (0, "", "unsampled"), (1, "queue_full", "queue_full")],
)
async def test_late_spans_share_the_fate_of_their_trace(
    sink: Recorder, ratio: float, refuses: str, reason: str
) -> None:
    sink.refuses = refuses
    tracer = Tracer(ratio, sink)
    root = begin(tracer)
    late = span("late")
    goes_on = asyncio.Event()

    async def work_on() -> None:
        await goes_on.wait()
        with span("later"):
            pass

    task = asyncio.create_task(work_on())
    await asyncio.sleep(0)
    assert tracer.end(root) is not bool(reason)
    sink.refuses = ""
    goes_on.set()
    await task
    late.finish("failed")
    assert sink.names() == ([] if reason else [["GET"], ["later"], ["late"]])
    assert sink.dropped == ({reason: 3} if reason else {})


async def test_no_trace_is_kept_that_found_no_room(sink: Recorder) -> None:
    sink.refuses = "queue_full"
    tracer = Tracer(1, sink)
    assert not tracer.end(begin(tracer))


async def test_without_a_request_there_is_no_span() -> None:
    with span("alone") as alone:
        assert current() is None
    assert isinstance(alone, NoSpan)
    assert alone.traceparent == ""


async def test_without_recording_there_are_only_ids(sink: Recorder) -> None:
    tracer = Tracer(1, sink, recording=False)
    root = begin(tracer)
    assert current() is root
    with span("work") as work:
        assert current() is root
    assert isinstance(work, NoSpan)
    work.finish("failed")
    # Nobody records it, so nobody who is called has a reason to.
    expected = Remote(root.trace.trace_id, root.span_id, sampled=False)
    assert read_parent(work.traceparent.encode()) == expected
    assert not tracer.end(root, "failed")
    assert (sink.kept, sink.dropped) == ([], {})


@pytest.mark.parametrize("remote", [REMOTE, STRANGER])
async def test_without_recording_who_is_called_continues_the_callers_span(
    sink: Recorder, remote: Remote
) -> None:
    tracer = Tracer(0, sink, recording=False)
    root = begin(tracer, remote)
    with span("work") as work:
        assert read_parent(work.traceparent.encode()) == remote
    tracer.end(root)


async def test_odd_attributes_do_not_reach_the_request(sink: Recorder) -> None:
    tracer = Tracer(1, sink)
    root = begin(tracer)
    odd: dict[str, object] = {"none": None, "bytes": b"\xff", "list": [1, "a"], "own": object()}
    with span("work", Kind.CLIENT, odd):  # type: ignore[arg-type]  # what types are there to prevent
        pass
    assert tracer.end(root)
    assert sink.kept[0][0].attributes is odd


async def test_an_ended_trace_is_no_work_for_the_collector_of_garbage(sink: Recorder) -> None:
    tracer = Tracer(0, sink)
    gc.collect()
    gc.disable()
    try:
        for _ in range(100):
            root = begin(tracer)
            with span("work"):
                pass
            tracer.end(root)
        del root
        spans = [one for one in gc.get_objects() if isinstance(one, Span)]
        assert [one for one in spans if one.trace.tracer is tracer] == []
    finally:
        gc.enable()
