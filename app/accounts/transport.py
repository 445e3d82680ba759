"""Handing tokens over: in the body, or in cookies that no script of a page can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.accounts.schemas import BearerTokens, CookieTokens
from app.auth import Principal, csrf_digest
from app.telemetry.catalog import REFRESH

if TYPE_CHECKING:
    from fastapi import Response

    from app.accounts.sessions import Session
    from app.dependencies import Resources

# `__Host-` binds a cookie to this host and to HTTPS, but also to the path /.
ACCESS_COOKIE = "__Host-petswipe-access"
REFRESH_COOKIE = "__Secure-petswipe-refresh"


def hand_over(
    held: Resources, response: Response, session: Session, *, by_cookie: bool
) -> BearerTokens | CookieTokens:
    """Issue an access token and give it away together with the refresh token."""
    response.headers["Cache-Control"] = "no-store"
    tokens, seconds = held.tokens, held.tokens.lifetime
    principal = Principal(session.user_id, session.role, session.id)
    if not by_cookie:
        token = tokens.issue(principal)
        return BearerTokens(
            access_token=token, expires_in=seconds, refresh_token=session.refresh_token
        )
    # One for the whole session: another tab that refreshes does not spoil that of this one.
    csrf = tokens.seal("csrf", str(session.id))
    token = tokens.issue(
        Principal(principal.user_id, principal.role, principal.session_id, csrf_digest(csrf))
    )
    response.set_cookie(ACCESS_COOKIE, token, seconds, secure=True, httponly=True, samesite="lax")
    response.set_cookie(
        REFRESH_COOKIE,
        session.refresh_token,
        held.settings.refresh_token_seconds,
        path=REFRESH.template,
        secure=True,
        httponly=True,
        samesite="strict",
    )
    return CookieTokens(csrf_token=csrf, expires_in=seconds)


def clear_cookies(response: Response) -> None:
    """Let a browser forget both tokens."""
    response.delete_cookie(ACCESS_COOKIE, secure=True, httponly=True, samesite="lax")
    response.delete_cookie(
        REFRESH_COOKIE, REFRESH.template, secure=True, httponly=True, samesite="strict"
    )
