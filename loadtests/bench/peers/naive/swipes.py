"""Storing a swipe, and the match that it may make."""

from uuid import UUID

from fastapi import HTTPException, status
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from loadtests.bench.peers.naive.models import Interest, Match, OutboxEvent, Pet, Swipe
from loadtests.bench.peers.schemas import SwipeCreate, SwipeRead
from loadtests.bench.peers.words import CONTRADICTION, NO_PET, OWN_PET


async def create_swipe(
    db: AsyncSession, user_id: UUID, data: SwipeCreate
) -> tuple[SwipeRead, bool]:
    """Store a swipe; returns it and whether it is new."""
    existing = await get_swipe(db, user_id, data.pet_id)
    if existing is not None:
        return await repeat(db, existing, data), False
    pet = await get_pet(db, user_id, data.pet_id)
    swipe = Swipe(user_id=user_id, pet_id=pet.id, liked=data.liked, notes=data.notes)
    db.add(swipe)
    try:
        match = await note_like(db, user_id, pet) if data.liked else None
        await db.commit()
    except IntegrityError:
        # The same request was faster on another connection, or the owner's answer was.
        await db.rollback()
        return await create_swipe(db, user_id, data)
    await db.refresh(swipe)
    return read(swipe, match), True


async def get_swipe(db: AsyncSession, user_id: UUID, pet_id: UUID) -> Swipe | None:
    """Find what an adopter has decided about a pet."""
    statement = select(Swipe).where(Swipe.user_id == user_id, Swipe.pet_id == pet_id)
    return (await db.execute(statement)).scalar_one_or_none()


async def repeat(db: AsyncSession, swipe: Swipe, data: SwipeCreate) -> SwipeRead:
    """Answer as the first time, unless the decision is another one."""
    if swipe.liked != data.liked:
        raise HTTPException(status.HTTP_409_CONFLICT, CONTRADICTION)
    statement = select(Match).where(Match.user_id == swipe.user_id, Match.pet_id == swipe.pet_id)
    return read(swipe, (await db.execute(statement)).scalar_one_or_none())


async def get_pet(db: AsyncSession, user_id: UUID, pet_id: UUID) -> Pet:
    """Find a pet that this adopter may adopt."""
    pet = await db.get(Pet, pet_id)
    if pet is None or not pet.is_available or pet.deleted_at is not None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, NO_PET)
    if pet.owner_id == user_id:
        raise HTTPException(status.HTTP_409_CONFLICT, OWN_PET)
    return pet


async def note_like(db: AsyncSession, user_id: UUID, pet: Pet) -> Match | None:
    """Note a like beside what the owner thinks, and make a match when both say yes."""
    interest = await db.get(Interest, (user_id, pet.id), with_for_update=True)
    if interest is None:
        interest = Interest(user_id=user_id, pet_id=pet.id)
        db.add(interest)
    interest.liked_at = func.now()
    if pet.auto_match and interest.interested is None:
        interest.interested = True
        interest.answered_at = func.now()
    if not interest.interested:
        return None
    match = Match(user_id=user_id, pet_id=pet.id)
    db.add(match)
    await db.flush()
    payload = {"match_id": str(match.id), "pet_id": str(pet.id), "pet_name": pet.name}
    for told in (user_id, pet.owner_id):
        db.add(OutboxEvent(user_id=told, kind="match.created", payload=payload))
    return match


def read(swipe: Swipe, match: Match | None) -> SwipeRead:
    """Show a swipe as clients see it."""
    return SwipeRead(
        id=swipe.id,
        pet_id=swipe.pet_id,
        liked=swipe.liked,
        notes=swipe.notes,
        created_at=swipe.created_at,
        match_id=match.id if match is not None else None,
    )
