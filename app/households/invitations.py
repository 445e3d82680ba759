"""Invite codes: long enough that nobody guesses one, without letters that look alike."""

from __future__ import annotations

import secrets

# Without 0 and O, 1, I and L, V, which looks like U when written by hand.
LETTERS = "ABCDEFGHJKMNPQRSTUWXYZ23456789"
# 20 of 30 letters are 98 bits.
GROUPS, GROUP = 4, 5


def new_code() -> str:
    """Make a code, like `K7QFA-2MXRE-9HTWB-CDP4S`."""
    letters = [secrets.choice(LETTERS) for _ in range(GROUPS * GROUP)]
    return _grouped("".join(letters))


def tidy(code: str) -> str:
    """Write a code as it is stored, however somebody has typed it."""
    return _grouped("".join(letter for letter in code.upper() if letter in LETTERS))


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))
