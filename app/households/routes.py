"""Households: found, join, look, leave."""

from __future__ import annotations

from fastapi import APIRouter

from app.transactions import IdempotentRoute

router = APIRouter(tags=["households"], route_class=IdempotentRoute)
