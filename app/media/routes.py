"""Pictures: of pets, and of whoever is logged in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response, UploadFile

from app.dependencies import Caller, Held
from app.errors import answers
from app.forms import Undo, claim_form, form_router
from app.media.schemas import Avatar, Uploaded
from app.media.service import Sent, remove_avatar, set_avatar, upload
from app.telemetry import catalog
from app.transactions import IdempotentRoute, InWork

router = APIRouter()
forms = form_router("media")
others = APIRouter(tags=["media"], route_class=IdempotentRoute)


@forms.post(
    catalog.UPLOAD.template,
    status_code=201,
    response_model=Uploaded,
    responses=answers(404, 409, 415),
)
async def picture_upload(
    request: Request,
    file: UploadFile,
    held: Held,
    caller: Caller,
    work: InWork,
    undo: Undo,
    pet_id: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Store a JPEG, PNG or WebP picture; `pet_id` makes it the photo of a pet of the caller's."""
    claim = await claim_form(request, file, str(pet_id))
    return await upload(Sent(held, work, caller, file, claim, undo), pet_id)


@forms.put(catalog.AVATAR_WRITE.template, response_model=Avatar, responses=answers(409, 415))
async def avatar_write(
    request: Request, file: UploadFile, held: Held, caller: Caller, work: InWork, undo: Undo
) -> Response:
    """Store a JPEG, PNG or WebP picture as the caller's own."""
    claim = await claim_form(request, file)
    return await set_avatar(Sent(held, work, caller, file, claim, undo))


@others.delete(catalog.AVATAR_DELETE.template, status_code=204)
async def avatar_delete(held: Held, caller: Caller, work: InWork) -> None:
    """Take the caller's picture away."""
    await remove_avatar(work, held.storage, caller.user_id)


router.include_router(forms)
router.include_router(others)
