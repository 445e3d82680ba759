"""What a service that pretends says of itself to Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.telemetry.catalog import FAILURES, HTTP_BUCKETS, HTTP_DURATION, SWIPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

METHODS = {"/api/deck": "GET", "/api/matches": "GET"}
SWIPE = ("/api/swipes", 201)
# All of its answers took that long, in seconds.
TOOK = 0.002


def exposition(counted: Mapping[tuple[str, int], int], started: float) -> bytes:
    """Write answers, counted by path and status, as the service does."""
    lines = [f"process_start_time_seconds {started}"]
    lines += [
        f'{SWIPES.name}{{direction="{direction}"}} {count}'
        for direction, count in (("like", counted.get(SWIPE, 0)), ("pass", 0))
    ]
    for (path, status), count in counted.items():
        lines += _histogram(path, status, count)
    return "\n".join([*lines, ""]).encode()


def _histogram(path: str, status: int, count: int) -> Iterator[str]:
    error = FAILURES[0] if status >= 500 else ""
    labels = (
        f'http_request_method="{METHODS.get(path, "POST")}",http_route="{path}",'
        f'http_response_status_code="{status}",error_type="{error}"'
    )
    for edge in (*map(str, HTTP_BUCKETS), "+Inf"):
        below = count if float(edge) >= TOOK else 0
        yield f'{HTTP_DURATION.name}_bucket{{{labels},le="{edge}"}} {below}'
    yield f"{HTTP_DURATION.name}_count{{{labels}}} {count}"
    yield f"{HTTP_DURATION.name}_sum{{{labels}}} {count * TOOK}"
