"""Secrets from files: what goes into the header `Authorization`."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 16_384
# The characters of RFC 6750.
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


class CredentialsError(ValueError):
    """A file has no secret that could be sent; the text is one sentence without any of it."""


def bearer(file: Path) -> str:
    """Return the header's value for the token that a file holds; raises CredentialsError."""
    token = _secret(file, "a token")
    if not TOKEN.fullmatch(token):
        raise CredentialsError(f"{file} holds no bearer token: it has other characters than one")
    return f"Bearer {token}"


def basic(file: Path) -> str:
    """Return the header's value for the `user:password` of a file; raises CredentialsError."""
    secret = _secret(file, "user:password")
    user, colon, password = secret.partition(":")
    if not (user and colon and password) or not secret.isprintable():
        raise CredentialsError(f"{file} does not hold one line like user:password")
    return f"Basic {base64.b64encode(secret.encode()).decode()}"


def _secret(file: Path, wanted: str) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
        text = raw.decode().strip()
    except OSError as error:
        raise CredentialsError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CredentialsError(f"{file} is no text; it is to hold {wanted}") from None
    if not text or len(raw) > MOST_BYTES:
        what = "is empty" if not text else f"has more than {MOST_BYTES:,} bytes"
        raise CredentialsError(f"{file} {what}; it is to hold {wanted}")
    return text
