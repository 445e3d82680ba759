"""Bodies of the sign-up and log-in routes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, EmailStr, Field

from app.auth import MAX_PASSWORD_BYTES, Role


def _fits_bcrypt(password: str) -> str:
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        msg = f"a password may have at most {MAX_PASSWORD_BYTES} bytes"
        raise ValueError(msg)
    if "\0" in password:
        msg = "a password may not hold a NUL character"
        raise ValueError(msg)
    return password


Password = Annotated[str, Field(min_length=8, max_length=72), AfterValidator(_fits_bcrypt)]
# Addresses differ in case only by accident, so an account has one spelling.
Email = Annotated[EmailStr, AfterValidator(str.lower)]


class SignUp(BaseModel):
    """A new adopter."""

    email: Email
    password: Password
    display_name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class LogIn(BaseModel):
    """Credentials of an account."""

    email: Email
    password: str = Field(min_length=1, max_length=200)


class Account(BaseModel):
    """An account as its owner sees it."""

    id: UUID
    email: str
    display_name: str
    role: Role


class AccessToken(BaseModel):
    """A token to send as `Authorization: Bearer …`."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105  # the name of the scheme
    expires_in: int
