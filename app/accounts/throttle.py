"""Slowing down who guesses passwords, and who lets us write e-mails to others."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from app.cache import AWAY, rate_key
from app.errors import TooMany
from app.rates import COUNT, Window, arguments, queue_look, read, read_look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from app.dependencies import Resources
    from app.rates import Count, LocalWindows

# E-mails of one kind to one address within the window of failures.
MAILS = 3
# Every process counts alone while Valkey is away, so each allows a part only.
STRICTER = 3
# Whoever has one IPv6 address has the other 2**64 of its network.
HOST_BITS = 64


@dataclass(frozen=True, slots=True)
class Guesses:
    """The failures of one account and one address; an account that is not there has them too."""

    cache: Redis
    local: LocalWindows
    windows: tuple[Window, ...]

    async def check(self) -> None:
        """Raise TooMany once there were enough failures."""
        try:
            async with self.cache.pipeline(transaction=False) as pipe:
                queue_look(pipe, self.windows)
                counts = read_look(await pipe.execute(), self.windows)
        except AWAY:
            counts = [self.local.look(_stricter(window)) for window in self.windows]
        _refuse([count for count in counts if count.full])

    async def note_failure(self) -> None:
        """Count a failure; raises TooMany when others at the same time have used up the limit."""
        _refuse([c for c in await _count(self.cache, self.local, self.windows) if c.exceeded])

    async def forgive(self) -> None:
        """Forget the failures of the account, whose owner has a new password."""
        with suppress(*AWAY):
            await self.cache.delete(self.windows[0].key)


def guesses(held: Resources, email: str, address: str) -> Guesses:
    """Name the windows of somebody who gives a password."""
    limits = held.settings
    seconds = limits.login_window_seconds
    account = rate_key("login-account", held.tokens.seal("email", email))
    network = rate_key("login-ip", _network(address))
    return Guesses(
        held.cache,
        held.log_in_windows,
        (
            Window("login-account", account, limits.login_failures_account, seconds),
            Window("login-ip", network, limits.login_failures_ip, seconds),
        ),
    )


async def may_mail(held: Resources, kind: str, email: str) -> bool:
    """Say whether somebody may be written to again, whether or not there is somebody."""
    key = rate_key(f"mail-{kind}", held.tokens.seal("email", email))
    window = Window(kind, key, MAILS, held.settings.login_window_seconds)
    (count,) = await _count(held.cache, held.log_in_windows, (window,))
    return not count.exceeded


async def _count(cache: Redis, local: LocalWindows, windows: Sequence[Window]) -> list[Count]:
    try:
        keys, seconds = arguments("", windows)
        return read(await cache.eval(COUNT.source, len(keys), *keys, *seconds), windows)
    except AWAY:
        return [local.count(_stricter(window)) for window in windows]


def _stricter(window: Window) -> Window:
    return window._replace(limit=max(1, window.limit // STRICTER))


def _refuse(over: Sequence[Count]) -> None:
    if over:
        seconds = max(count.resets_in for count in over)
        raise TooMany("Too many failed attempts; wait before the next one.", seconds)


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address) or parsed.ipv4_mapped is not None:
        return address
    return f"{int(parsed) >> HOST_BITS:x}"
