"""Storing a swipe."""

from uuid import UUID, uuid4

from fastapi import HTTPException
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from loadtests.bench.peers.careful.sql import OWN, STORE, STORED
from loadtests.bench.peers.schemas import SwipeCreate
from loadtests.bench.peers.words import CONTRADICTION, NO_PET, OWN_PET


async def store_swipe(
    engine: AsyncEngine, user_id: UUID, new: SwipeCreate
) -> tuple[RowMapping, bool]:
    """Store a swipe in one statement; returns it and whether it is new."""
    given = {
        "id": uuid4(),
        "user_id": user_id,
        "pet_id": new.pet_id,
        "liked": new.liked,
        "notes": new.notes,
    }
    async with engine.connect() as connection:
        row = (await connection.execute(STORE, given)).mappings().one_or_none()
        if row is not None:
            return row, True
        return await _repeat(connection, user_id, new), False


async def _repeat(connection: AsyncConnection, user_id: UUID, new: SwipeCreate) -> RowMapping:
    pair = {"user_id": user_id, "pet_id": new.pet_id}
    first = (await connection.execute(STORED, pair)).mappings().one_or_none()
    if first is not None:
        if first["liked"] != new.liked:
            raise HTTPException(409, CONTRADICTION)
        return first
    if await connection.scalar(OWN, pair) is not None:
        raise HTTPException(409, OWN_PET)
    raise HTTPException(404, NO_PET)
