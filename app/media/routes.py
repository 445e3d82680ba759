"""Uploading a picture."""

from __future__ import annotations

from fastapi import APIRouter

from app.transactions import IdempotentRoute

router = APIRouter(tags=["media"], route_class=IdempotentRoute)
