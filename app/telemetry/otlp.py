"""What spans and log records have in common on their way to a collector.

Headers and certificates come from OpenTelemetry's own variables of the environment.
"""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from app.version import VERSION

if TYPE_CHECKING:
    from requests import Response, Session

    from app.settings import Settings

# One try and a retry; a collector that needs longer is a collector that is away.
EXPORT_SECONDS = 2.0
SCOPE = InstrumentationScope("petswipe", VERSION)
MULTIPLE_CHOICES, BAD_REQUEST = 300, 400


class _Described(Resource):
    """A resource that is only the same as itself.

    The encoder groups by resource, and the SDK's would be written as JSON for each item.
    """

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def describe_process(settings: Settings, service: str) -> Resource:
    """Name what sends spans and logs, in the words of OpenTelemetry's conventions."""
    host = socket.gethostname()
    described = Resource.create(
        {
            "service.name": service,
            "service.namespace": "petswipe",
            "service.version": VERSION,
            "service.instance.id": f"{host}:{os.getpid()}",
            "deployment.environment.name": str(settings.environment),
            "host.name": host,
            "process.pid": os.getpid(),
            "vcs.ref.head.revision": settings.revision,
        }
    )
    return _Described(described.attributes, described.schema_url)


def find_collector(settings: Settings) -> tuple[str, bool]:
    """Return the address of the configured collector, and whether it is without encryption."""
    # Its exporters write a line for each failure; ours writes one for each change.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    address = str(settings.otlp_endpoint).rstrip("/")
    return address, address.startswith("http:")


def open_session() -> Session:
    """Open what the exporters over HTTP send with."""
    from requests import Session  # noqa: PLC0415  # the exporters import it as late

    session = Session()
    session.hooks["response"].append(_refuse_redirect)
    return session


def check_text(text: str) -> str:
    """Return a text that can be encoded; raises for anything else."""
    # Anything else has no such method or, a surrogate inside, no such encoding.
    str.encode(text)
    return text


def _refuse_redirect(answer: Response, **_: object) -> None:
    """Raise for a redirect: the exporters do not follow it and call it a success."""
    if MULTIPLE_CHOICES <= answer.status_code < BAD_REQUEST:
        answer.close()
        raise ConnectionRefusedError(f"the collector has moved: {answer.status_code}")
