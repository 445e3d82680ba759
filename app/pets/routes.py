"""Pets: list, read, create, change, delete."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.auth import Principal, Role
from app.dependencies import Caller, Held, require
from app.errors import answers
from app.pets.schemas import NewPet, Pet, PetChange, PetFilter, PetPage
from app.pets.service import change_pet, create_pet, delete_pet, list_own, list_pets, read_pet
from app.telemetry import catalog
from app.transactions import IdempotentRoute, InWork

router = APIRouter(tags=["pets"], route_class=IdempotentRoute)
Lister = Annotated[Principal, Depends(require(Role.SHELTER, Role.ADMIN))]


@router.get(catalog.PET_LIST.template)
async def pet_list(held: Held, _: Caller, wanted: Annotated[PetFilter, Query()]) -> PetPage:
    """List adoptable pets, a page at a time."""
    return await list_pets(held.reads, wanted)


@router.post(catalog.PET_CREATE.template, status_code=201, responses=answers(403))
async def pet_create(body: NewPet, work: InWork, lister: Lister) -> Pet:
    """List a pet for adoption."""
    return await create_pet(work, lister.user_id, body)


@router.get(catalog.PETS_MINE.template)
async def pets_mine(
    held: Held,
    caller: Caller,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> PetPage:
    """List the caller's pets, those that are not available too."""
    return await list_own(held.engine, caller.user_id, cursor, limit)


@router.get(catalog.PET_READ.template, responses=answers(404))
async def pet_read(pet_id: UUID, held: Held, _: Caller) -> Pet:
    """Read one pet."""
    return await read_pet(held.engine, held.cache, held.instruments, pet_id)


@router.patch(catalog.PET_CHANGE.template, responses=answers(404))
async def pet_change(
    pet_id: UUID, body: PetChange, held: Held, work: InWork, caller: Caller
) -> Pet:
    """Change a pet of the caller's; administrators change any."""
    return await change_pet(work, held.cache, caller, pet_id, body)


@router.delete(catalog.PET_DELETE.template, status_code=204, responses=answers(404))
async def pet_delete(pet_id: UUID, held: Held, work: InWork, caller: Caller) -> None:
    """Take a pet of the caller's off the list; administrators take any."""
    await delete_pet(work, held.cache, caller, pet_id)
