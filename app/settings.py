"""The configuration of the API: variables with the prefix PET_, read once.

A variable of the environment goes before a file of the same name in PET_SECRETS_DIR, and that
before the key of the same name in the AWS secret PET_SECRETS_ARN.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AmqpDsn,
    BeforeValidator,
    ByteSize,
    EmailStr,
    Field,
    FilePath,
    HttpUrl,
    IPvAnyNetwork,
    PostgresDsn,
    RedisDsn,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from app.secret_store import SecretsError, read_secrets

PREFIX = "PET_"
SECRETS_DIR = f"{PREFIX}SECRETS_DIR"
SECRETS_ARN = f"{PREFIX}SECRETS_ARN"


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


Commas = BeforeValidator(_split)


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


class OtlpProtocol(StrEnum):
    """How a collector is spoken to; the names are OpenTelemetry's."""

    HTTP = "http/protobuf"
    GRPC = "grpc"


class TelemetryMode(StrEnum):
    """Whether a process tells anything about itself; `none` is what measurements compare with."""

    FULL = "full"
    NONE = "none"


class MisconfiguredError(Exception):
    """A setting is missing or wrong; the text is one sentence for the operator."""


class Settings(BaseSettings):
    """Every setting of the service. Built in `__main__`, passed down, never changed."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    environment: Environment = Environment.DEVELOPMENT
    # Addresses hold passwords, which no representation may show.
    database_url: PostgresDsn = Field(repr=False)
    # Where reads go that may be a moment old: lists, feeds, exports.
    replica_url: PostgresDsn | None = Field(default=None, repr=False)
    cache_url: RedisDsn = Field(repr=False)
    jwt_private_key_file: FilePath
    # Keys that sign no more, or not yet: a rotation adds the new one here first, everywhere.
    jwt_verification_key_files: Annotated[tuple[FilePath, ...], NoDecode, Commas] = ()
    jwt_issuer: str = "https://petswipe.example"
    jwt_audience: str = "petswipe-api"
    access_token_seconds: int = Field(default=3600, ge=60, le=86_400)
    refresh_token_seconds: int = Field(default=7 * 86_400, ge=60)
    # Two tabs that refresh at once, or an answer that was lost on the way: no theft.
    refresh_grace_seconds: int = Field(default=10, ge=0, le=60)
    session_idle_seconds: int = Field(default=1800, ge=60)
    reset_token_seconds: int = Field(default=900, ge=60, le=3600)
    bcrypt_rounds: int = Field(default=12, ge=4, le=16)
    rate_limit_user: int = Field(default=100, ge=1)
    rate_limit_ip: int = Field(default=1000, ge=1)
    rate_limit_anonymous: int = Field(default=100, ge=1)
    rate_window_seconds: int = Field(default=60, ge=1, le=3600)
    login_failures_account: int = Field(default=10, ge=1)
    login_failures_ip: int = Field(default=50, ge=1)
    login_window_seconds: int = Field(default=900, ge=1)
    # Only these may say in X-Forwarded-For whom they speak for.
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, Commas] = ()
    cors_origins: Annotated[tuple[str, ...], NoDecode, Commas] = ()
    request_deadline_seconds: float = Field(default=2.0, gt=0, le=60)
    # Hashing a password queues behind others; an upload waits for somebody's telephone.
    slow_deadline_seconds: float = Field(default=30.0, gt=0, le=300)
    # Ten connections a worker serve a 150 ms objective; more only queue inside PostgreSQL.
    pool_size: int = Field(default=10, ge=1, le=100)
    # The requirement allows 30 s; the deadline of a request ends its wait long before.
    pool_wait_seconds: float = Field(default=30.0, gt=0, le=60)
    # Sessions of others: migrations, the dispatcher, somebody's psql.
    connection_reserve: int = Field(default=10, ge=0)
    database_timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    # A deck read from PostgreSQL takes about 10 ms, so waiting longer for the cache gains nothing.
    cache_timeout_seconds: float = Field(default=0.25, gt=0, le=5)
    # More than a process stores within the deadline of a request: who comes then is told at once.
    swipes_waiting: int = Field(default=4096, ge=1, le=100_000)
    deck_ttl_seconds: int = Field(default=3600, ge=1)
    deck_size: int = Field(default=100, ge=1, le=100)
    max_upload_size: ByteSize = Field(default=ByteSize(10_000_000), ge=1, le=100_000_000)
    max_upload_pixels: int = Field(default=24_000_000, ge=1)
    storage_bucket: str = Field(default="petswipe-media", min_length=3, max_length=63)
    storage_region: str = "us-east-1"
    # Unset means AWS itself.
    storage_endpoint: HttpUrl | None = None
    # What readers of a picture see in place of the bucket's own address: a CDN.
    media_base_url: HttpUrl | None = None
    smtp_url: SecretStr | None = None
    mail_from: EmailStr = "petswipe@petswipe.example"
    webhook_timeout_seconds: float = Field(default=5.0, gt=0, le=30)
    sns_topic_arn: str | None = None
    sns_endpoint: HttpUrl | None = None
    amqp_url: AmqpDsn | None = Field(default=None, repr=False)
    dispatch_attempts: int = Field(default=8, ge=1, le=50)
    # Longer than all channels together may take, so that no event is delivered twice at once.
    dispatch_lease_seconds: int = Field(default=60, ge=1)
    dispatch_base_seconds: float = Field(default=1.0, gt=0)
    gemini_api_key: SecretStr | None = None
    gemini_url: HttpUrl = HttpUrl("https://generativelanguage.googleapis.com")
    yelp_api_key: SecretStr | None = None
    yelp_url: HttpUrl = HttpUrl("https://api.yelp.com")
    remote_timeout_seconds: float = Field(default=1.5, gt=0, le=30)
    feature_chat: bool = True
    feature_webhooks: bool = True
    telemetry: TelemetryMode = TelemetryMode.FULL
    # Unset means that no spans are recorded; log lines have trace ids all the same.
    otlp_endpoint: HttpUrl | None = None
    otlp_protocol: OtlpProtocol = OtlpProtocol.HTTP
    otlp_logs: bool = False
    # Unset means by environment: 10 % in production, 50 % in staging, everything elsewhere.
    trace_ratio: float | None = Field(default=None, ge=0, le=1)
    management_host: str = "127.0.0.1"
    # Beside the package: in the repository as in the image. A missing folder stops no start.
    runbooks_dir: Path = Path(__file__).parents[1] / "runbooks"
    # Asked for the values that queries of a runbook have now; an address may hold a password.
    prometheus_url: HttpUrl | None = Field(default=None, repr=False)
    # Where a reader's browser finds it, when that is another address.
    prometheus_public_url: HttpUrl | None = None
    grafana_url: HttpUrl | None = None
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    revision: str = "unknown"
    build_time: str = "unknown"
    fault: Fault = Fault.NONE

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add the AWS secret, below the sources that are nearer to the process."""
        del dotenv_settings
        nearer = (init_settings, env_settings, file_secret_settings)
        arn = os.environ.get(SECRETS_ARN)
        if not arn:
            return nearer
        found = {
            key.upper().removeprefix(PREFIX).lower(): value
            for key, value in read_secrets(arn).items()
        }
        return (*nearer, InitSettingsSource(settings_cls, found))

    @model_validator(mode="after")
    def refuse_rehearsals_in_production(self) -> Self:
        """Keep faults and weakened password hashing away from real adopters."""
        if self.environment is not Environment.PRODUCTION:
            return self
        if self.fault is not Fault.NONE:
            msg = f"{PREFIX}FAULT={self.fault} is refused in production: unset it"
            raise ValueError(msg)
        if self.telemetry is TelemetryMode.NONE:
            msg = f"{PREFIX}TELEMETRY=none is refused in production: nobody would see it fail"
            raise ValueError(msg)
        if self.bcrypt_rounds < Settings.model_fields["bcrypt_rounds"].default:
            msg = (
                f"{PREFIX}BCRYPT_ROUNDS={self.bcrypt_rounds} is too weak for production: 12 or more"
            )
            raise ValueError(msg)
        return self


