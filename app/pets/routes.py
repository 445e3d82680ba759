"""Pets: list, read, create."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.auth import Principal, Role
from app.dependencies import Caller, Held, require
from app.pets.schemas import NewPet, Pet, PetPage, PetType
from app.pets.service import create_pet, list_pets, read_pet
from app.telemetry import catalog
from app.transactions import IdempotentRoute, InWork

router = APIRouter(tags=["pets"], route_class=IdempotentRoute)
Lister = Annotated[Principal, Depends(require(Role.SHELTER, Role.ADMIN))]


@router.get(catalog.PET_LIST.template)
async def pet_list(
    held: Held,
    _: Caller,
    pet_type: PetType | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> PetPage:
    """List adoptable pets, a page at a time."""
    return await list_pets(held.engine, pet_type, cursor, limit)


@router.post(catalog.PET_CREATE.template, status_code=201)
async def pet_create(body: NewPet, work: InWork, lister: Lister) -> Pet:
    """List a pet for adoption."""
    return await create_pet(work, lister.user_id, body)


@router.get(catalog.PET_READ.template)
async def pet_read(pet_id: UUID, held: Held, _: Caller) -> Pet:
    """Read one pet."""
    return await read_pet(held.engine, pet_id)
