"""Reading an access token of the service, with PyJWT."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import jwt

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from loadtests.bench.peers.settings import PeerSettings

REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti", "role", "sid", "typ"]
ACCESS = "access"


@dataclass(frozen=True, slots=True)
class Claims:
    """Who calls, in which session, and until when the token says so."""

    user_id: UUID
    session_id: UUID
    expires_at: int


def decode_token(token: str, key: "RSAPublicKey", settings: "PeerSettings") -> Claims | None:
    """Verify a token; None when its signature, its time or a claim is wrong."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            options={"require": REQUIRED},
        )
        if claims["typ"] != ACCESS:
            return None
        return Claims(UUID(claims["sub"]), UUID(claims["sid"]), claims["exp"])
    except (jwt.InvalidTokenError, ValueError):
        return None
