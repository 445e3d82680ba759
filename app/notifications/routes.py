"""The list of notifications, and where else they go."""

from __future__ import annotations

from fastapi import APIRouter

from app.transactions import IdempotentRoute

router = APIRouter(tags=["notifications"], route_class=IdempotentRoute)
