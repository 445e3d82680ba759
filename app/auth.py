"""Access tokens (RS256) and password hashes (bcrypt)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import bcrypt
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from app.errors import Unauthorized
from app.settings import PREFIX, MisconfiguredError, read_key
from app.telemetry.catalog import SPAN_HASH
from app.telemetry.tracing import span

if TYPE_CHECKING:
    from app.settings import Settings

SIGNING = f"{PREFIX}JWT_PRIVATE_KEY_FILE"
VERIFYING = f"{PREFIX}JWT_VERIFICATION_KEY_FILES"
ALGORITHM = "RS256"
# Tokens that need no second look: 10,000 take some 15 MB, and checking a signature 50 µs.
REMEMBERED = 10_000
TOKEN_TYPE = "access"  # noqa: S105  # the value of the `typ` claim
REQUIRED_CLAIMS = ["exp", "iat", "iss", "aud", "sub", "jti", "role", "sid", "typ"]
MINIMUM_KEY_BITS = 2048
# More hashes at once would only take the cores away from requests that hash nothing.
HASHES_AT_ONCE = 4
MAX_PASSWORD_BYTES = 72


class Role(StrEnum):
    """What an account may do."""

    USER = "user"
    SHELTER = "shelter"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request, as its verified token says."""

    user_id: UUID
    role: Role
    session_id: UUID
    # Digest of the token that must come with a write when the access token came as a cookie.
    csrf: str = ""
    # The ids as text, which every request needs for keys and for its line in the log.
    user: str = field(init=False, repr=False, compare=False)
    session: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Write the ids once."""
        object.__setattr__(self, "user", str(self.user_id))
        object.__setattr__(self, "session", str(self.session_id))


class Tokens:
    """Issues access tokens with one RSA key, and verifies what that or another known key signed.

    A rotation: add the new key to PET_JWT_VERIFICATION_KEY_FILES of every process, then sign with
    it and keep the old one there until its last token has ended.
    """

    def __init__(self, settings: Settings) -> None:
        """Load the key; raises MisconfiguredError unless it is RSA of 2048 bits or more."""
        self._key = _load_key(read_key(settings.jwt_private_key_file, SIGNING), SIGNING)
        self._kid = _key_id(self._key.public_key())
        self._public = {self._kid: self._key.public_key()}
        for path in settings.jwt_verification_key_files:
            public = _load_public_key(read_key(path, VERIFYING), VERIFYING)
            self._public[_key_id(public)] = public
        self._sealing = hashlib.sha256(
            self._key.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        ).digest()
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        # By token: whose it is, and until when. Nothing here says that its session is still good.
        self._verified: dict[str, tuple[Principal, float]] = {}
        self.lifetime = settings.access_token_seconds

    def issue(self, principal: Principal) -> str:
        """Sign a token that says who the caller is until it expires."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(principal.user_id),
            "role": principal.role,
            "sid": str(principal.session_id),
            "typ": TOKEN_TYPE,
            "iat": now,
            "exp": now + self.lifetime,
            "jti": uuid4().hex,
        }
        if principal.csrf:
            claims["csrf"] = principal.csrf
        return jwt.encode(claims, self._key, ALGORITHM, headers={"kid": self._kid})

    def seal(self, purpose: str, text: str) -> str:
        """Digest a text with a secret of this service: nobody else can guess what it was.

        Alike in every process that signs with the same key; 64 characters.
        """
        return hmac.digest(self._sealing, f"{purpose} {text}".encode(), "sha256").hex()

    def verify(self, token: str) -> Principal:
        """Return who signed in; raises Unauthorized when a claim, the key or the time is wrong.

        A token that was good before is only looked up, until it ends. Whether its session has ended
        is asked at every request, by the gate.
        """
        known = self._verified.get(token)
        if known is not None and time.time() < known[1]:
            return known[0]
        principal, ends = self._check(token)
        while len(self._verified) >= REMEMBERED:
            self._verified.pop(next(iter(self._verified)))
        self._verified[token] = principal, ends
        return principal

    def _check(self, token: str) -> tuple[Principal, float]:
        try:
            key = self._public.get(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise Unauthorized("The access token was signed with an unknown key.")
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                options={"require": REQUIRED_CLAIMS},
            )
            if claims["typ"] != TOKEN_TYPE:
                raise Unauthorized("This is not an access token.")
            principal = Principal(
                UUID(claims["sub"]),
                Role(claims["role"]),
                UUID(claims["sid"]),
                str(claims.get("csrf", "")),
            )
            return principal, float(claims["exp"])
        except (jwt.InvalidTokenError, ValueError, AttributeError, TypeError):
            raise Unauthorized("The access token is not valid, or no longer.") from None


class Passwords:
    """Hashes and checks passwords off the event loop, a few at a time."""

    def __init__(self, rounds: int) -> None:
        """Prepare the threads and a hash to check against when an account is unknown."""
        self._rounds = rounds
        self._threads = ThreadPoolExecutor(HASHES_AT_ONCE, thread_name_prefix="bcrypt")
        self._nobody = bcrypt.hashpw(uuid4().bytes, bcrypt.gensalt(rounds)).decode()

    async def hash(self, password: str) -> str:
        """Hash a password of at most 72 bytes."""
        loop = asyncio.get_running_loop()
        with span(SPAN_HASH):
            return await loop.run_in_executor(self._threads, hash_password, password, self._rounds)

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Check a password; an unknown account (None) takes as long and answers no."""
        loop = asyncio.get_running_loop()
        with span(SPAN_HASH):
            return await loop.run_in_executor(self._threads, self._compare, password, hashed)

    def _compare(self, password: str, hashed: str | None) -> bool:
        given, nobody = password.encode(), self._nobody.encode()
        try:
            right = bcrypt.checkpw(given, nobody if hashed is None else hashed.encode())
        except ValueError:
            # What is stored is no hash: nothing fits, and that takes as long.
            bcrypt.checkpw(given, nobody)
            return False
        return right and hashed is not None

    def close(self) -> None:
        """Stop the threads once their hashes are done."""
        self._threads.shutdown()


def hash_password(password: str, rounds: int) -> str:
    """Hash a password on the calling thread; about 0.2 s at 12 rounds."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds)).decode()


def token_digest(token: str) -> bytes:
    """Digest a random token as PostgreSQL stores it; such tokens need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def csrf_digest(token: str) -> str:
    """Digest a CSRF token as the access token carries it."""
    return hashlib.sha256(token.encode()).hexdigest()


def _load_key(pem: bytes, name: str) -> RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise MisconfiguredError(f"{name} does not hold an unencrypted PEM private key.") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < MINIMUM_KEY_BITS:
        raise MisconfiguredError(f"{name} must hold an RSA key of {MINIMUM_KEY_BITS} bits or more.")
    return key


def _load_public_key(pem: bytes, name: str) -> RSAPublicKey:
    if b"PRIVATE KEY" in pem:
        return _load_key(pem, name).public_key()
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError:
        raise MisconfiguredError(f"{name} does not hold a PEM key.") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < MINIMUM_KEY_BITS:
        raise MisconfiguredError(f"{name} must hold RSA keys of {MINIMUM_KEY_BITS} bits or more.")
    return key


def _key_id(key: RSAPublicKey) -> str:
    public = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(public).hexdigest()[:16]
