"""All data of whoever is logged in: taken along, or erased."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from app.accounts.profile import read_account, read_preferences
from app.accounts.transport import clear_cookies
from app.dependencies import Caller, Held
from app.privacy.schemas import Export
from app.privacy.service import delete_account, export
from app.telemetry import catalog
from app.transactions import IdempotentRoute, InWork

router = APIRouter(tags=["users"], route_class=IdempotentRoute)
FILE = {
    "Content-Disposition": 'attachment; filename="petswipe-export.json"',
    "Cache-Control": "no-store",
}


@router.get(catalog.ME_EXPORT.template, response_model=Export)
async def me_export(held: Held, caller: Caller) -> Response:
    """Give the caller everything that is stored about them."""
    account = await read_account(held.engine, caller.user_id)
    wanted = await read_preferences(held.engine, caller.user_id)
    pieces = export(held.reads, account, wanted)
    return StreamingResponse(pieces, media_type="application/json", headers=FILE)


@router.delete(catalog.ME_DELETE.template, status_code=204)
async def me_delete(held: Held, caller: Caller, work: InWork, response: Response) -> None:
    """Erase the caller's personal data and log out everywhere; nobody can undo this."""
    await delete_account(work, held.cache, held.storage, caller.user_id)
    clear_cookies(response)
