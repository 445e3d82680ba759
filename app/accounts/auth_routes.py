"""Sign-up and log-in."""

from __future__ import annotations

from fastapi import APIRouter

from app.accounts.schemas import AccessToken, Account, LogIn, SignUp
from app.accounts.service import check_credentials, create_account
from app.accounts.sessions import open_session
from app.auth import Principal, Role
from app.dependencies import Held
from app.errors import Unauthorized, answers
from app.telemetry import catalog
from app.transactions import InWork, TransactionRoute

router = APIRouter(tags=["auth"], route_class=TransactionRoute)


@router.post(catalog.SIGN_UP.template, status_code=201, responses=answers(409))
async def sign_up(body: SignUp, held: Held, work: InWork) -> Account:
    """Create an adopter's account."""
    created = await create_account(
        work, held.passwords, body.email, body.password, body.display_name
    )
    work.afterwards(held.instruments.sign_ups.inc)
    return Account(id=created, email=body.email, display_name=body.display_name, role=Role.USER)


@router.post(catalog.LOG_IN.template)
async def log_in(body: LogIn, held: Held, work: InWork) -> AccessToken:
    """Exchange an e-mail and a password for an access token."""
    try:
        user_id, role = await check_credentials(
            held.engine, held.passwords, body.email, body.password
        )
    except Unauthorized:
        held.instruments.log_ins["failure"].inc()
        raise
    session_id = await open_session(work, user_id, held.tokens.lifetime)
    work.afterwards(held.instruments.log_ins["success"].inc)
    token = held.tokens.issue(Principal(user_id, role, session_id))
    return AccessToken(access_token=token, expires_in=held.tokens.lifetime)
