"""W3C trace context: `traceparent` and `tracestate` read strictly, and written.

https://www.w3.org/TR/trace-context/
"""

from __future__ import annotations

import re
from typing import NamedTuple

PARENT_HEADER = b"traceparent"
STATE_HEADER = b"tracestate"
# A future version may be longer; version 00 may not, and ff never exists.
PARENT = re.compile(rb"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
VERSION = b"00"
SAMPLED = 1
PARENT_LENGTH = 55
# What the standard asks everybody to pass on at least; more is dropped whole.
STATE_BYTES = 512
STATE_MEMBERS = 32
MEMBER = re.compile(
    rb"[a-z][a-z0-9_\-*/]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]"
    rb"|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}=[ -+\--<>-~]{0,255}[!-+\--<>-~]"
)


class Remote(NamedTuple):
    """The span of another process that has called this one."""

    trace_id: int
    span_id: int
    sampled: bool
    state: str = ""


def read_parent(value: bytes) -> Remote | None:
    """Parse a `traceparent`; None for anything that the standard calls invalid."""
    found = PARENT.fullmatch(value)
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if version == VERSION and more is not None:
        return None
    remote = Remote(int(trace_id, 16), int(span_id, 16), bool(int(flags, 16) & SAMPLED))
    return remote if remote.trace_id and remote.span_id else None


def read_headers(headers: list[tuple[bytes, bytes]]) -> Remote | None:
    """Find the caller's span in the headers of a request; a second `traceparent` voids both."""
    parents = [value for name, value in headers if name == PARENT_HEADER]
    if len(parents) != 1:
        return None
    # The parser of the server leaves the blanks behind a value where they are.
    remote = read_parent(parents[0].strip(b" \t"))
    if remote is None:
        return None
    state = b",".join(value for name, value in headers if name == STATE_HEADER)
    return remote._replace(state=read_state(state)) if state else remote


def read_state(value: bytes) -> str:
    """Return a `tracestate` without its empty members; an empty text when it is invalid."""
    members = [member for part in value.split(b",") if (member := part.strip(b" \t"))]
    keys = {member.partition(b"=")[0] for member in members}
    kept = b",".join(members)
    fits = len(members) <= STATE_MEMBERS and len(keys) == len(members) and len(kept) <= STATE_BYTES
    if not fits or not all(MEMBER.fullmatch(member) for member in members):
        return ""
    return kept.decode("ascii")


def write_parent(trace_id: int, span_id: int, *, sampled: bool) -> str:
    """Write a `traceparent` of version 00."""
    return f"00-{trace_id:032x}-{span_id:016x}-{sampled:02x}"
