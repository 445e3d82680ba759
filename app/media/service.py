"""Storing pictures: the slow part without a connection, the rows in one transaction after it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from fastapi.responses import JSONResponse
from sqlalchemy import delete, insert, select, update

from app.accounts.service import GONE, in_use
from app.accounts.tables import users
from app.audit.service import record
from app.errors import ServiceError, Unauthorized, Unavailable
from app.forms import refuse_large
from app.idempotency.service import keep, replay
from app.media.schemas import Avatar, Uploaded
from app.media.tables import uploads
from app.pets.service import check_managed, set_photo
from app.telemetry.catalog import SPAN_PICTURE
from app.telemetry.tracing import span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from fastapi import Response, UploadFile

    from app.auth import Principal
    from app.dependencies import Resources
    from app.idempotency.service import Claim
    from app.storage import Storage
    from app.work import Work

    # Does what a stored picture is for and makes the answer.
    Finish = Callable[[Uploaded], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Sent:
    """A file in the hands of a request: whose it is, and what is undone if nothing is stored."""

    held: Resources
    work: Work
    caller: Principal
    file: UploadFile
    claim: Claim | None
    undo: list[Any]


async def upload(sent: Sent, pet_id: UUID | None) -> Response:
    """Store a picture, as the photo of a pet if one is named.

    Raises NotFound when the pet is not the caller's, TooLarge, WrongMedia and Unprocessable for
    what is no usable picture, Unavailable when the storage is away.
    """

    async def finish(stored: Uploaded) -> Response:
        if pet_id is not None:
            await set_photo(sent.work, sent.held.cache, sent.caller, pet_id, stored.url)
        await _note(sent, stored)
        return JSONResponse(stored.model_dump(mode="json"), 201)

    if pet_id is not None:
        await check_managed(sent.work, sent.caller, pet_id)
    return await _store_once(sent, "pet", finish)


async def set_avatar(sent: Sent) -> Response:
    """Store a picture as the caller's, in place of the one before; raises what `upload` does."""

    async def finish(stored: Uploaded) -> Response:
        await _replace_avatar(sent.work, sent.held.storage, sent.caller.user_id, stored.url)
        await _note(sent, stored)
        return JSONResponse(Avatar(url=stored.url).model_dump(), 200)

    return await _store_once(sent, "avatar", finish)


async def remove_avatar(work: Work, storage: Storage, user_id: UUID) -> None:
    """Take the caller's picture away; raises Unauthorized when the account is gone."""
    await _replace_avatar(work, storage, user_id, None)


async def forget_pictures(work: Work, storage: Storage, user_id: UUID) -> None:
    """Delete all that somebody has uploaded; the objects go once this work commits."""
    connection = await work.connection()
    mine = delete(uploads).where(uploads.c.owner_id == user_id).returning(uploads.c.key)
    for key in (await connection.scalars(mine)).all():
        work.afterwards(partial(storage.discard, key))


async def _store_once(sent: Sent, purpose: str, finish: Finish) -> Response:
    """Put the picture, then its rows; the same request again is answered as the first time."""
    work, storage, claim = sent.work, sent.held.storage, sent.claim
    refuse_large(sent.file, sent.held.settings.max_upload_size)
    again = None if claim is None else await replay(work, claim)
    if again is not None:
        return again
    # What comes may take seconds, for which a connection would be missing to others.
    await work.abandon()
    outcomes = sent.held.instruments.uploads[purpose]
    try:
        stored, key = await _put(sent)
    except Unavailable:
        outcomes["failed"].inc()
        raise
    except ServiceError:
        outcomes["refused"].inc()
        raise
    sent.undo.append(partial(storage.discard, key))
    # Before all other effects: what they wait for could end the request.
    work.afterwards(sent.undo.clear)
    again = None if claim is None else await replay(work, claim)
    if again is not None:
        # The other one was faster.
        storage.discard(key)
        return again
    answer = await finish(stored)
    work.afterwards(outcomes["stored"].inc)
    if claim is not None:
        await keep(work, claim, answer)
    return answer


async def _put(sent: Sent) -> tuple[Uploaded, str]:
    pictures, storage = sent.held.pictures, sent.held.storage
    async with pictures.room:
        with span(SPAN_PICTURE):
            picture = await pictures.rewrite(sent.file.file)
        kind, upload_id = picture.kind, uuid4()
        key = f"{upload_id}.{kind.extension}"
        await storage.put(key, picture.content, kind.content_type)
    stored = Uploaded(
        id=upload_id,
        url=storage.url(key),
        content_type=kind.content_type,
        bytes=len(picture.content),
        width=picture.width,
        height=picture.height,
    )
    return stored, key


async def _note(sent: Sent, stored: Uploaded) -> None:
    connection = await sent.work.connection()
    key = stored.url.rpartition("/")[2]
    row = {**stored.model_dump(), "owner_id": sent.caller.user_id, "key": key}
    await connection.execute(insert(uploads).values(row))
    await record(sent.work, sent.caller.user_id, "upload.create", "upload", stored.id)


async def _replace_avatar(work: Work, storage: Storage, user_id: UUID, url: str | None) -> None:
    connection = await work.connection()
    mine = (users.c.id == user_id) & in_use
    # Two that come at once must not both take the same one for the old one.
    before = select(users.c.avatar_url).where(mine).with_for_update(key_share=True)
    row = (await connection.execute(before)).one_or_none()
    if row is None:
        raise Unauthorized(GONE)
    if row.avatar_url == url:
        return
    await connection.execute(update(users).where(mine).values(avatar_url=url))
    await record(work, user_id, "avatar.change", "account", user_id)
    old = delete(uploads).where(uploads.c.owner_id == user_id, uploads.c.url == row.avatar_url)
    for key in (await connection.scalars(old.returning(uploads.c.key))).all():
        work.afterwards(partial(storage.discard, key))
