"""What e-mails say. Subjects are fixed, so that no name ever gets into a header."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Text(NamedTuple):
    """The subject and the body of an e-mail; `{…}` are fields of the event."""

    subject: str
    body: str


ACCOUNT_CREATED = Text(
    "Welcome to PetSwipe",
    "your account is ready. Log in and meet the animals that wait for you.",
)
ACCOUNT_EXISTS = Text(
    "You already have a PetSwipe account",
    "somebody has tried to sign up with this address, which has an account already. If it was you, "
    "log in, or ask for a new password when you have forgotten yours. If it was not you, there is "
    "nothing to do.",
)
PASSWORD_RESET = Text(
    "Reset your PetSwipe password",
    "somebody, most likely you, has asked for a new password. This is the token that sets it:\n\n"
    "{token}\n\n"
    "It works once and for {minutes} minutes. If you have not asked for it, there is nothing to "
    "do: your password stays as it is.",
)
MATCH_CREATED = Text(
    "It is a match",
    "{pet_name} and you are a match. Open PetSwipe to see what comes next.",
)
MATCH_ACCEPTED = Text(
    "Your match was accepted",
    "the match about {pet_name} was accepted. Open PetSwipe to see what comes next.",
)
MATCH_DECLINED = Text(
    "Your match was declined",
    "the match about {pet_name} was declined. Other animals wait for you.",
)
MATCH_COMPLETED = Text(
    "An adoption is complete",
    "the adoption of {pet_name} is complete. We wish you many good years together.",
)
ANYTHING_ELSE = Text(
    "News from PetSwipe",
    "there is something new for you. Open PetSwipe to see it.",
)
TEXTS = {
    "account.created": ACCOUNT_CREATED,
    "account.exists": ACCOUNT_EXISTS,
    "password.reset": PASSWORD_RESET,
    "match.created": MATCH_CREATED,
    "match.accepted": MATCH_ACCEPTED,
    "match.declined": MATCH_DECLINED,
    "match.completed": MATCH_COMPLETED,
}
MISSING = {"pet_name": "the animal"}
LONGEST_FIELD = 200
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def write(kind: str, name: str, fields: Mapping[str, Any]) -> Text:
    """Write the e-mail of an event; a name cannot add a line to it."""
    text = TEXTS.get(kind, ANYTHING_ELSE)
    values = {field: _one_line(str(value)) for field, value in {**MISSING, **fields}.items()}
    body = f"Hello {_one_line(name)},\n\n{text.body.format_map(values)}\n\nPetSwipe\n"
    return Text(text.subject, body)


def _one_line(value: str) -> str:
    return UNPRINTABLE.sub(" ", value)[:LONGEST_FIELD]
