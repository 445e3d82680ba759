"""The composition root: settings in, one ASGI application out."""

from __future__ import annotations

import gc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI

from app import errors
from app.accounts.routes import router as accounts
from app.auth import Passwords, Tokens
from app.cache import create_cache
from app.database import create_engine
from app.deck.routes import router as deck
from app.dependencies import Resources
from app.faults import disturbance
from app.health.routes import router as health
from app.health.service import Health
from app.matches.routes import router as matches
from app.pets.routes import router as pets
from app.request_id import RequestIdMiddleware
from app.settings import Fault
from app.swipes.routes import router as swipes
from app.telemetry.catalog import DOCS, OPENAPI
from app.telemetry.instruments import Instruments
from app.telemetry.middleware import MetricsMiddleware
from app.version import VERSION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from app.settings import Settings


def build_resources(settings: Settings) -> Resources:
    """Build what lives as long as the process; nothing connects yet.

    Raises MisconfiguredError when the signing key is unusable.
    """
    return Resources(
        settings=settings,
        engine=create_engine(settings),
        cache=create_cache(settings),
        tokens=Tokens(settings),
        passwords=Passwords(settings.bcrypt_rounds),
        instruments=Instruments(VERSION, settings.revision),
    )


def create_api(held: Resources) -> FastAPI:
    """Put the features on a FastAPI application."""
    api = FastAPI(
        title="PetSwipe",
        version=VERSION,
        lifespan=_lifespan,
        openapi_url=OPENAPI.template,
        docs_url=DOCS.template,
        redoc_url=None,
        responses={"default": {"model": errors.Problem, "description": "Problem details"}},
        # Its own telemetry wakes up with a global provider and would measure everything twice.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    api.state.resources = held
    api.state.health = Health()
    errors.install(api)
    fault = held.settings.fault
    disturb = [] if fault is Fault.NONE else [Depends(disturbance(fault, held.instruments))]
    api.include_router(swipes, dependencies=disturb)
    for router in (accounts, pets, deck, matches, health):
        api.include_router(router)
    return api


def create_app(held: Resources) -> ASGIApp:
    """Wrap the API in what every request passes, outermost first."""
    return MetricsMiddleware(RequestIdMiddleware(create_api(held)), held.instruments.http)


@asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[None]:
    held: Resources = api.state.resources
    health: Health = api.state.health
    await health.start(held)
    # What start-up made never becomes garbage; without this the collector walks it again and again
    # in the middle of requests.
    gc.collect()
    gc.freeze()
    yield
    health.draining = True
    held.passwords.close()
    await held.cache.aclose()
    await held.engine.dispose()
