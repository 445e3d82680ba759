"""Many pets at once: a CSV file in, a CSV file out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Response, UploadFile
from fastapi.responses import JSONResponse, StreamingResponse

from app.auth import Principal, Role
from app.dependencies import Caller, Held, require
from app.errors import answers
from app.forms import claim_form, form_router, refuse_large
from app.idempotency.service import keep, replay
from app.pets.exporting import export_pets
from app.pets.importing import import_pets
from app.pets.schemas import Imported
from app.telemetry import catalog
from app.transactions import InWork

router = form_router("pets")
Lister = Annotated[Principal, Depends(require(Role.SHELTER, Role.ADMIN))]
CSV = "text/csv"
FILE = {
    "Content-Disposition": 'attachment; filename="petswipe-pets.csv"',
    "Cache-Control": "no-store",
}
AS_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}


@router.post(catalog.PET_IMPORT.template, response_model=Imported, responses=answers(403, 409))
async def pet_import(
    request: Request, file: UploadFile, held: Held, work: InWork, lister: Lister
) -> Response:
    """List the pets of a CSV file, at most 20 000; what is wrong with the other lines is told.

    The first line names the fields of a new pet in their order. An apostrophe before a text that
    begins like a formula is taken away.
    """
    refuse_large(file, held.settings.max_upload_size)
    claim = await claim_form(request, file)
    again = None if claim is None else await replay(work, claim)
    if again is not None:
        return again
    done = await import_pets(work, lister.user_id, file.file)
    answer = JSONResponse(done.model_dump())
    if claim is not None:
        await keep(work, claim, answer)
    return answer


@router.get(catalog.PET_EXPORT.template, response_class=StreamingResponse, responses=AS_CSV)
async def pet_export(held: Held, caller: Caller) -> StreamingResponse:
    """Write the caller's pets as CSV, an administrator's everybody's; an import takes it again.

    A text that begins like a formula has an apostrophe before it, so that spreadsheets run nothing.
    """
    pieces = await export_pets(held.reads, caller)
    return StreamingResponse(pieces, media_type=CSV, headers=FILE)
