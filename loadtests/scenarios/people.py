"""Who people are to the service: log in, sign up, stay logged in, act for each other, leave."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from time import monotonic
from typing import TypeAlias

from app.telemetry.catalog import LOG_IN, ME_DELETE, SIGN_UP
from loadtests.scenarios.answers import number, text
from loadtests.scenarios.model import Call, Person, Reply, Script, call

Part: TypeAlias = Callable[[Person], Script]

# Kept for documentation, so that no mail for these people goes anywhere.
DOMAIN = "newcomers.petswipe.example"
# When in its lifetime a token is renewed: before it ends, and not everybody's at once.
RENEWED = (0.5, 0.9)
UNAUTHORIZED = 401
CONFLICT = 409


def log_in(person: Person) -> Script:
    """Log in unless the token is still good for a while; without success there is no token."""
    if person.token and monotonic() < person.fresh_until:
        return
    person.token = ""
    reply = yield call(LOG_IN, {"email": person.email, "password": person.password})
    if reply.status == UNAUTHORIZED and person.email.endswith(DOMAIN):
        # The account is gone: it was deleted, and the answer to that was lost.
        person.email = ""
    person.token = text(reply.document, "access_token")
    lifetime = number(reply.document, "expires_in")
    # Without a lifetime the service says 401 when it is over.
    share = person.chance.uniform(*RENEWED)
    person.fresh_until = math.inf if lifetime is None else monotonic() + lifetime * share


def join(person: Person) -> Script:
    """Sign up as somebody new, unless that is done, and log in."""
    if person.email:
        yield from log_in(person)
    if not person.email:
        yield from _sign_up(person)
        if person.email:
            yield from log_in(person)


def _sign_up(person: Person) -> Script:
    # Two runs may number their people alike.
    unique = f"{person.number}-{person.chance.getrandbits(64):016x}"
    email, password = f"{unique}@{DOMAIN}", f"{person.chance.getrandbits(128):032x}"
    name = f"Newcomer {person.number}"
    reply = yield call(SIGN_UP, {"email": email, "password": password, "display_name": name})
    if reply.good:
        person.email, person.password = email, password


def leave(person: Person) -> Script:
    """Delete the account of a newcomer, with all that it has stored; join makes another one."""
    reply = yield call(ME_DELETE)
    if reply.good:
        person.email = person.token = ""


def bring(person: Person) -> Person:
    """Return the person's companion, somebody who has not signed up yet when there was none."""
    if person.companion is None:
        person.companion = Person(person.number, "", "", person.chance)
    return person.companion


def join_both(person: Person) -> Script:
    """Let a person and their companion sign up, unless they have, and log in."""
    yield from join(person)
    yield from join(bring(person))


def through(person: Person, other: Person, what: Call) -> Generator[Call, Reply, Reply]:
    """Send a call as somebody else, and return its reply."""
    own, person.token = person.token, other.token
    try:
        return (yield what)
    finally:
        # Whoever has seen it refused has taken it away.
        other.token, person.token = person.token, own


def signed_in(enter: Part, act: Part) -> Part:
    """Return `act` for people who are logged in: they enter before it unless they still are.

    An answer of 401 ends the act and the token; whoever cannot enter does nothing else.
    """

    def acting(person: Person) -> Script:
        yield from enter(person)
        if not person.token or (person.companion is not None and not person.companion.token):
            return
        with closing(act(person)) as script, suppress(StopIteration):
            what = next(script)
            while True:
                reply = yield what
                if reply.status == UNAUTHORIZED:
                    person.token = ""
                    return
                what = script.send(reply)

    return acting
