"""Spans as plain records: cheap to make, kept or dropped together when their request ends.

A trace is kept when it was sampled, or failed anywhere, or took a second: that is known at its end
only, so the spans of every request are held until then, within bounds. What is kept goes to the
exporter as a whole. No count here feeds an objective.
"""

from __future__ import annotations

from contextvars import ContextVar
from enum import IntEnum
from random import Random
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Self

from app.telemetry.w3c import Remote, write_parent

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Protocol

    Value = str | int | float | bool

    class Sink(Protocol):
        """Takes what is kept; counts what it is given and what it cannot take."""

        def keep(self, spans: list[Span]) -> None:
            """Take finished spans of one kept trace, all or none, without ever waiting.

            A trace whose spans it cannot take is `lost`, and the reason is there.
            """

        def drop(self, count: int, reason: str) -> None:
            """Count spans that are not kept."""


MOST_TRACES = 2048
MOST_SPANS = 256
SLOW_NS = 1_000_000_000
SERVER_ERROR = 500
# The same bits and bound as OpenTelemetry's ratio sampler, so that services agree on a trace.
RATIO_BITS = (1 << 64) - 1
CURRENT: ContextVar[Span | None] = ContextVar("span", default=None)
# Seeded by the operating system; ids need to be different, not secret.
IDS = Random()  # noqa: S311


class Kind(IntEnum):
    """What a span is to others; OpenTelemetry's numbers."""

    INTERNAL = 0
    SERVER = 1
    CLIENT = 2
    PRODUCER = 3
    CONSUMER = 4


class Trace:
    """The spans of one request, or of one delivered event, in this process."""

    __slots__ = (
        "began_at",
        "ended",
        "failed",
        "lost",
        "remote",
        "request_id",
        "sampled",
        "spans",
        "trace_id",
        "tracer",
        "zero",
    )

    def __init__(self, tracer: Tracer, remote: Remote | None, request_id: str) -> None:
        """Continue the caller's trace, or begin one."""
        self.tracer = tracer
        self.remote = remote
        self.request_id = request_id
        if remote is None:
            self.trace_id = IDS.getrandbits(128) or 1
            self.sampled = tracer.samples(self.trace_id)
        else:
            self.trace_id, self.sampled = remote.trace_id, remote.sampled
        self.spans: list[Span] = []
        self.failed = False
        self.ended = False
        # Why its spans are no longer held, once they are not.
        self.lost = ""
        self.zero = perf_counter_ns()
        self.began_at = time_ns()

    def unix_ns(self, at: int) -> int:
        """Turn a reading of the process's clock into one of the world's."""
        return self.began_at + at - self.zero


class Span:
    """One piece of work; a `with` block makes it the parent of what happens inside."""

    __slots__ = (
        "attributes",
        "ended",
        "error",
        "kind",
        "links",
        "name",
        "parent",
        "parent_id",
        "span_id",
        "started",
        "trace",
    )

    def __init__(
        self,
        trace: Trace,
        parent: Span | None,
        name: str,
        kind: Kind,
        attributes: dict[str, Value],
    ) -> None:
        """Begin now."""
        self.trace = trace
        self.parent = parent
        self.span_id: int = IDS.getrandbits(64) or 1
        if parent is not None:
            self.parent_id = parent.span_id
        else:
            self.parent_id = 0 if trace.remote is None else trace.remote.span_id
        self.name = name
        self.kind = kind
        self.attributes = attributes
        self.links: tuple[Remote, ...] = ()
        # The kind of failure, never its words: they may hold anything.
        self.error = ""
        self.ended = 0
        self.started = perf_counter_ns()

    @property
    def traceparent(self) -> str:
        """What to send to whoever is called from inside this span."""
        trace = self.trace
        # Nobody would ever find a span that is not recorded, so the caller's takes its place.
        hidden = not trace.tracer.recording and trace.remote is not None
        return write_parent(
            trace.trace_id, self.parent_id if hidden else self.span_id, sampled=trace.sampled
        )

    def finish(self, error: str = "") -> None:
        """End now, once; with an error its whole trace is kept."""
        if self.ended:
            return
        self.ended = perf_counter_ns()
        if error:
            self.error = error
            self.trace.failed = True
        self.trace.tracer.note(self)

    def __enter__(self) -> Self:
        """Become the parent of what happens inside."""
        CURRENT.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """End; an exception is the span's error, unless it only tells a client what is wrong."""
        del error, where
        CURRENT.set(self.parent)
        self.finish("" if kind is None or _blames_client(kind) else kind.__name__)


