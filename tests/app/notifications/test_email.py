"""E-mails as a real SMTP server receives them."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from sqlalchemy import func, select

from app.accounts.tables import reset_tokens
from app.notifications.channels.email import EmailChannel
from app.notifications.events import DeliveryError, UndeliverableError
from app.notifications.texts import TEXTS, write
from app.settings import MisconfiguredError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable
    from email.message import EmailMessage

    from app.notifications.events import Event
    from tests.app.notifications.conftest import Outbox

pytestmark = pytest.mark.anyio

FROM = "petswipe@petswipe.example"
MINUTES = 15


# Without slots: aiosmtpd asks for every member, which early releases of Python 3.11 cannot answer.
@dataclass
class Mailbox:
    """A mail server that keeps what it takes."""

    recipient_answer: str = "250 OK"
    data_answer: str = "250 OK"
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _: Any, __: Any, envelope: Any, address: str, ___: Any
    ) -> str:
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802  # the same
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        return self.data_answer

    def log_in(self, _: Any, __: Any, ___: Any, ____: str, given: Any) -> AuthResult:
        self.logins.append((given.login, given.password))
        return AuthResult(success=True)


@asynccontextmanager
async def running(
    mailbox: Mailbox, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[Mailbox]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="mail.example", **options), "127.0.0.1", ssl=tls
    )
    mailbox.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mailbox


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with running(Mailbox()) as mailbox:
        yield mailbox


def channel_to(
    mailbox: Mailbox, store: Outbox, scheme: str = "smtp", who: str = "", **given: Any
) -> EmailChannel:
    url = f"{scheme}://{who}127.0.0.1:{mailbox.port}"
    return EmailChannel(store.engine, url, FROM, MINUTES * 60, **given)


async def test_an_event_is_one_plain_text_that_a_copy_can_be_told_by(
    mailbox: Mailbox, store: Outbox, event: Callable[..., Event]
) -> None:
    channel = channel_to(mailbox, store)
    sent = event(display_name="Zoë")
    await channel.deliver(sent)
    await channel.deliver(sent)
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"] == f"<{sent.id}@petswipe.example>"
    assert mailbox.recipients == [sent.email, sent.email]
    assert (first["From"], first["To"]) == (FROM, sent.email)
    assert first["Subject"] == "It is a match"
    assert first["Auto-Submitted"] == "auto-generated"
    assert abs(first["Date"].datetime - sent.created_at) < timedelta(seconds=1)
    assert first.get_content_type() == "text/plain"
    text = first.get_content().splitlines()
    assert text[0] == "Hello Zoë,"
    assert "Rex and you are a match." in text[2]


@pytest.mark.parametrize("kind", [*TEXTS, "household.create.success"])
async def test_every_kind_has_a_text(
    kind: str, mailbox: Mailbox, store: Outbox, event: Callable[..., Event]
) -> None:
    (user,) = await store.add_users()
    await channel_to(mailbox, store).deliver(event(kind=kind, user_id=user, payload={}))
    (message,) = mailbox.messages
    assert message["Subject"]
    assert "{" not in message.get_content()


async def test_a_reset_token_is_made_when_it_is_sent_and_only_its_digest_is_stored(
    mailbox: Mailbox, store: Outbox, event: Callable[..., Event]
) -> None:
    (user,) = await store.add_users()
    reset = event(kind="password.reset", user_id=user, payload={})
    await channel_to(mailbox, store).deliver(reset)
    (message,) = mailbox.messages
    lines = message.get_content().splitlines()
    token = lines[lines.index("") + 3]
    async with store.engine.connect() as connection:
        left = reset_tokens.c.expires_at - func.now()
        row = (await connection.execute(select(reset_tokens, left.label("left")))).one()
    assert row.digest == hashlib.sha256(token.encode()).digest()
    assert len(token) == 22
    assert row.user_id == user
    assert timedelta(minutes=MINUTES - 1) < row.left <= timedelta(minutes=MINUTES)
    assert f"for {MINUTES} minutes" in message.get_content()


@pytest.mark.parametrize("name", ["Rex\r\nBcc: all@people.example", "Rex\n\n.\n", "\x00\u2028Rex"])
async def test_a_name_adds_neither_a_header_nor_a_line(
    name: str, mailbox: Mailbox, store: Outbox, event: Callable[..., Event]
) -> None:
    injected = event(display_name=name, payload={"pet_name": name})
    await channel_to(mailbox, store).deliver(injected)
    (message,) = mailbox.messages
    assert mailbox.recipients == [injected.email]
    assert message["Bcc"] is None
    plain = write("match.created", "Rex", {"pet_name": "Rex"}).body
    assert len(message.get_content().splitlines()) == len(plain.splitlines())


def test_a_long_name_is_cut() -> None:
    assert len(write("match.created", "x" * 10_000, {"pet_name": "y" * 10_000}).body) < 1000


def test_braces_in_a_name_are_no_fields() -> None:
    assert "{token}" in write("match.created", "{token}", {"pet_name": "Rex", "token": "x"}).body


async def test_a_refused_recipient_is_given_up_and_a_busy_server_tried_again(
    store: Outbox, event: Callable[..., Event]
) -> None:
    for answer, hopeless in (("550 Nobody", True), ("451 Later", False)):
        async with running(Mailbox(recipient_answer=answer)) as mailbox:
            with pytest.raises(DeliveryError, match=answer[:3]) as caught:
                await channel_to(mailbox, store).deliver(event())
            assert isinstance(caught.value, UndeliverableError) == hopeless
            assert mailbox.messages == []
    async with running(Mailbox(data_answer="554 No")) as mailbox:
        with pytest.raises(DeliveryError, match=r"^the server answered 554$") as caught:
            await channel_to(mailbox, store).deliver(event())
        assert not isinstance(caught.value, UndeliverableError)


async def test_a_server_that_is_away_is_an_error(
    store: Outbox, event: Callable[..., Event]
) -> None:
    async with running(Mailbox()) as mailbox:
        channel = channel_to(mailbox, store)
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await channel.deliver(event())


async def test_a_server_that_offers_encryption_is_used_encrypted_and_logged_in_to(
    store: Outbox,
    event: Callable[..., Event],
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    served, trusted = certificate
    mailbox = Mailbox()
    options: dict[str, Any] = {
        "tls_context": served,
        "require_starttls": True,
        "authenticator": mailbox.log_in,
    }
    async with running(mailbox, **options):
        await channel_to(mailbox, store, who="me:hunter%402@", tls=trusted).deliver(event())
    assert len(mailbox.messages) == 1
    assert mailbox.logins == [(b"me", b"hunter@2")]


async def test_smtps_is_encrypted_from_the_first_byte(
    store: Outbox,
    event: Callable[..., Event],
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    served, trusted = certificate
    mailbox = Mailbox()
    async with running(mailbox, tls=served):
        await channel_to(mailbox, store, "smtps", tls=trusted).deliver(event())
    assert len(mailbox.messages) == 1


async def test_e_mail_wants_what_is_about_the_account_and_what_its_user_wants(
    store: Outbox, event: Callable[..., Event]
) -> None:
    channel = EmailChannel(store.engine, "smtp://mail.example", FROM, 900)
    assert channel.wants(event())
    assert not channel.wants(event(email_wanted=False))
    for kind in ("account.created", "account.exists", "password.reset"):
        assert channel.wants(event(kind=kind, email_wanted=False))
        assert not channel.wants(event(kind=kind, email=None))


@pytest.mark.parametrize(
    "url", ["", "mail.example", "http://mail.example", "smtp://", "smtp://me:hunter2@host:x"]
)
async def test_an_address_that_is_none_is_refused_without_repeating_it(
    url: str, store: Outbox
) -> None:
    with pytest.raises(MisconfiguredError, match=r"^PET_SMTP_URL: ") as caught:
        EmailChannel(store.engine, url, FROM, 900)
    assert "hunter2" not in str(caught.value)
