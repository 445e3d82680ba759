"""Whether this process should live, take traffic, or be waited for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.cache import AWAY
from app.database import migrated_to, usable
from app.migrations.revisions import head_revision

if TYPE_CHECKING:
    from app.dependencies import Resources


@dataclass(slots=True)
class Health:
    """What the process knows about itself; `started` once, `draining` for good."""

    started: bool = False
    draining: bool = False
    reason: str = "the process has just begun"

    async def start(self, held: Resources) -> bool:
        """Check what must be true before the first request; remembers success."""
        if not self.started:
            self.reason = await _not_started(held)
            self.started = not self.reason
        return self.started

    async def ready(self, held: Resources) -> str:
        """Return why no traffic should come, or an empty text; a missing cache is no reason."""
        if self.draining:
            return "draining"
        return "" if await usable(held.engine) else "PostgreSQL does not answer"


async def _not_started(held: Resources) -> str:
    if not await usable(held.engine):
        return "PostgreSQL does not answer"
    found, wanted = await migrated_to(held.engine), head_revision()
    if found != wanted:
        return f"the schema is at {found or 'no migration'}, this release needs {wanted}"
    with suppress(*AWAY):
        # Opens the first cache connection; the service works without it, so it does not wait.
        await held.cache.ping()
    return ""
