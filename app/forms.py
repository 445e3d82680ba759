"""Forms with one file: read within bounds, and undone when nothing is stored."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool

from app.dependencies import identity
from app.errors import TooLarge, Unauthorized
from app.idempotency.service import make_claim
from app.transactions import TransactionRoute

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import BinaryIO

    from app.idempotency.service import Claim
    from app.work import Work


class FormRoute(TransactionRoute):
    """Reads no file of strangers, and undoes what was done outside when nothing is stored.

    Idempotency keys are the route's own affair: the whole body is never in memory.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the transaction."""
        original = super().get_route_handler()

        async def handle(request: Request) -> Response:
            undone: list[Callable[[], None]] = []
            request.scope["undo"] = undone
            try:
                return await original(request)
            except BaseException:
                for each in undone:
                    each()
                raise

        return handle

    async def answer(
        self, request: Request, work: Work, original: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Refuse who has not logged in before their file is read."""
        del work
        found = request.scope["caller"]
        if isinstance(found, Unauthorized):
            raise found
        return await original(request)


def form_router(tag: str) -> APIRouter:
    """Make a router for forms of one file and some short fields; unknown ones are ignored."""
    # Starlette puts a file on the disk when it has more than 1 MiB, and nothing else of a form:
    # that may have 256 KiB.
    return APIRouter(
        tags=[tag],
        route_class=FormRoute,
        form_limits={"max_files": 1, "max_fields": 32, "max_part_size": 8 * 1024},
    )


async def undo(request: Request) -> list[Callable[[], None]]:
    """Return what will happen unless the changes are stored; it must neither wait nor fail."""
    found: list[Callable[[], None]] = request.scope["undo"]
    return found


Undo = Annotated[list[Any], Depends(undo)]


def refuse_large(file: UploadFile, most_bytes: int) -> None:
    """Raise TooLarge for a file with more bytes; the form around it may have some more."""
    if (file.size or 0) > most_bytes:
        raise TooLarge(f"The file may have at most {most_bytes} bytes.")


async def claim_form(request: Request, file: UploadFile, *fields: str) -> Claim | None:
    """Read the Idempotency-Key of a form; returns None without one, raises BadRequest like it."""
    if "idempotency-key" not in request.headers:
        return None
    digest = await run_in_threadpool(_digest, file.file)
    for field in fields:
        digest += hashlib.sha256(field.encode()).digest()
    return make_claim(request, identity(request), hashlib.sha256(digest).digest())


def _digest(file: BinaryIO) -> bytes:
    file.seek(0)
    # Any file object will do, and this one has no `readinto` of its own.
    found = hashlib.sha256()
    while part := file.read(1 << 16):
        found.update(part)
    file.seek(0)
    return found.digest()
