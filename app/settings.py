"""The configuration of the API: environment variables with the prefix PET_, read once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, FilePath, PostgresDsn, RedisDsn, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "PET_"


class Environment(StrEnum):
    """Where a process runs; production refuses what only rehearsals need."""

    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"


class Fault(StrEnum):
    """A disturbance of the swipe path, to rehearse that objectives, alerts and the gate see it."""

    NONE = "none"
    ERRORS = "errors"
    SLOW = "slow"


class MisconfiguredError(Exception):
    """A setting is missing or wrong; the text is one sentence for the operator."""


class Settings(BaseSettings):
    """Every setting of the service. Built in `__main__`, passed down, never changed."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    environment: Environment = Environment.DEVELOPMENT
    database_url: PostgresDsn
    cache_url: RedisDsn
    jwt_private_key_file: FilePath
    jwt_issuer: str = "https://petswipe.example"
    jwt_audience: str = "petswipe-api"
    access_token_seconds: int = Field(default=3600, ge=60, le=86_400)
    bcrypt_rounds: int = Field(default=12, ge=4, le=16)
    # Ten connections a worker serve a 150 ms objective; more only queue inside PostgreSQL.
    pool_size: int = Field(default=10, ge=1, le=100)
    pool_wait_seconds: float = Field(default=30.0, gt=0, le=60)
    database_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    # A deck read from PostgreSQL takes about 10 ms, so waiting longer for the cache gains nothing.
    cache_timeout_seconds: float = Field(default=0.25, gt=0, le=5)
    deck_ttl_seconds: int = Field(default=3600, ge=1)
    deck_size: int = Field(default=100, ge=1, le=100)
    management_host: str = "127.0.0.1"
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    revision: str = "unknown"
    fault: Fault = Fault.NONE

    @model_validator(mode="after")
    def refuse_rehearsals_in_production(self) -> Self:
        """Keep faults and weakened password hashing away from real adopters."""
        if self.environment is not Environment.PRODUCTION:
            return self
        if self.fault is not Fault.NONE:
            msg = f"{PREFIX}FAULT={self.fault} is refused in production: unset it"
            raise ValueError(msg)
        if self.bcrypt_rounds < Settings.model_fields["bcrypt_rounds"].default:
            msg = (
                f"{PREFIX}BCRYPT_ROUNDS={self.bcrypt_rounds} is too weak for production: 12 or more"
            )
            raise ValueError(msg)
        return self


def load_settings(**given: object) -> Settings:
    """Read the environment; what is given here goes before it.

    Raises MisconfiguredError with one sentence that names the variable and what would be right;
    it never repeats a value, which could be a secret.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        if not name:
            raise MisconfiguredError(reason) from None
        if first["type"] == "missing":
            reason = "is not set: " + MISSING_HELP.get(name.lower(), "give it a value")
            raise MisconfiguredError(f"{PREFIX}{name} {reason}") from None
        raise MisconfiguredError(f"{PREFIX}{name}: {reason}") from None


MISSING_HELP = {
    "database_url": "give it the PostgreSQL address, like postgresql+asyncpg://user@host:5432/petswipe",
    "cache_url": "give it the Valkey or Redis address, like redis://host:6379/0",
    "jwt_private_key_file": "give it the path of the RSA private key that signs tokens (PEM)",
}


def private_key(settings: Settings) -> str:
    """Read the signing key; raises MisconfiguredError when the file cannot be read."""
    path = Path(settings.jwt_private_key_file)
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not a PEM text"
        msg = f"{PREFIX}JWT_PRIVATE_KEY_FILE: {path} cannot be read: {reason}"
        raise MisconfiguredError(msg) from None
