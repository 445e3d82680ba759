"""The words of the log: names of streams, events and fields, each written once."""

from __future__ import annotations

from typing import Final

# Streams: what the service does, and who did what.
APPLICATION: Final = "application"
AUDIT: Final = "audit"
# Whatever this logger is given goes into the audit stream.
AUDIT_LOGGER: Final = "petswipe.audit"

# Values of the field `event`, for what somebody will look for.
REQUEST: Final = "request"
ERROR: Final = "error"
LOGIN_FAILED: Final = "login_failed"
SLOW_QUERY: Final = "slow_query"
AUDITED: Final = "audit"
LINES_LOST: Final = "lines_lost"
EVENTS = frozenset({REQUEST, ERROR, LOGIN_FAILED, SLOW_QUERY, AUDITED, LINES_LOST})

# On every line; the ids only while a request is open.
HEAD = ("time", "level", "stream", "service", "logger", "message")
IDS = ("request_id", "trace_id", "span_id")
# What an exception adds to the line that tells of it.
FAILURE = ("event", "error_type", "error_stack")
# What each event adds.
FIELDS_OF: dict[str, tuple[str, ...]] = {
    REQUEST: (
        "event",
        "method",
        "route",
        "status",
        "error_type",
        "duration_ms",
        "bytes_out",
        "user_id",
        "client_ip",
    ),
    ERROR: FAILURE,
    LOGIN_FAILED: ("event", "account", "user_id", "client_ip"),
    SLOW_QUERY: ("event", "operation", "collection", "duration_ms"),
    AUDITED: ("event", "action", "object_kind", "object_id", "actor_id"),
    LINES_LOST: ("event", "lost"),
}
FIELDS = frozenset({*HEAD, *IDS, *(name for names in FIELDS_OF.values() for name in names)})
