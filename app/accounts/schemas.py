"""Bodies of the routes about accounts, credentials and preferences."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, EmailStr, Field, StringConstraints, model_validator

from app.animals import AgeMonths, PetType, Size
from app.auth import MAX_PASSWORD_BYTES, Role
from app.geo import Latitude, Longitude


def _fits_bcrypt(password: str) -> str:
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        msg = f"a password may have at most {MAX_PASSWORD_BYTES} bytes"
        raise ValueError(msg)
    return password


# bcrypt takes neither a NUL nor more bytes, and cutting would make two passwords one.
Password = Annotated[
    str,
    Field(min_length=8, max_length=MAX_PASSWORD_BYTES, pattern=r"^[^\x00]*$"),
    AfterValidator(_fits_bcrypt),
]
# What somebody gives as the password of an account: any text, and possibly wrong.
GivenPassword = Annotated[str, Field(min_length=1, max_length=200)]
# Addresses differ in case only by accident, so an account has one spelling.
Email = Annotated[EmailStr, AfterValidator(str.lower)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Token = Annotated[str, Field(min_length=1, max_length=200)]


class SignUp(BaseModel):
    """A new adopter."""

    email: Email
    password: Password
    display_name: Name


class SignedUp(BaseModel):
    """What was sent, and nothing about whether the e-mail had an account before."""

    email: str
    display_name: str


class LogIn(BaseModel):
    """Credentials of an account, and how its tokens shall travel."""

    email: Email
    password: GivenPassword
    transport: Literal["bearer", "cookie"] = "bearer"


class Refresh(BaseModel):
    """The newest refresh token of a session; a browser sends it as a cookie instead."""

    refresh_token: Token | None = None


class BearerTokens(BaseModel):
    """A token to send as `Authorization: Bearer …`, and the one that renews it."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105  # the name of the scheme
    expires_in: int
    refresh_token: str


class CookieTokens(BaseModel):
    """What a page needs besides its cookies: the token to send with each write."""

    csrf_token: str
    expires_in: int


class ResetRequest(BaseModel):
    """Whose password shall be set anew."""

    email: Email


class ResetConfirm(BaseModel):
    """The token from the e-mail, and the new password."""

    token: Token
    password: Password


class PasswordChange(BaseModel):
    """The password as it is, and as it shall be."""

    current: GivenPassword
    new: Password


class Account(BaseModel):
    """An account as its owner and administrators see it."""

    id: UUID
    email: str
    display_name: str
    role: Role
    avatar_url: str | None
    is_active: bool
    created_at: datetime


class AccountChange(BaseModel):
    """What an owner may change."""

    display_name: Name


class AdminChange(BaseModel):
    """What an administrator may change; what is not given stays."""

    role: Role | None = None
    is_active: Annotated[bool, Field(strict=True)] | None = None


class AccountPage(BaseModel):
    """A page of accounts; `next_cursor` continues behind the last one."""

    items: list[Account]
    next_cursor: str | None


class Preferences(BaseModel):
    """What an adopter looks for; what is not given may be anything, and anywhere."""

    pet_type: PetType | None = None
    size: Size | None = None
    age_months_min: AgeMonths | None = None
    age_months_max: AgeMonths | None = None
    latitude: Annotated[Latitude, Field(strict=True)] | None = None
    longitude: Annotated[Longitude, Field(strict=True)] | None = None
    radius_km: Annotated[float, Field(ge=1, le=500, allow_inf_nan=False, strict=True)] | None = None

    @model_validator(mode="after")
    def refuse_contradictions(self) -> Self:
        """Raise ValueError for ages that nobody has, and for half a place."""
        youngest, oldest = self.age_months_min, self.age_months_max
        if youngest is not None and oldest is not None and youngest > oldest:
            msg = "age_months_min must not be above age_months_max"
            raise ValueError(msg)
        place = {self.latitude is None, self.longitude is None, self.radius_km is None}
        if len(place) > 1:
            msg = "latitude, longitude and radius_km belong together: give all or none"
            raise ValueError(msg)
        return self