def _blames_client(kind: type[BaseException]) -> bool:
    # Of the class: a stranger's exception may have anything of that name.
    status = getattr(kind, "status", SERVER_ERROR)
    return isinstance(status, int) and status < SERVER_ERROR


class NoSpan:
    """Stands where nothing is recorded."""

    __slots__ = ("_at",)

    def __init__(self, at: Span | None = None) -> None:
        """Take the span whose ids go to whoever is called."""
        self._at = at

    @property
    def traceparent(self) -> str:
        """What to send to whoever is called; empty where no request is open."""
        return "" if self._at is None else self._at.traceparent

    def finish(self, error: str = "") -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


NO_SPAN = NoSpan()


def span(
    name: str, kind: Kind = Kind.INTERNAL, attributes: dict[str, Value] | None = None
) -> Span | NoSpan:
    """Begin a span below the current one; use it in a `with` block or finish it yourself.

    Names come from the catalogue, and attributes hold nothing that somebody has sent.
    """
    parent = CURRENT.get()
    if parent is None:
        return NO_SPAN
    if not parent.trace.tracer.recording:
        return NoSpan(parent)
    return Span(parent.trace, parent, name, kind, {} if attributes is None else attributes)


def current() -> Span | None:
    """Return the span that is open where this is called."""
    return CURRENT.get()


class Tracer:
    """Begins traces and decides at their end; one a process, used by its event loop only."""

    def __init__(self, ratio: float, sink: Sink, *, recording: bool = True) -> None:
        """Take the share of traces that is kept in any case, and who takes what is kept.

        Without `recording` there are only ids, for logs and for who is called.
        """
        self.recording = recording
        self._bound = round(ratio * (RATIO_BITS + 1))
        self._sink = sink
        # By identity: two requests may belong to one trace.
        self._open: dict[int, Trace] = {}

    def samples(self, trace_id: int) -> bool:
        """Say whether a trace that begins here is kept whatever happens in it."""
        return self.recording and trace_id & RATIO_BITS < self._bound

    def begin(self, name: str, kind: Kind, remote: Remote | None, request_id: str = "") -> Span:
        """Begin a trace with its first span, and make that the current one."""
        trace = Trace(self, remote, request_id)
        if self.recording:
            self._open[id(trace)] = trace
            if len(self._open) > MOST_TRACES:
                self._evict()
        root = Span(trace, None, name, kind, {})
        CURRENT.set(root)
        return root

    def end(self, root: Span, error: str = "") -> bool:
        """End the first span and with it the trace; returns whether it is on its way out."""
        trace = root.trace
        CURRENT.set(None)
        if not self.recording or trace.ended:
            return False
        root.finish(error)
        self._open.pop(id(trace), None)
        trace.ended = True
        if trace.lost:
            return False
        keep = trace.sampled or trace.failed or root.ended - root.started >= SLOW_NS
        held, trace.spans = trace.spans, []
        if not keep:
            trace.lost = "unsampled"
            self._sink.drop(len(held), trace.lost)
            return False
        self._sink.keep(held)
        return not trace.lost

    def note(self, done: Span) -> None:
        """Hold a finished span; one that ends after its trace shares the fate of the others."""
        trace = done.trace
        if trace.lost:
            self._sink.drop(1, trace.lost)
        elif trace.ended:
            self._sink.keep([done])
        elif len(trace.spans) < MOST_SPANS - 1 or done.parent is None:
            # The last place is the first span's, which ends last.
            trace.spans.append(done)
        else:
            self._sink.drop(1, "trace_full")

    def _evict(self) -> None:
        """Let go of the oldest trace: whatever hangs for so long will not make room by itself."""
        oldest = self._open.pop(next(iter(self._open)))
        oldest.lost = "evicted"
        self._sink.drop(len(oldest.spans), oldest.lost)
        oldest.spans = []
