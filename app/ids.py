"""Ids of rows that are written all the time."""

from __future__ import annotations

from random import Random
from time import time_ns

# Seeded by the operating system, in each process for itself; ids need to be different, not secret.
RANDOM = Random()  # noqa: S311
MILLISECOND = 1_000_000
VERSION, VARIANT = 7 << 76, 2 << 62
# The 12 random bits behind the version, and the 62 behind the variant.
HIGH, LOW = 0xFFF << 64, (1 << 62) - 1


def new_id() -> str:
    """Make a UUID of version 7: milliseconds, and 74 random bits (RFC 9562, section 5.7).

    Those of one time lie side by side in an index, where random ones would each touch another page.
    """
    bits = RANDOM.getrandbits(76)
    found = (time_ns() // MILLISECOND) << 80 | VERSION | (bits & HIGH) | VARIANT | (bits & LOW)
    text = f"{found:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
