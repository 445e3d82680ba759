"""Asking services of others over HTTP: bounded in time and size, and expected to fail."""

from __future__ import annotations

import asyncio
import json
from time import perf_counter
from typing import TYPE_CHECKING, Any

import httpx

from app.telemetry.tracing import Kind, span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import HttpUrl

    from app.settings import Settings
    from app.telemetry.instruments import ApiInstruments

MOST_BYTES = 1024 * 1024
# What is left of a request's time answers without the other service.
SHARE_OF_DEADLINE = 0.75


class RemoteError(Exception):
    """A service of others is away, slow, or says what nobody can use."""


class Remote:
    """One HTTP client a process, made when first used: loading certificates takes its time."""

    def __init__(self, settings: Settings, instruments: ApiInstruments) -> None:
        """Take how long others may need."""
        deadline = settings.request_deadline_seconds * SHARE_OF_DEADLINE
        self._seconds = min(settings.remote_timeout_seconds, deadline)
        self._durations = instruments.remote_seconds
        self._client: httpx.AsyncClient | None = None

    async def ask(
        self,
        service: str,
        method: str,
        base: HttpUrl,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str | float] | None = None,
        body: object = None,
    ) -> Any:  # noqa: ANN401  # whatever JSON the other side sends; callers validate it
        """Send a request and read the JSON answer; raises RemoteError whatever goes wrong.

        `service` is who is asked, in the catalogue's words.
        """
        begun, outcome = perf_counter(), "failed"
        with span(f"{method} {service}", Kind.CLIENT, {"http.request.method": method}) as opened:
            try:
                sent = (
                    {**headers, "traceparent": opened.traceparent}
                    if opened.traceparent
                    else headers
                )
                answer = await self._ask(method, base, path, sent, params, body)
                outcome = "done"
            finally:
                self._durations[service][outcome].observe(perf_counter() - begun)
        return answer

    async def _ask(
        self,
        method: str,
        base: HttpUrl,
        path: str,
        headers: Mapping[str, str],
        params: Mapping[str, str | float] | None,
        body: object,
    ) -> Any:  # noqa: ANN401  # whatever JSON the other side sends
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._seconds)
        # Nothing is unpacked, so that what arrives is all there is.
        sent = {**headers, "Accept-Encoding": "identity"}
        url = f"{str(base).rstrip('/')}/{path}"
        try:
            request = self._client.build_request(
                method, url, headers=sent, params=params, json=body
            )
            # Each read may take httpx's timeout; a trickle of them may not.
            async with asyncio.timeout(self._seconds):
                return json.loads(await self._content(self._client, request))
        except (httpx.HTTPError, OSError, ValueError, RecursionError) as error:
            raise RemoteError(type(error).__name__) from None

    async def _content(self, client: httpx.AsyncClient, request: httpx.Request) -> bytes:
        response = await client.send(request, stream=True)
        try:
            if response.status_code != httpx.codes.OK:
                raise RemoteError(f"status {response.status_code}")
            content = bytearray()
            async for part in response.aiter_raw():
                content += part
                if len(content) > MOST_BYTES:
                    raise RemoteError(f"more than {MOST_BYTES} bytes")
            return bytes(content)
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close what is open."""
        if self._client is not None:
            await self._client.aclose()
