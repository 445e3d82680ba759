"""A decision as a signed POST. Addresses of webhooks are secrets, so none is ever shown."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from slo.canary.shift import ShiftError

if TYPE_CHECKING:
    from slo.canary.shift import Message

SIGNATURE = "X-Canary-Signature"
KEY = "Idempotency-Key"
# Those of other statuses below 500 mean that the same request will be refused again.
AGAIN = (408, 425, 429)


class WebhookError(ValueError):
    """No address to post to; the text does not repeat it."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where decisions are posted; the secret signs the body, `timeout` is in seconds."""

    url: str = field(repr=False)
    timeout: float
    secret: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no address; raises WebhookError."""
        try:
            parsed = httpx.URL(self.url)
            parsed.host.encode("idna")
        except (httpx.InvalidURL, UnicodeError):
            raise WebhookError("the webhook's address is none") from None
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise WebhookError("the webhook's address is none like https://deploy.example/canary")

    def send(self, message: Message) -> None:
        """Post it; raises ShiftError for every answer but a 2xx, and for none."""
        body = message.text.encode()
        headers = {"Content-Type": "application/json", KEY: message.id}
        if self.secret:
            headers[SIGNATURE] = f"sha256={hmac.digest(self.secret, body, 'sha256').hex()}"
        try:
            # What it says besides its status is not read: it may never end.
            with (
                httpx.Client(timeout=self.timeout, trust_env=False) as client,
                client.stream("POST", self.url, content=body, headers=headers) as answer,
            ):
                status = answer.status_code
        except httpx.TimeoutException:
            raise ShiftError(f"the webhook does not answer within {self.timeout:g} s") from None
        except httpx.HTTPError as error:
            raise ShiftError(f"the webhook is not reachable: {type(error).__name__}") from None
        if not httpx.codes.is_success(status):
            final = status < 500 and status not in AGAIN
            raise ShiftError(f"the webhook answers HTTP {status}", final=final)
