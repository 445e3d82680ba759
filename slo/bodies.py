"""Reading an answer as far as it can be one: no more of it, and for no longer."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator


class TooLongError(httpx.HTTPError):
    """An answer has more bytes than what was asked for can have."""


class TooSlowError(httpx.ReadTimeout):
    """An answer has not come whole in time; httpx itself gives every piece of it as long."""


def read_body(answer: httpx.Response, most_bytes: int, latest: float) -> bytes:
    """Read an answer that is streamed until `latest`, by monotonic().

    Raises TooLongError and TooSlowError, beside those of httpx.
    """
    return b"".join(_pieces(answer, most_bytes, latest))


def _pieces(answer: httpx.Response, most_bytes: int, latest: float) -> Iterator[bytes]:
    size = 0
    for piece in answer.iter_bytes():
        size += len(piece)
        if size > most_bytes:
            raise TooLongError(f"it has more than {most_bytes:,} bytes")
        if monotonic() > latest:
            raise TooSlowError("it has not come whole in time")
        yield piece
