"""Uploading: some pictures, one of oneself, and the account with all of them gone again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.telemetry.catalog import AVATAR_DELETE, AVATAR_WRITE, LOG_IN, ME_DELETE, SIGN_UP, UPLOAD
from loadtests.scenarios.model import Call, Scenario, call
from loadtests.scenarios.people import join, leave, signed_in
from loadtests.scenarios.pictures import CONTENT_TYPE, PICTURES, form

if TYPE_CHECKING:
    from app.telemetry.model import Route
    from loadtests.scenarios.model import Person, Script

MOST_UPLOADS = 3
CHANGES_OF_MIND = 0.2
# Nobody can delete an upload alone, but whoever leaves takes all of theirs: about twenty pictures,
# 160 KB, are stored for everybody at any time, however long the load lasts.
LEAVES = 0.1


def send_pictures(person: Person) -> Script:
    """Upload a few pictures and change the avatar; some take it away, some leave altogether."""
    for _ in range(person.chance.randint(1, MOST_UPLOADS)):
        yield _send(UPLOAD, person)
    yield _send(AVATAR_WRITE, person)
    if person.chance.random() < CHANGES_OF_MIND:
        yield call(AVATAR_DELETE)
    if person.chance.random() < LEAVES:
        yield from leave(person)


def _send(route: Route, person: Person) -> Call:
    body = form(person.chance.randrange(PICTURES))
    return Call(route, body=body, content_type=CONTENT_TYPE)


UPLOAD_PICTURES = Scenario(
    name="upload",
    description="New people upload pictures, change their avatar and sometimes leave.",
    operations=(SIGN_UP, LOG_IN, UPLOAD, AVATAR_WRITE, AVATAR_DELETE, ME_DELETE),
    slos=("login-availability", "upload-availability", "api-availability"),
    prepare=join,
    act=signed_in(join, send_pictures),
    accounts=False,
    rate=10.0,
)
