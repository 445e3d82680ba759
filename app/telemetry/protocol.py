"""uvicorn's HTTP protocol, which also counts what it refuses before any application sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.telemetry.catalog import MALFORMED, OTHER_METHOD, UNMATCHED

if TYPE_CHECKING:
    from app.telemetry.instruments import RequestDurations

BAD_REQUEST = 400


def counting(durations: RequestDurations) -> type[HttpToolsProtocol]:
    """Make a protocol that counts what is no HTTP as a request of its own."""

    class CountingProtocol(HttpToolsProtocol):
        def send_400_response(self, msg: str) -> None:
            super().send_400_response(msg)
            # In the middle of a body the request is known already, and counted when it ends.
            if self.cycle is None or self.cycle.response_complete:
                durations.observe(OTHER_METHOD, UNMATCHED, BAD_REQUEST, MALFORMED, 0.0)

    return CountingProtocol
