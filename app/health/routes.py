"""Health for load balancers and orchestrators, and what is running."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from app.auth import Principal, Role
from app.dependencies import Held, require
from app.errors import answers
from app.health.deep import Condition, Deep, examine
from app.health.service import Health
from app.telemetry import catalog
from app.version import VERSION

router = APIRouter(tags=["health"])
Admin = Annotated[Principal, Depends(require(Role.ADMIN))]


class Status(BaseModel):
    """One word, and the reason when the word is not `ok`."""

    status: str
    reason: str | None = None


class ActuatorStatus(BaseModel):
    """The word that Spring's probes look for."""

    status: Literal["UP", "DOWN"]


class Info(BaseModel):
    """What is running."""

    version: str
    revision: str
    build_time: str
    environment: str


def _health(request: Request) -> Health:
    return cast("Health", request.app.state.health)


def _answer(response: Response, reason: str) -> Status:
    if not reason:
        return Status(status="ok")
    response.status_code = 503
    return Status(status="unavailable", reason=reason)


@router.get(catalog.HEALTH_LIVE.template)
@router.get(catalog.LIVE.template)
async def live() -> Status:
    """Answer as long as the event loop turns; asks no dependency."""
    return Status(status="ok")


@router.get(catalog.HEALTH_READY.template, responses={503: {"model": Status}})
@router.get(catalog.READY.template, responses={503: {"model": Status}})
async def ready(request: Request, response: Response, held: Held) -> Status:
    """Answer 503 only while PostgreSQL is unusable or the process drains."""
    return _answer(response, await _health(request).ready(held))


@router.get(catalog.ACTUATOR_HEALTH.template, responses={503: {"model": ActuatorStatus}})
async def actuator_health(request: Request, response: Response, held: Held) -> ActuatorStatus:
    """Answer UP or DOWN as `/health/ready` does, for probes made for Spring."""
    if await _health(request).ready(held):
        response.status_code = 503
        return ActuatorStatus(status="DOWN")
    return ActuatorStatus(status="UP")


@router.get(catalog.HEALTH_STARTUP.template, responses={503: {"model": Status}})
async def startup(request: Request, response: Response, held: Held) -> Status:
    """Answer 200 once the schema is at this release's migration and the caches are warm."""
    health = _health(request)
    return _answer(response, "" if await health.start(held) else health.reason)


@router.get(catalog.HEALTH_DEEP.template, responses={503: {"model": Deep}, **answers(403)})
async def deep(_: Admin, response: Response, held: Held) -> Deep:
    """Ask every dependency how it is; answers 503 only while PostgreSQL is unusable.

    An administrator's session is known to PostgreSQL and, for a minute, to the cache: while both
    are away this answers 503 like every other route.
    """
    found = await examine(held)
    if found.status is Condition.UNAVAILABLE:
        response.status_code = 503
    return found


@router.get(catalog.INFO.template, tags=["info"])
@router.get(catalog.ACTUATOR_INFO.template, tags=["info"])
async def info(held: Held) -> Info:
    """Say what is running."""
    return Info(
        version=VERSION,
        revision=held.settings.revision,
        build_time=held.settings.build_time,
        environment=held.settings.environment,
    )
