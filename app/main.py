"""The composition root: settings in, one ASGI application out."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from app import errors
from app.accounts.auth_routes import router as auth
from app.accounts.routes import router as users
from app.audit.routes import router as audit
from app.auth import Passwords, Tokens
from app.batches import Batches
from app.cache import create_cache
from app.chat.routes import router as chat
from app.database import create_engine, create_reads
from app.deck.hot import DeckRoute, read_ahead
from app.deck.routes import router as deck
from app.dependencies import Resources
from app.edge import BodyLimitMiddleware, DeadlineMiddleware, SecurityHeadersMiddleware
from app.faults import FaultMiddleware
from app.gate import CSRF_HEADER, GateMiddleware
from app.health.routes import router as health
from app.health.service import Health
from app.hot_path import HotPath
from app.households.routes import router as households
from app.idempotency.service import HEADER as IDEMPOTENCY_HEADER
from app.matches.routes import router as matches
from app.media.routes import router as media
from app.notifications.routes import router as notifications
from app.openapi import document
from app.pets.file_routes import router as pet_files
from app.pets.routes import router as pets
from app.pictures import Pictures
from app.privacy.routes import router as privacy
from app.remote import Remote
from app.settings import Fault, TelemetryMode
from app.shared_pipeline import SharedPipeline
from app.shelters.routes import router as shelters
from app.storage import Storage
from app.swipes.admirer_routes import router as admirers
from app.swipes.hot import SwipeRoute
from app.swipes.routes import router as swipes
from app.swipes.storing import SwipeStore, blames_one
from app.telemetry.catalog import DECK_READ, DOCS, JOB, OPENAPI, SWIPE_CREATE
from app.telemetry.instruments import ApiInstruments, NullInstruments
from app.telemetry.logs import NullLogs
from app.telemetry.middleware import RequestIdMiddleware, TelemetryMiddleware
from app.telemetry.process import build_telemetry
from app.telemetry.runtime import measure_lag
from app.telemetry.sql import watch
from app.version import VERSION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from app.settings import Settings
    from app.telemetry.logs import Logs

NO_LOGS = NullLogs()
GC_OBJECTS = 20_000
# Two keep PostgreSQL busy while this process reads and writes; more would only be smaller.
SWIPE_BATCHES = 2
MOST_SWIPES_AT_ONCE = 128
ROUTERS = (
    auth,
    users,
    privacy,
    media,
    # Before the pets, or `export` would be taken for the id of one.
    pet_files,
    pets,
    deck,
    swipes,
    admirers,
    matches,
    households,
    notifications,
    chat,
    shelters,
    audit,
    health,
)


# What the gate, the edge and the framework may answer to any operation.
COMMON = errors.answers(400, 401, 413, 422, 429, 500, 503)


def build_resources(settings: Settings, logs: Logs | NullLogs = NO_LOGS) -> Resources:
    """Build what lives as long as the process; nothing connects yet.

    Raises MisconfiguredError when the signing key is unusable.
    """
    engine = create_engine(settings)
    reads = create_reads(settings, engine)
    cache = create_cache(settings)
    measured = settings.telemetry is TelemetryMode.FULL
    instruments = (ApiInstruments if measured else NullInstruments)(VERSION, settings.revision)
    if measured:
        cache.instruments = instruments.databases
        watch(engine, "primary", instruments.databases)
        if reads is not engine:
            watch(reads, "replica", instruments.databases)
    pipeline = SharedPipeline(cache, settings.cache_timeout_seconds)
    return Resources(
        settings=settings,
        engine=engine,
        reads=reads,
        cache=cache,
        pipeline=pipeline,
        swipes=Batches(
            SwipeStore(engine, pipeline, instruments),
            most_waiting=settings.swipes_waiting,
            most_at_once=MOST_SWIPES_AT_ONCE,
            under_way=SWIPE_BATCHES,
            blames=blames_one,
            instruments=instruments.group_commit,
        ),
        tokens=Tokens(settings),
        passwords=Passwords(settings.bcrypt_rounds),
        instruments=instruments,
        telemetry=build_telemetry(settings, JOB, instruments, logs),
        remote=Remote(settings, instruments),
        storage=Storage(settings, instruments),
        pictures=Pictures(settings.max_upload_pixels),
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
        responses=COMMON,
        # Its own telemetry wakes up with a global provider and would measure everything twice.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    api.openapi = partial(document, api)  # type: ignore[method-assign]  # FastAPI's way to extend it
    api.state.resources = held
    api.state.health = Health()
    errors.install(api)
    for router in ROUTERS:
        api.include_router(router)
    return api


def create_app(held: Resources) -> ASGIApp:
    """Put around the API what every request passes."""
    app = protect(create_api(held), held)
    if held.settings.telemetry is TelemetryMode.NONE:
        return RequestIdMiddleware(app)
    return TelemetryMiddleware(app, held.instruments, held.telemetry)


def protect(app: ASGIApp, held: Resources) -> ASGIApp:
    """Wrap an application in the gate and the edge, innermost first."""
    settings = held.settings
    app = HotPath(
        app,
        {
            (SWIPE_CREATE.method, SWIPE_CREATE.template): SwipeRoute(app, held.swipes),
            (DECK_READ.method, DECK_READ.template): DeckRoute(app, held),
        },
    )
    if settings.fault is not Fault.NONE:
        app = FaultMiddleware(app, settings.fault, held.instruments)
    ahead = {(DECK_READ.method, DECK_READ.template): read_ahead}
    app = GateMiddleware(app, held, ahead)
    app = DeadlineMiddleware(app, settings.request_deadline_seconds, settings.slow_deadline_seconds)
    app = BodyLimitMiddleware(app, settings.max_upload_size)
    if settings.cors_origins:
        app = CORSMiddleware(
            app,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", CSRF_HEADER, IDEMPOTENCY_HEADER],
            expose_headers=["RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"],
            allow_credentials=True,
        )
    return SecurityHeadersMiddleware(app)


@asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[None]:
    held: Resources = api.state.resources
    health: Health = api.state.health
    held.telemetry.start()
    lag = asyncio.create_task(measure_lag(held.instruments.loop_lag))
    await health.start(held)
    # What start-up made never becomes garbage; without this the collector walks it again and again
    # in the middle of requests.
    gc.collect()
    gc.freeze()
    # Nearly everything that a request makes goes with it, without the collector: looking for what
    # does not every 700 objects costs several percent.
    gc.set_threshold(GC_OBJECTS, *gc.get_threshold()[1:])
    yield
    health.draining = True
    held.passwords.close()
    held.pictures.close()
    held.storage.close()
    await held.remote.aclose()
    await held.swipes.drain()
    await held.pipeline.aclose()
    await held.cache.aclose()
    await held.engine.dispose()
    if held.reads is not held.engine:
        await held.reads.dispose()
    lag.cancel()
    # It waits for the collector, for a few seconds at most.
    await asyncio.to_thread(held.telemetry.close)
