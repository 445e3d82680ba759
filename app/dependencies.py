"""What a route can ask for: the process's resources, the caller, a caller with a role.

They are coroutines although they wait for nothing: FastAPI sends plain functions to a thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from app.auth import Principal
from app.errors import Forbidden, Unauthorized
from app.rates import LocalWindows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.auth import Passwords, Role, Tokens
    from app.batches import Batches
    from app.pictures import Pictures
    from app.remote import Remote
    from app.settings import Settings
    from app.shared_pipeline import SharedPipeline
    from app.storage import Storage
    from app.telemetry.instruments import ApiInstruments
    from app.telemetry.process import Telemetry


@dataclass(frozen=True, slots=True)
class Resources:
    """Everything that lives as long as the process."""

    settings: Settings
    engine: AsyncEngine
    # Reads that may be a moment old; the same pool when there is no replica.
    reads: AsyncEngine
    cache: Redis
    # The same server, for what nearly every request asks it.
    pipeline: SharedPipeline
    # Swipes that share statements.
    swipes: Batches[Any, Any]
    tokens: Tokens
    passwords: Passwords
    instruments: ApiInstruments
    telemetry: Telemetry
    # For services of others, like Gemini and Yelp.
    remote: Remote
    storage: Storage
    pictures: Pictures
    # What this process counts of log-ins while Valkey is away.
    log_in_windows: LocalWindows = field(default_factory=LocalWindows)


async def resources(request: Request) -> Resources:
    """Return the resources that the composition root has put on the application."""
    return cast("Resources", request.app.state.resources)


Held = Annotated[Resources, Depends(resources)]


# The gate has read the token; this only makes the OpenAPI document say that one is needed.
BEARER = HTTPBearer(auto_error=False, bearerFormat="JWT")


async def caller(request: Request, _: Annotated[object, Security(BEARER)]) -> Principal:
    """Return the caller whom the gate has recognised; raises Unauthorized when it has not."""
    found: Principal | Unauthorized = request.scope["caller"]
    if isinstance(found, Unauthorized):
        raise found
    return found


def identity(request: Request) -> str:
    """Name the caller for keys: a user's id, or `anonymous`."""
    found: Principal | Unauthorized = request.scope["caller"]
    return found.user if isinstance(found, Principal) else "anonymous"


Caller = Annotated[Principal, Depends(caller)]


def require(*roles: Role) -> Callable[[Principal], Awaitable[Principal]]:
    """Make a dependency that lets only these roles in."""

    async def check(principal: Caller) -> Principal:
        if principal.role not in roles:
            raise Forbidden(f"This needs the role {' or '.join(roles)}.")
        return principal

    return check
