"""What a webhook receives, and where it can never lead."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest

from app.notifications.addresses import URL_PATTERN, AddressPolicy, is_public, resolve
from app.notifications.channels.webhook import WebhookChannel
from app.notifications.events import DeliveryError, UndeliverableError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

    from app.notifications.events import Event

pytestmark = pytest.mark.anyio

LOOPBACK = ip_network("127.0.0.1/32")
NAME = "hooks.people.example"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

REFUSED_URLS = [
    "http://127.0.0.1/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://8.8.8.8/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[fe80::1%25eth0]/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://localhost/",
    "http://valkey:6379/",
    "http://hooks.people.example./",
    "http://me@hooks.people.example/",
    "http://hooks.people.example:80@127.0.0.1/",
    "http://hooks.people.example\\@127.0.0.1/",
    "http://hooks.people.example#@127.0.0.1/",
    "http://127.0.0.1#.people.example/",
    "http://127.0.0.1%23.people.example/",
    "http://127.0.0.1%2f.people.example/",
    "http://①②⑦.⓪.⓪.①/",  # IDNA makes 127.0.0.1 of it
    "http://127。0。0。1/",
    "http://ⓗooks.people.example/",
    "http://hooks.people.example:6379/",
    "http://hooks.people.example:22/",
    "http://hooks.people.example:0/",
    "http://hooks.people.example:0080/",
    "http://hooks.people.example:65616/",
    "http:hooks.people.example/",
    "http:///127.0.0.1/",
    "//hooks.people.example/",
    "ftp://hooks.people.example/",
    "file:///etc/passwd",
    "gopher://hooks.people.example/",
    "HTTP://HOOKS.PEOPLE.EXAMPLE/",
    "http://hooks.people.example/\r\nHost: valkey",
    "http://hooks.people.example/ x",
    "http://hooks.people.example/\n",
    " http://hooks.people.example/",
    "http://-hooks.people.example/",
    "http://hooks..example/",
    "http://hooks.people.example/" + "a" * 2000,
    "",
]
REFUSED_ADDRESSES = [
    "0.0.0.0",  # noqa: S104  # an address to refuse
    "0.1.2.3",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@dataclass(slots=True)
class Receiver:
    """A server that answers every request alike and keeps what it was sent."""

    answer: bytes = OK
    port: int = 0
    requests: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            found = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            assert found is not None
            self.requests.append(head + await reader.readexactly(int(found[1])))
            writer.write(self.answer)
            await writer.drain()
            # Until they hang up: whoever answers first may close first.
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def receiving(
    answer: bytes = OK, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    receiver = Receiver(answer)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


def local_policy(receiver: Receiver) -> AddressPolicy:
    """Let the name of these tests lead to this machine."""

    async def here(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    return AddressPolicy(https_only=False, resolver=here, ports={receiver.port}, also=LOOPBACK)


@asynccontextmanager
async def channel_to(
    policy: AddressPolicy, seconds: float = 10, tls: ssl.SSLContext | None = None
) -> AsyncIterator[WebhookChannel]:
    channel = WebhookChannel(policy, seconds, tls)
    try:
        yield channel
    finally:
        await channel.aclose()


def url_of(receiver: Receiver, scheme: str = "http") -> str:
    return f"{scheme}://{NAME}:{receiver.port}/in?key=1"


async def test_a_webhook_is_sent_the_event_with_its_id(event: Callable[..., Event]) -> None:
    async with receiving() as receiver, channel_to(local_policy(receiver)) as channel:
        sent = event(webhook_url=url_of(receiver))
        await channel.deliver(sent)
    (request,) = receiver.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /in?key=1 HTTP/1.1"
    assert f"Host: {NAME}:{receiver.port}" in lines
    assert f"X-PetSwipe-Event: {sent.id}" in lines
    assert "Content-Type: application/json" in lines
    assert json.loads(body) == {
        "id": str(sent.id),
        "kind": "match.created",
        "created_at": sent.created_at.isoformat(),
        "data": {"pet_name": "Rex"},
    }


def test_there_are_many_shapes() -> None:
    assert len(set(REFUSED_URLS)) > 20
    assert len(set(REFUSED_ADDRESSES)) > 20


@pytest.mark.parametrize("url", REFUSED_URLS)
async def test_a_url_that_is_no_public_server_s_is_refused_before_anything_is_asked(
    url: str, event: Callable[..., Event]
) -> None:
    asked: list[str] = []

    async def note(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    policy = AddressPolicy(https_only=False, resolver=note, also=LOOPBACK)
    async with channel_to(policy) as channel:
        with pytest.raises(UndeliverableError, match=r"^its? "):
            await channel.deliver(event(webhook_url=url))
    assert asked == []
    assert re.search(URL_PATTERN, url) is None or len(url) > 2000 or url.endswith("\n")


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
async def test_a_name_that_leads_to_an_address_that_is_not_public_is_refused(
    address: str, event: Callable[..., Event]
) -> None:
    # One good address beside it does not make it better.
    async def both(_: str, __: int) -> list[str]:
        return ["93.184.215.14", address]

    async with channel_to(AddressPolicy(https_only=False, resolver=both)) as channel:
        with pytest.raises(UndeliverableError, match=r"^its name leads to an address that is not"):
            await channel.deliver(event(webhook_url=f"http://{NAME}/"))


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111"])
def test_addresses_of_the_public_internet_are_good(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.people.example",
        "https://hooks.people.example/",
        "http://hooks.people.example:8080/in?key=1&x=%20",
        "https://a.b.c.xn--p1ai/~me/@in",
    ],
)
def test_ordinary_urls_are_good(url: str) -> None:
    AddressPolicy(https_only=False).check_url(url)
    assert re.search(URL_PATTERN, url)


def test_production_wants_https() -> None:
    policy = AddressPolicy(https_only=True)
    policy.check_url("https://hooks.people.example/")
    with pytest.raises(UndeliverableError, match=r"^it must be https://$"):
        policy.check_url("http://hooks.people.example/")


async def test_a_name_that_leads_elsewhere_the_second_time_is_asked_only_once(
    event: Callable[..., Event],
) -> None:
    async with receiving() as good, receiving() as bad:
        answers = [["127.0.0.1"], ["127.0.0.2"]]
        asked: list[str] = []

        async def rebind(host: str, _: int) -> list[str]:
            asked.append(host)
            return answers[len(asked) - 1]

        policy = AddressPolicy(
            https_only=False, resolver=rebind, ports={good.port, bad.port}, also=LOOPBACK
        )
        async with channel_to(policy) as channel:
            # Connects to what was checked, and asks nobody again in between.
            await channel.deliver(event(webhook_url=url_of(good)))
            assert (asked, len(good.requests)) == ([NAME], 1)
            # No connection is kept that would spare the next event its check.
            with pytest.raises(UndeliverableError, match=r"address that is not public"):
                await channel.deliver(event(webhook_url=url_of(good)))
        assert (asked, len(good.requests), bad.requests) == ([NAME, NAME], 1, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int, event: Callable[..., Event]) -> None:
    async with receiving() as inside:
        where = f"http://127.0.0.1:{inside.port}/"
        answer = f"HTTP/1.1 {status} Moved\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n"
        async with (
            receiving(answer.encode()) as receiver,
            channel_to(local_policy(receiver)) as channel,
        ):
            with pytest.raises(UndeliverableError, match=r"^it redirects"):
                await channel.deliver(event(webhook_url=url_of(receiver)))
        assert (len(receiver.requests), inside.requests) == (1, [])


async def test_an_answer_without_end_is_not_read(event: Callable[..., Event]) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 1000
    async with receiving(endless) as receiver, channel_to(local_policy(receiver)) as channel:
        await channel.deliver(event(webhook_url=url_of(receiver)))


@pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 503])
async def test_a_refusal_is_tried_again(status: int, event: Callable[..., Event]) -> None:
    answer = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode()
    async with receiving(answer) as receiver, channel_to(local_policy(receiver)) as channel:
        with pytest.raises(DeliveryError, match=rf"^it answered {status}$") as caught:
            await channel.deliver(event(webhook_url=url_of(receiver)))
    assert not isinstance(caught.value, UndeliverableError)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nX-Drip: "])
async def test_a_server_that_takes_its_time_is_left(
    answer: bytes, event: Callable[..., Event]
) -> None:
    async with receiving(answer) as receiver, channel_to(local_policy(receiver), 0.2) as channel:
        with pytest.raises(TimeoutError):
            await channel.deliver(event(webhook_url=url_of(receiver)))


async def test_a_server_that_is_down_is_tried_again(event: Callable[..., Event]) -> None:
    async with receiving() as receiver:
        url = url_of(receiver)
    async with channel_to(local_policy(receiver)) as channel:
        with pytest.raises(DeliveryError, match=r"^it does not answer$"):
            await channel.deliver(event(webhook_url=url))


async def test_a_name_that_is_not_there_is_tried_again(event: Callable[..., Event]) -> None:
    async def nowhere(_: str, __: int) -> list[str]:
        raise OSError

    async with channel_to(AddressPolicy(https_only=False, resolver=nowhere)) as channel:
        with pytest.raises(DeliveryError, match=r"^its name cannot be resolved$"):
            await channel.deliver(event(webhook_url=f"http://{NAME}/"))


async def test_the_system_knows_every_address_of_this_machine() -> None:
    assert "127.0.0.1" in await resolve("localhost", 80)


def test_a_webhook_wants_what_is_not_about_the_account(event: Callable[..., Event]) -> None:
    channel = WebhookChannel(AddressPolicy(https_only=False), 1)
    url = f"https://{NAME}/"
    assert channel.wants(event(webhook_url=url))
    assert not channel.wants(event())
    assert not channel.wants(event(webhook_url=url, email=None))
    for kind in ("account.created", "account.exists", "password.reset"):
        assert not channel.wants(event(webhook_url=url, kind=kind))


async def test_the_certificate_must_be_of_the_name_and_not_of_the_address(
    event: Callable[..., Event], certificate: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    served, trusted = certificate
    async with (
        receiving(tls=served) as receiver,
        channel_to(local_policy(receiver), tls=trusted) as channel,
    ):
        await channel.deliver(event(webhook_url=url_of(receiver, "https")))
        assert len(receiver.requests) == 1
        other = url_of(receiver, "https").replace("hooks.", "others.")
        with pytest.raises(Exception, match=r"[Hh]ostname mismatch"):
            await channel.deliver(event(webhook_url=other))
        assert len(receiver.requests) == 1
