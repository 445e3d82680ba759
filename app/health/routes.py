"""Health for load balancers and orchestrators, and what is running."""

from __future__ import annotations

from typing import cast

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.dependencies import Held
from app.health.service import Health
from app.telemetry import catalog
from app.version import VERSION

router = APIRouter(tags=["health"])


class Status(BaseModel):
    """One word, and the reason when the word is not `ok`."""

    status: str
    reason: str | None = None


class Info(BaseModel):
    """What is running."""

    version: str
    revision: str
    environment: str


def _health(request: Request) -> Health:
    return cast("Health", request.app.state.health)


def _answer(response: Response, reason: str) -> Status:
    if not reason:
        return Status(status="ok")
    response.status_code = 503
    return Status(status="unavailable", reason=reason)


@router.get(catalog.HEALTH_LIVE.template)
async def live() -> Status:
    """Answer as long as the event loop turns; asks no dependency."""
    return Status(status="ok")


@router.get(catalog.HEALTH_READY.template, responses={503: {"model": Status}})
async def ready(request: Request, response: Response, held: Held) -> Status:
    """Answer 503 only while PostgreSQL is unusable or the process drains."""
    return _answer(response, await _health(request).ready(held))


@router.get(catalog.HEALTH_STARTUP.template, responses={503: {"model": Status}})
async def startup(request: Request, response: Response, held: Held) -> Status:
    """Answer 200 once the schema is at this release's migration and the caches are warm."""
    health = _health(request)
    return _answer(response, "" if await health.start(held) else health.reason)


@router.get(catalog.INFO.template, tags=["info"])
async def info(held: Held) -> Info:
    """Say what is running."""
    return Info(
        version=VERSION,
        revision=held.settings.revision,
        environment=held.settings.environment,
    )