def load_settings(**given: object) -> Settings:
    """Read the environment, files and AWS secret; what is given here goes before them all.

    Raises MisconfiguredError with one sentence that names the variable and what would be right;
    it never repeats a value, which could be a secret.
    """
    try:
        return Settings(_secrets_dir=_secrets_folder(), **given)  # type: ignore[arg-type]  # pydantic checks them
    except SecretsError as error:
        raise MisconfiguredError(f"{SECRETS_ARN}: {error}") from None
    except (SettingsError, OSError):
        raise MisconfiguredError(f"{SECRETS_DIR}: one of its files cannot be read") from None
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


def _secrets_folder() -> Path | None:
    """Name the folder with a file a secret, as Docker and Kubernetes mount them."""
    given = os.environ.get(SECRETS_DIR)
    if not given:
        return None
    folder = Path(given)
    if not folder.is_dir():
        raise MisconfiguredError(f"{SECRETS_DIR}: {folder} is no folder")
    return folder


MISSING_HELP = {
    "database_url": "give it the PostgreSQL address, like postgresql+asyncpg://user@host:5432/petswipe",
    "cache_url": "give it the Valkey or Redis address, like redis://host:6379/0",
    "jwt_private_key_file": "give it the path of the RSA private key that signs tokens (PEM)",
}


def read_key(path: Path, name: str) -> bytes:
    """Read a key file; raises MisconfiguredError, naming the variable, when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{name}: {path} cannot be read: {error.strerror}"
        raise MisconfiguredError(msg) from None
