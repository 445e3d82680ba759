"""Questions about the pets of the catalogue."""

from __future__ import annotations

from fastapi import APIRouter

from app.transactions import IdempotentRoute

router = APIRouter(tags=["chat"], route_class=IdempotentRoute)
