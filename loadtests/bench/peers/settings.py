"""What a peer is told by its environment: the same variables as the service, as far as it asks."""

from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

POOL_SIZE = 10
# What PostgreSQL says of a session is remembered in Redis for so long.
REMEMBERED_SECONDS = 60


class PeerSettings(BaseSettings):
    """Variables with the prefix PET_; the defaults are those of the service."""

    model_config = SettingsConfigDict(env_prefix="PET_", frozen=True, extra="ignore")

    database_url: str
    cache_url: str
    jwt_private_key_file: Path
    jwt_issuer: str = "https://petswipe.example"
    jwt_audience: str = "petswipe-api"
    session_idle_seconds: int = 1800
    rate_limit_user: int = 100
    rate_limit_ip: int = 1000
    rate_window_seconds: int = 60
    deck_size: int = 100
    deck_ttl_seconds: int = 3600

    @property
    def engine_url(self) -> URL:
        """The address of PostgreSQL, for asyncpg."""
        return make_url(self.database_url).set(drivername="postgresql+asyncpg")

    def public_key(self) -> "RSAPublicKey":
        """Read the key that tokens are checked with."""
        private = load_pem_private_key(self.jwt_private_key_file.read_bytes(), password=None)
        return private.public_key()  # type: ignore[return-value]  # the service refuses other keys
