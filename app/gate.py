"""Pure ASGI middleware that recognises the caller and holds everybody to the rate limits."""

from __future__ import annotations

import ipaddress
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import Request

from app.accounts.sessions import GOOD, REVOKED, check_session
from app.accounts.transport import ACCESS_COOKIE
from app.auth import Principal, csrf_digest
from app.cache import AWAY, rate_key, session_key
from app.errors import Forbidden, ServiceError, TooMany, Unauthorized, Unavailable, problem
from app.rates import LocalWindows, Window, queue, read
from app.telemetry.catalog import (
    LOG_IN,
    PROBES,
    REFRESH,
    RESET_CONFIRM,
    RESET_REQUEST,
    SIGN_UP,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.dependencies import Resources
    from app.rates import Count

CSRF_HEADER = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Load balancers ask often, from one address, and get no data.
UNLIMITED = frozenset(route.template for route in PROBES)
# These act on what they are sent and never on the access cookie, which a browser sends along all
# the same: a page that has lost its CSRF token must be able to refresh or to log in.
COOKIELESS = frozenset(
    route.template for route in (SIGN_UP, LOG_IN, REFRESH, RESET_REQUEST, RESET_CONFIRM)
)
NO_TOKEN = "Log in and send the access token as `Authorization: Bearer …`."  # noqa: S105  # a sentence
ENDED = "The session has ended; log in again."


class GateMiddleware:
    """Leaves the caller in `scope["caller"]`: a Principal, or the Unauthorized that a route raises.

    One round trip to Valkey a request asks for the session and counts in the rate windows.
    """

    def __init__(self, app: ASGIApp, held: Resources) -> None:
        """Wrap an application."""
        self.app = app
        self.held = held
        self.local = LocalWindows()
        self.sessions = held.instruments.cache_requests["session"]
        self.limits = held.instruments.rate_limited
        self.refused = held.instruments.tokens_refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Recognise, count, and let through or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["client_ip"] = client_ip(scope, headers, self.held.settings.trusted_proxies)
        counts: list[Count] = []
        try:
            found = recognise(scope["method"], scope["path"], headers, self.held)
            if scope["path"] in UNLIMITED:
                scope["caller"] = await self._confirm(found, None)
            else:
                counts, session = await self._count(found, scope["client_ip"])
                scope["caller"] = await self._confirm(found, session)
            for count in counts:
                self.limits[count.window.policy]["refused" if count.exceeded else "admitted"].inc()
            exceeded = next((count for count in counts if count.exceeded), None)
            if exceeded is not None:
                raise TooMany("Too many requests; slow down.", exceeded.resets_in)
        except ServiceError as error:
            refusal = problem(Request(scope), error.status, str(error), error.headers)
            refusal.headers.update(rate_headers(counts) if isinstance(error, TooMany) else {})
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, _with_headers(send, rate_headers(counts)))

    async def _count(
        self, found: Principal | Unauthorized, address: str
    ) -> tuple[list[Count], str | None]:
        windows = self._windows(found, address)
        try:
            async with self.held.cache.pipeline(transaction=False) as pipe:
                if isinstance(found, Principal):
                    pipe.get(session_key(found.session_id))
                queue(pipe, windows)
                replies = await pipe.execute()
        except AWAY:
            self.held.instruments.rate_fallbacks.inc()
            if isinstance(found, Principal):
                self.sessions["error"].inc()
            return [self.local.count(window) for window in windows], None
        session = None
        if isinstance(found, Principal):
            session = replies.pop(0)
            self.sessions["miss" if session is None else "hit"].inc()
        return read(replies, windows), session

    def _windows(self, found: Principal | Unauthorized, address: str) -> Sequence[Window]:
        limits = self.held.settings
        seconds = limits.rate_window_seconds

        def window(policy: str, who: str, limit: int) -> Window:
            return Window(policy, rate_key(policy, who), limit, seconds)

        if isinstance(found, Principal):
            return (
                window("user", str(found.user_id), limits.rate_limit_user),
                window("ip", address, limits.rate_limit_ip),
            )
        return (window("anonymous", address, limits.rate_limit_anonymous),)

    async def _confirm(
        self, found: Principal | Unauthorized, session: str | None
    ) -> Principal | Unauthorized:
        if isinstance(found, Unauthorized) or session == GOOD:
            return found
        if session == REVOKED:
            self.refused["ended"].inc()
            return Unauthorized(ENDED)
        held = self.held
        try:
            good = await check_session(
                held.engine, held.cache, found.session_id, held.settings.session_idle_seconds
            )
        except Exception as error:
            raise Unavailable("A dependency does not answer; try again.") from error
        if good:
            return found
        self.refused["ended"].inc()
        return Unauthorized(ENDED)


def recognise(
    method: str, path: str, headers: Headers, held: Resources
) -> Principal | Unauthorized:
    """Read the token of a request, from its header or else its cookie.

    Raises Forbidden when a write comes with the cookie and without the CSRF token that belongs to
    it: a browser sends the cookie whoever made it send the request.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    by_cookie = not scheme
    if by_cookie:
        token = "" if path in COOKIELESS else _cookie(headers.get("cookie", ""))
    elif scheme.lower() != "bearer":
        token = ""
    if not token:
        return Unauthorized(NO_TOKEN)
    try:
        principal = held.tokens.verify(token.strip())
    except Unauthorized as error:
        held.instruments.tokens_refused["invalid"].inc()
        return error
    if by_cookie and method not in SAFE:
        given = headers.get(CSRF_HEADER, "")
        if not principal.csrf or csrf_digest(given) != principal.csrf:
            raise Forbidden(f"Send the CSRF token of this session as {CSRF_HEADER}.")
    return principal


def _cookie(header: str) -> str:
    if ACCESS_COOKIE not in header:
        return ""
    try:
        morsel = SimpleCookie(header).get(ACCESS_COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""


def client_ip(
    scope: Scope,
    headers: Headers,
    trusted: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> str:
    """Return the address that a request comes from.

    X-Forwarded-For is read from its end, and only as far as configured proxies have written it.
    """
    client = scope.get("client")
    address = client[0] if client else "unknown"
    if not trusted:
        return address
    hops = [hop.strip() for line in headers.getlist("x-forwarded-for") for hop in line.split(",")]
    while hops and _within(address, trusted):
        hop = hops.pop()
        if _parsed(hop) is None:
            break
        address = hop
    return address


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None


def _within(address: str, trusted: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted)


def rate_headers(counts: Sequence[Count]) -> dict[str, str]:
    """Tell the limits and what is left of them (draft-ietf-httpapi-ratelimit-headers)."""
    if not counts:
        return {}
    policies = (f'"{c.window.policy}";q={c.window.limit};w={c.window.seconds}' for c in counts)
    left = (f'"{c.window.policy}";r={c.remaining};t={c.resets_in}' for c in counts)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(left)}


def _with_headers(send: Send, extra: dict[str, str]) -> Send:
    if not extra:
        return send
    raw = [(name.lower().encode(), value.encode()) for name, value in extra.items()]

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *raw]
        await send(message)

    return send_with_headers
