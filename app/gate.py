"""Pure ASGI middleware that recognises the caller and holds everybody to the rate limits."""

from __future__ import annotations

import ipaddress
from http.cookies import CookieError, SimpleCookie
from types import MappingProxyType
from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.requests import Request

from app.accounts.sessions import GOOD, REVOKED, check_session
from app.accounts.transport import ACCESS_COOKIE
from app.auth import Principal, Role, csrf_digest
from app.cache import AWAY, rate_key, session_key
from app.errors import Forbidden, ServiceError, TooMany, Unauthorized, Unavailable, problem
from app.rates import COUNT, LocalWindows, Window, arguments, read
from app.telemetry.catalog import (
    LOG_IN,
    PROBES,
    REFRESH,
    RESET_CONFIRM,
    RESET_REQUEST,
    SIGN_UP,
)
from app.telemetry.middleware import EXTRA

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.dependencies import Resources
    from app.rates import Count
    from app.valkey_protocol import Words

CSRF_HEADER = "X-CSRF-Token"
AUTHORIZATION, COOKIE = "authorization", "cookie"
FORWARDED = b"x-forwarded-for"
# What is looked at of the headers of a request.
READ = {name.lower().encode(): name.lower() for name in (AUTHORIZATION, COOKIE, CSRF_HEADER)}
# A command that is under way for the route, if there is one.
ASKED = "petswipe.asked"
NOTHING_AHEAD: Mapping[tuple[str, str], Callable[[Principal], Words]] = MappingProxyType({})
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

    def __init__(
        self,
        app: ASGIApp,
        held: Resources,
        ahead: Mapping[tuple[str, str], Callable[[Principal], Words]] = NOTHING_AHEAD,
    ) -> None:
        """Wrap an application.

        `ahead` names the commands that some operations will ask of Valkey once their caller is let
        in: they are sent in the same round trip, and are in `scope[ASKED]`.
        """
        self.app = app
        self._ahead = ahead
        self.held = held
        self.local = LocalWindows()
        self.sessions = held.instruments.cache_requests["session"]
        self.limits = held.instruments.rate_limited
        self._admitted = {policy: outcomes["admitted"] for policy, outcomes in self.limits.items()}
        self.refused = held.instruments.tokens_refused
        limits = held.settings
        self._limits = (
            limits.rate_limit_user,
            limits.rate_limit_ip,
            limits.rate_limit_anonymous,
            limits.rate_window_seconds,
        )
        nobody = Unauthorized(NO_TOKEN)
        somebody = Principal(uuid4(), Role.USER, uuid4())
        # By the number of windows, which tells who is held to them.
        self._policies = {
            len(windows): _policies(windows)
            for windows in (self._windows(nobody, ""), self._windows(somebody, ""))
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Recognise, count, and let through or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["client_ip"] = client_ip(scope, self.held.settings.trusted_proxies)
        counts: list[Count] = []
        try:
            found = recognise(scope["method"], scope["path"], _given(scope), self.held)
            if scope["path"] in UNLIMITED:
                scope["caller"] = await self._confirm(found, None)
            else:
                ahead = self._ahead.get((scope["method"], scope["path"]))
                if ahead is not None and isinstance(found, Principal):
                    scope[ASKED] = self.held.pipeline.begin(*ahead(found))
                counts, session = await self._count(found, scope["client_ip"])
                scope["caller"] = await self._confirm(found, session)
            self._hold(counts)
        except ServiceError as error:
            if scope.get(ASKED) is not None:
                scope[ASKED].forget()
            refusal = problem(Request(scope), error.status, str(error), error.headers)
            if isinstance(error, TooMany):
                scope[EXTRA] += self._tell(counts)
            await refusal(scope, receive, send)
            return
        if counts:
            scope[EXTRA] += self._tell(counts)
        await self.app(scope, receive, send)

    def _hold(self, counts: Sequence[Count]) -> None:
        """Raise TooMany when a window is over its limit."""
        over = None
        for count in counts:
            (policy, _, limit, _), used, _ = count
            if used <= limit:
                self._admitted[policy].inc()
            else:
                self.limits[policy]["refused"].inc()
                over = over or count
        if over is not None:
            raise TooMany("Too many requests; slow down.", over.resets_in)

    def _tell(self, counts: Sequence[Count]) -> list[tuple[bytes, bytes]]:
        """Tell the limits and what is left of them (draft-ietf-httpapi-ratelimit-headers)."""
        left = [
            f'"{policy}";r={limit - used if used < limit else 0};t={resets_in}'
            for (policy, _, limit, _), used, resets_in in counts
        ]
        return [self._policies[len(counts)], (b"ratelimit", ", ".join(left).encode())]

    async def _count(
        self, found: Principal | Unauthorized, address: str
    ) -> tuple[list[Count], str | None]:
        windows = self._windows(found, address)
        asked = session_key(found.session) if isinstance(found, Principal) else ""
        keys, seconds = arguments(asked, windows)
        try:
            reply = await self.held.pipeline.run(COUNT, keys, *seconds)
        except AWAY:
            self.held.instruments.rate_fallbacks.inc()
            if isinstance(found, Principal):
                self.sessions["error"].inc()
            return [self.local.count(window) for window in windows], None
        session = None if reply[0] is None else reply[0].decode()
        if isinstance(found, Principal):
            self.sessions["miss" if session is None else "hit"].inc()
        return read(reply, windows), session

    def _windows(self, found: Principal | Unauthorized, address: str) -> Sequence[Window]:
        user, ip, anonymous, seconds = self._limits
        if isinstance(found, Principal):
            return (
                Window("user", rate_key("user", found.user), user, seconds),
                Window("ip", rate_key("ip", address), ip, seconds),
            )
        return (Window("anonymous", rate_key("anonymous", address), anonymous, seconds),)

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
                held.engine, held.pipeline, found.session_id, held.settings.session_idle_seconds
            )
        except Exception as error:
            raise Unavailable("A dependency does not answer; try again.") from error
        if good:
            return found
        self.refused["ended"].inc()
        return Unauthorized(ENDED)


def _given(scope: Scope) -> dict[str, str]:
    """Return the headers that matter here; of several of a name, the first."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name in READ:
            found.setdefault(READ[name], value.decode("latin-1"))
    return found


def recognise(
    method: str, path: str, given: Mapping[str, str], held: Resources
) -> Principal | Unauthorized:
    """Read the token of a request, from its header or else its cookie.

    Raises Forbidden when a write comes with the cookie and without the CSRF token that belongs to
    it: a browser sends the cookie whoever made it send the request.
    """
    scheme, _, token = given.get(AUTHORIZATION, "").partition(" ")
    by_cookie = not scheme
    if by_cookie:
        token = "" if path in COOKIELESS else _cookie(given.get(COOKIE, ""))
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
        sent = given.get(CSRF_HEADER.lower(), "")
        if not principal.csrf or csrf_digest(sent) != principal.csrf:
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
    scope: Scope, trusted: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> str:
    """Return the address that a request comes from.

    X-Forwarded-For is read from its end, and only as far as configured proxies have written it.
    """
    client = scope.get("client")
    address = client[0] if client else "unknown"
    if not trusted:
        return address
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == FORWARDED]
    hops = [hop.strip() for line in lines for hop in line.split(",")]
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


def _policies(windows: Sequence[Window]) -> tuple[bytes, bytes]:
    told = [f'"{window.policy}";q={window.limit};w={window.seconds}' for window in windows]
    return b"ratelimit-policy", ", ".join(told).encode()
