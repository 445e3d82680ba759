"""Shelters near a place."""

from __future__ import annotations

from fastapi import APIRouter

from app.transactions import IdempotentRoute

router = APIRouter(tags=["shelters"], route_class=IdempotentRoute)
