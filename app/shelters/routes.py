"""Shelters near a point, and the profile of one's own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.auth import Principal, Role
from app.dependencies import Caller, Held, require
from app.errors import answers
from app.geo import Latitude, Longitude
from app.shelters.schemas import NearbyShelters, Shelter, ShelterProfile
from app.shelters.service import list_nearby, write_profile
from app.shelters.yelp import enrich
from app.telemetry import catalog
from app.transactions import IdempotentRoute, InWork

router = APIRouter(tags=["shelters"], route_class=IdempotentRoute)
Owner = Annotated[Principal, Depends(require(Role.SHELTER))]


@router.get(catalog.SHELTER_LIST.template)
async def shelter_list(
    held: Held,
    _: Caller,
    latitude: Latitude,
    longitude: Longitude,
    radius_km: Annotated[float, Query(ge=0, le=500, allow_inf_nan=False)] = 50,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> NearbyShelters:
    """List the shelters near a point, the nearest first, with what Yelp knows about them.

    Where this service has a key for Yelp, the point is sent there, rounded to a kilometre.
    """
    found = await list_nearby(held.reads, latitude, longitude, radius_km, limit)
    await enrich(held, latitude, longitude, radius_km, found)
    return NearbyShelters(items=found)


@router.put(catalog.SHELTER_WRITE.template, responses=answers(403, 409))
async def shelter_write(body: ShelterProfile, work: InWork, owner: Owner) -> Shelter:
    """Say where the caller's shelter is and how to reach it."""
    return await write_profile(work, owner.user_id, body)
