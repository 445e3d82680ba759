"""E-mail by SMTP."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import aiosmtplib

from app.accounts.resets import make_reset_token
from app.notifications.events import DeliveryError, UndeliverableError
from app.notifications.texts import write
from app.settings import MisconfiguredError

if TYPE_CHECKING:
    import ssl
    from urllib.parse import SplitResult

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.notifications.events import Event

SCHEMES = {"smtp": 25, "smtps": 465}
TIMEOUT_SECONDS = 10.0
PASSWORD_RESET = "password.reset"  # noqa: S105  # a kind of event
# From here on, SMTP says that trying again is no use.
PERMANENT = 500


class EmailChannel:
    """Sends one plain text an event; its Message-ID is the event's, so that a copy is known."""

    name = "email"

    def __init__(
        self,
        engine: AsyncEngine,
        smtp_url: str,
        mail_from: str,
        reset_seconds: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take the server's address, like smtps://user:password@host:465.

        Raises MisconfiguredError when it is none; the text does not repeat it.
        """
        self._engine = engine
        self._server = _read_address(smtp_url)
        self._mail_from = mail_from
        self._reset_seconds = reset_seconds
        self._tls = tls

    def wants(self, event: Event) -> bool:
        """Take what is about the account, and the rest from those who want it."""
        return event.email is not None and (event.private or event.email_wanted)

    async def deliver(self, event: Event) -> None:
        """Hand it to the server; encrypted when the server can."""
        message = await self._write(event)
        server = self._server
        try:
            await aiosmtplib.send(
                message,
                hostname=server.hostname,
                port=server.port or SCHEMES[server.scheme],
                username=unquote(server.username) if server.username else None,
                password=unquote(server.password) if server.password else None,
                use_tls=server.scheme == "smtps",
                tls_context=self._tls,
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refused(error.recipients[0].code) from None
        except aiosmtplib.SMTPResponseException as error:
            # 5xx to anything but the recipient says that we, not they, are set up wrongly.
            raise DeliveryError(f"the server answered {error.code}") from None

    async def aclose(self) -> None:
        """Keep the pool, which is not ours."""

    async def _write(self, event: Event) -> EmailMessage:
        fields = dict(event.payload)
        if event.kind == PASSWORD_RESET:
            # Made only now: an outbox full of tokens would be a list of keys.
            async with self._engine.connect() as connection:
                fields["token"] = await make_reset_token(
                    connection, event.user_id, self._reset_seconds
                )
            fields["minutes"] = int(timedelta(seconds=self._reset_seconds) / timedelta(minutes=1))
        text = write(event.kind, event.display_name, fields)
        message = EmailMessage()
        message["From"] = self._mail_from
        message["To"] = event.email
        message["Subject"] = text.subject
        message["Date"] = format_datetime(event.created_at)
        message["Message-ID"] = f"<{event.id}@{self._mail_from.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text.body)
        return message


def _refused(code: int) -> DeliveryError:
    kind = UndeliverableError if code >= PERMANENT else DeliveryError
    return kind(f"the recipient was refused with {code}")


def _read_address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        good = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise MisconfiguredError("PET_SMTP_URL: give it an address like smtp://host:587")
    return parts
