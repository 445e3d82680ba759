"""The audit log, for administrators."""

from __future__ import annotations

from fastapi import APIRouter

from app.transactions import IdempotentRoute

router = APIRouter(tags=["audit"], route_class=IdempotentRoute)
