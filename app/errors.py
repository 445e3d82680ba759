"""Errors that a client sees, rendered in one place as RFC 9457 problem details.

ServiceError
 ├ BadRequest     400  a header makes no sense
 ├ Unauthorized   401  no usable token
 ├ Forbidden      403  the role may not do this
 ├ NotFound       404  there is no such object, or it is not yours
 ├ Conflict       409  it contradicts what is stored
 ├ TooLarge       413  the body is larger than this route takes
 ├ WrongMedia     415  the content is of no kind that this route takes
 ├ Unprocessable  422  well-formed, and yet it cannot be done
 ├ TooMany        429  a limit is reached; wait
 └ Unavailable    503  a dependency is away; try again
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from app.telemetry.catalog import EXCEPTION
from app.telemetry.events import ERROR
from app.telemetry.middleware import ERROR_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

LOG = logging.getLogger("petswipe.errors")
PROBLEM_TYPE = "application/problem+json"
MAX_FIELD_ERRORS = 20
# What the pool, the drivers and the resolver raise when the other side does not answer.
AWAY = (PoolTimeoutError, RedisError, OSError)
# Classes of SQLSTATE with which PostgreSQL itself says "not now": connection exception, transaction
# rollback (a deadlock), insufficient resources (too many clients), operator intervention (starting
# or shutting down).
UNDONE_STATE = "40"
AWAY_STATES = ("08", UNDONE_STATE, "53", "57")
# Foreign key violation. A token outlives its account for a while, and no statement of a route can
# refer to another row that is not there.
ORPHAN_STATE = "23503"


class Problem(BaseModel):
    """The body of every answer that is not 2xx."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[dict[str, str]] | None = None


class ServiceError(Exception):
    """Base of the errors that say which status they are answered with."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: Mapping[str, str] = MappingProxyType({})


class BadRequest(ServiceError):
    """A part of the request that no schema describes makes no sense."""

    status = HTTPStatus.BAD_REQUEST


class Unauthorized(ServiceError):
    """The request carries no usable access token, or the credentials are wrong."""

    status = HTTPStatus.UNAUTHORIZED
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})


class Forbidden(ServiceError):
    """The caller's role may not do this."""

    status = HTTPStatus.FORBIDDEN


class NotFound(ServiceError):
    """There is no such object for this caller."""

    status = HTTPStatus.NOT_FOUND


class Conflict(ServiceError):
    """The request contradicts what is stored."""

    status = HTTPStatus.CONFLICT


class TooLarge(ServiceError):
    """The body is larger than this route takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class WrongMedia(ServiceError):
    """The content is of no kind that this route takes."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class Unprocessable(ServiceError):
    """The request is well-formed, and yet it cannot be done."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class TooMany(ServiceError):
    """A limit is reached; `seconds` says when it is worth trying again."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, detail: str, seconds: int) -> None:
        """Take the sentence for the client and the time to wait."""
        super().__init__(detail)
        self.headers = {"Retry-After": str(seconds)}


class Unavailable(ServiceError):
    """A dependency is away; the same request may succeed in a moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = MappingProxyType({"Retry-After": "1"})


def problem(
    request: Request,
    status: HTTPStatus,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> JSONResponse:
    """Render one problem document."""
    body = Problem(
        title=status.phrase,
        status=status,
        detail=detail,
        request_id=request.scope.get("request_id", ""),
        errors=errors,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True), status, headers=headers, media_type=PROBLEM_TYPE
    )


async def _service_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceError)  # noqa: S101  # registered for this class only
    return problem(request, error.status, str(error), error.headers)


async def _http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for this class only
    headers = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # Starlette names the methods of the first route with this path only.
        headers = {"Allow": ", ".join(_methods_of(request))}
    return problem(request, HTTPStatus(error.status_code), error.detail, headers)


def _methods_of(request: Request) -> list[str]:
    contexts = list(iter_route_contexts(request.app.routes))
    path = request.scope["path"]
    template = next(c.path for c in contexts if c.path and compile_path(c.path)[0].match(path))
    return sorted({method for c in contexts if c.path == template for method in c.methods or ()})


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this class only
    methods = _methods_of(request) if any(e["loc"][0] == "path" for e in error.errors()) else []
    if methods and request.method not in methods:
        # PATCH /api/pets/mine has come to /api/pets/{pet_id}, which takes no `mine`.
        missing = HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)
        return await _http_exception(request, missing)
    errors = [
        {"field": ".".join(str(part) for part in e["loc"]), "problem": e["msg"]}
        for e in error.errors()[:MAX_FIELD_ERRORS]
    ]
    detail = "; ".join(f"{e['field']}: {e['problem']}" for e in errors)
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)


async def _dependency_away(request: Request, _: Exception) -> JSONResponse:
    detail = "A dependency does not answer; try again."
    return problem(request, Unavailable.status, detail, Unavailable.headers)


def is_undone(error: DBAPIError) -> bool:
    """Say whether PostgreSQL has undone a transaction for another one's sake, like a deadlock."""
    return _state(error).startswith(UNDONE_STATE)


def is_away(error: DBAPIError) -> bool:
    """Say whether the database could not do it now, whatever it was."""
    return error.connection_invalidated or _state(error).startswith(AWAY_STATES)


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


async def _database_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DBAPIError)  # noqa: S101  # registered for this class only
    if is_away(error):
        return await _dependency_away(request, error)
    if _state(error) == ORPHAN_STATE:
        gone = Unauthorized("The account of this access token is gone.")
        return await _service_error(request, gone)
    # PostgreSQL is there and refuses our statement: that is our mistake.
    raise error


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    request.scope[ERROR_TYPE] = EXCEPTION
    LOG.error("unhandled", exc_info=error, extra={"event": ERROR})
    detail = "Something failed on our side; quote the request id when you report it."
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems that a route answers, for its `responses`."""
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in sorted(set(statuses))
    }


HANDLERS = {
    ServiceError: _service_error,
    HTTPException: _http_exception,
    RequestValidationError: _invalid,
    **dict.fromkeys(AWAY, _dependency_away),
    DBAPIError: _database_error,
    Exception: _unexpected,
}


def install(app: FastAPI) -> None:
    """Register one handler for each family of errors."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)


async def respond(request: Request, error: Exception) -> JSONResponse:
    """Answer an error as the framework does, outside of it."""
    handler = next(HANDLERS[kind] for kind in type(error).__mro__ if kind in HANDLERS)
    try:
        return await handler(request, error)
    except Exception as unforeseen:  # noqa: BLE001  # what a handler raises is our mistake
        return await _unexpected(request, unforeseen)
