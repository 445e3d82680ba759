"""Texts that people give: what PostgreSQL can store, and what somebody can see."""

from __future__ import annotations

from pydantic import StringConstraints

# PostgreSQL's text cannot hold a NUL, so it is refused at the door.
NO_NUL = r"^[^\x00]*$"
# Something besides spaces and marks of no width; spelled out, because every reader of a JSON schema
# has a `\s` of its own.
VISIBLE = (
    r"^[^\x00]*"
    r"[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff]"
    r"[^\x00]*$"
)


def short_text(longest: int) -> StringConstraints:
    """Constrain a name or the like: it shows, and is stored without the spaces around it."""
    return StringConstraints(
        min_length=1, max_length=longest, pattern=VISIBLE, strip_whitespace=True
    )
