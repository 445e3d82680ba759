"""Sign-up and log-in."""

from __future__ import annotations

from fastapi import APIRouter

from app.accounts.schemas import AccessToken, Account, LogIn, SignUp
from app.accounts.service import check_credentials, create_account
from app.auth import Role
from app.dependencies import Held
from app.errors import Unauthorized
from app.telemetry import catalog

router = APIRouter(tags=["auth"])


@router.post(catalog.SIGN_UP.template, status_code=201)
async def sign_up(body: SignUp, held: Held) -> Account:
    """Create an adopter's account."""
    created = await create_account(
        held.engine, held.passwords, body.email, body.password, body.display_name
    )
    held.instruments.sign_ups.inc()
    return Account(id=created, email=body.email, display_name=body.display_name, role=Role.USER)


@router.post(catalog.LOG_IN.template)
async def log_in(body: LogIn, held: Held) -> AccessToken:
    """Exchange an e-mail and a password for an access token."""
    try:
        principal = await check_credentials(held.engine, held.passwords, body.email, body.password)
    except Unauthorized:
        held.instruments.log_ins["failure"].inc()
        raise
    held.instruments.log_ins["success"].inc()
    return AccessToken(access_token=held.tokens.issue(principal), expires_in=held.tokens.lifetime)
