"""Webhooks: a POST to an address that a user has chosen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpcore
import httpx

from app.notifications.addresses import CheckedBackend
from app.notifications.events import DeliveryError, UndeliverableError
from app.telemetry.tracing import current

if TYPE_CHECKING:
    import ssl

    from app.notifications.addresses import AddressPolicy
    from app.notifications.events import Event

EVENT_HEADER = "X-PetSwipe-Event"


class WebhookChannel:
    """Posts an event as JSON; 2xx means delivered, and nothing of the answer's body is read."""

    name = "webhook"

    def __init__(
        self, policy: AddressPolicy, seconds: float, tls: ssl.SSLContext | None = None
    ) -> None:
        """Take the policy, and the time that one delivery may take in all."""
        self._policy = policy
        self._seconds = seconds
        # Made of httpcore itself: it knows neither proxies nor redirects nor the environment, and
        # its network backend decides what a name leads to. A connection serves one request, so
        # that each is checked.
        self._pool = httpcore.AsyncConnectionPool(
            tls or httpx.create_ssl_context(trust_env=False),
            max_keepalive_connections=0,
            network_backend=CheckedBackend(policy),
        )

    def wants(self, event: Event) -> bool:
        """Take what is not about the account, for those who have set a webhook."""
        return not event.private and event.email is not None and event.webhook_url is not None

    async def deliver(self, event: Event) -> None:
        """Post it; raises UndeliverableError when the address is refused or leads elsewhere."""
        url = event.webhook_url or ""
        self._policy.check_url(url)
        headers = [
            ("Content-Type", "application/json"),
            ("User-Agent", "PetSwipe"),
            (EVENT_HEADER, str(event.id)),
        ]
        found = current()
        if found is not None:
            headers.append(("traceparent", found.traceparent))
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._pool.stream("POST", url, headers=headers, content=event.body()) as answer,
            ):
                status = answer.status
        except httpcore.TimeoutException:
            raise DeliveryError("it did not answer in time") from None
        if 300 <= status < 400:
            raise UndeliverableError("it redirects, which is not followed")
        if not 200 <= status < 300:
            raise DeliveryError(f"it answered {status}")

    async def aclose(self) -> None:
        """Close what is still open."""
        await self._pool.aclose()
