"""The account of whoever is logged in, and accounts for administrators."""

from __future__ import annotations

from fastapi import APIRouter

from app.transactions import IdempotentRoute

router = APIRouter(tags=["users"], route_class=IdempotentRoute)
