"""Sign-up, log-in, log-out, refreshed tokens and new passwords.

None of them takes an Idempotency-Key: what it stores must hold neither tokens nor digests of
passwords, and all of them may be sent again.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response

from app.accounts.logins import change_password, log_in
from app.accounts.refresh import renew_session
from app.accounts.resets import confirm_reset, request_reset
from app.accounts.schemas import (
    BearerTokens,
    CookieTokens,
    LogIn,
    PasswordChange,
    Refresh,
    ResetConfirm,
    ResetRequest,
    SignedUp,
    SignUp,
)
from app.accounts.service import sign_up
from app.accounts.sessions import Session, revoke_sessions
from app.accounts.transport import REFRESH_COOKIE, clear_cookies, hand_over
from app.audit.service import record
from app.dependencies import Caller, Held
from app.errors import ServiceError, Unauthorized, problem
from app.telemetry import catalog
from app.transactions import InWork, TransactionRoute

router = APIRouter(tags=["auth"], route_class=TransactionRoute)
Handed = BearerTokens | CookieTokens


@router.post(catalog.SIGN_UP.template, status_code=201)
async def auth_sign_up(body: SignUp, held: Held, work: InWork) -> SignedUp:
    """Create an adopter's account; the answer is the same when the e-mail has one already."""
    await sign_up(held, work, body)
    return SignedUp(email=body.email, display_name=body.display_name)


@router.post(catalog.LOG_IN.template, response_model=Handed)
async def auth_log_in(
    body: LogIn, request: Request, held: Held, work: InWork, response: Response
) -> Handed | Response:
    """Exchange an e-mail and a password for tokens, in the body or in cookies."""
    session = await log_in(held, work, body, request.scope["client_ip"])
    if not isinstance(session, Session):
        return _refusal(request, session)
    return hand_over(held, response, session, by_cookie=body.transport == "cookie")


@router.post(catalog.REFRESH.template, response_model=Handed)
async def auth_refresh(
    request: Request,
    held: Held,
    work: InWork,
    response: Response,
    body: Refresh | None = None,
    cookie: Annotated[str | None, Cookie(alias=REFRESH_COOKIE)] = None,
) -> Handed | Response:
    """Exchange a refresh token for new tokens, which come the way it came."""
    given = None if body is None else body.refresh_token
    token = given or cookie
    session = token and await renew_session(work, held.cache, held.settings, token)
    if not session:
        return _refusal(request, Unauthorized("The refresh token is not valid; log in again."))
    return hand_over(held, response, session, by_cookie=given is None)


@router.post(catalog.LOG_OUT.template, status_code=204)
async def auth_log_out(held: Held, caller: Caller, work: InWork, response: Response) -> None:
    """End the session of this token, at once and everywhere."""
    await revoke_sessions(work, held.cache, caller.user_id, only=caller.session_id)
    await record(work, caller.user_id, "auth.logout", "session", caller.session_id)
    clear_cookies(response)


@router.post(catalog.RESET_REQUEST.template, status_code=202)
async def auth_reset_request(body: ResetRequest, held: Held, work: InWork) -> None:
    """Send a token for a new password to this e-mail, if it has an account."""
    await request_reset(held, work, body.email)


@router.post(catalog.RESET_CONFIRM.template, status_code=204)
async def auth_reset_confirm(
    body: ResetConfirm, request: Request, held: Held, work: InWork
) -> None:
    """Set a new password with the token from the e-mail; a wrong token answers 422."""
    await confirm_reset(held, work, body.token, body.password, request.scope["client_ip"])


@router.put(catalog.PASSWORD_CHANGE.template, status_code=204)
async def auth_password_change(
    body: PasswordChange,
    request: Request,
    held: Held,
    caller: Caller,
    work: InWork,
    response: Response,
) -> None:
    """Set a new password and log out everywhere; a wrong current one answers 422."""
    await change_password(held, work, caller.user_id, body, request.scope["client_ip"])
    clear_cookies(response)


def _refusal(request: Request, error: ServiceError) -> Response:
    # Returned and not raised: what the refusal has stored stays stored.
    return problem(request, error.status, str(error), error.headers)
