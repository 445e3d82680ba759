"""uvicorn's HTTP protocol, which also tells of requests what no application sees.

What is no HTTP is counted here. Why a connection has ended before the answer has is left in the
request's scope; uvicorn tells it only to an application that asks, and only for the last request
that has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.telemetry.catalog import DISCONNECTED, MALFORMED, OTHER_METHOD, UNMATCHED
from app.telemetry.middleware import BROKEN_OFF

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from app.telemetry.instruments import RequestDurations

BAD_REQUEST = 400


class Deaf:
    """Takes the place of a parser that has read its last request."""

    def feed_data(self, data: bytes) -> None:
        """Ignore what follows."""


def counting(durations: RequestDurations) -> type[HttpToolsProtocol]:
    """Make a protocol that counts what is no HTTP as a request of its own."""

    class CountingProtocol(HttpToolsProtocol):
        # What is being answered; `cycle` is what has come last, and may still wait for its turn.
        answering: RequestResponseCycle | None = None

        def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
            self.answering = cycle
            super()._start_asgi_task(cycle, app)

        def connection_lost(self, exc: Exception | None) -> None:
            self._break_off(DISCONNECTED)
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            in_body = self.cycle is not None and self.cycle.scope is self.scope
            answering = self.answering
            # Half an answer or, in the middle of a body, all of it.
            answered = answering is not None and (
                in_body if answering.response_complete else answering.response_started
            )
            if answered:
                # A 400 would be read as a part of that answer, or as one to another request.
                self.transport.close()
            else:
                super().send_400_response(msg)
            if in_body and answering is self.cycle:
                # It has an operation, and is counted with that.
                self._break_off(MALFORMED)
            else:
                sent = 0 if answered else BAD_REQUEST
                durations.observe(OTHER_METHOD, UNMATCHED, sent, MALFORMED, 0.0)
                self._break_off(DISCONNECTED)

        def _unsupported_upgrade_warning(self) -> None:
            # It is answered like any other request, but what follows is no HTTP any more.
            self.cycle.keep_alive = False
            self.parser = Deaf()  # type: ignore[assignment]  # it answers to the same call

        def _break_off(self, why: str) -> None:
            """Tell the open request that nobody will read more of its answer."""
            cycle = self.answering
            if cycle is not None and not cycle.response_complete:
                cast("dict[str, Any]", cycle.scope).setdefault(BROKEN_OFF, why)
                cycle.disconnected = True
                cycle.message_event.set()

    return CountingProtocol
