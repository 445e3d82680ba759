"""The deck of pets to swipe, from Redis or else from PostgreSQL."""

from math import cos, radians
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from loadtests.bench.peers.naive.database import settings
from loadtests.bench.peers.naive.models import Pet, Preferences, Swipe
from loadtests.bench.peers.schemas import Card, Deck

EARTH_KM = 6371.0088


def deck_key(user_id: UUID) -> str:
    """Name the entry that holds an adopter's deck."""
    return f"naive:deck:{user_id}"


async def get_deck(db: AsyncSession, redis: Redis, user_id: UUID) -> Deck:
    """Read the deck."""
    cached = await redis.get(deck_key(user_id))
    if cached is not None:
        return Deck.model_validate_json(cached)
    cards = [Card.model_validate(pet) for pet in await draw(db, user_id)]
    deck = Deck(items=cards, empty=not cards)
    if cards:
        await redis.set(deck_key(user_id), deck.model_dump_json(), ex=settings.deck_ttl_seconds)
    return deck


async def invalidate_deck(redis: Redis, user_id: UUID) -> None:
    """Forget the deck, which holds a pet too many now."""
    await redis.delete(deck_key(user_id))


async def draw(db: AsyncSession, user_id: UUID) -> list[Pet]:
    """Draw pets that an adopter looks for and has not swiped."""
    preferences = await db.get(Preferences, user_id)
    swiped = select(Swipe.pet_id).where(Swipe.user_id == user_id)
    statement = (
        select(Pet)
        .where(Pet.is_available, Pet.deleted_at.is_(None), Pet.owner_id != user_id)
        .where(Pet.id.not_in(swiped))
        .where(*(wanted(preferences) if preferences is not None else ()))
        .order_by(func.random())
        .limit(settings.deck_size)
    )
    return list((await db.execute(statement)).scalars())


def wanted(preferences: Preferences) -> list[ColumnElement[bool]]:
    """Select the pets that somebody looks for."""
    conditions: list[ColumnElement[bool]] = []
    if preferences.pet_type is not None:
        conditions.append(Pet.pet_type == preferences.pet_type)
    if preferences.size is not None:
        conditions.append(Pet.size == preferences.size)
    if preferences.age_months_min is not None:
        conditions.append(Pet.age_months >= preferences.age_months_min)
    if preferences.age_months_max is not None:
        conditions.append(Pet.age_months <= preferences.age_months_max)
    if preferences.latitude is not None and preferences.longitude is not None:
        away = distance_km(preferences.latitude, preferences.longitude)
        conditions.append(away <= preferences.radius_km)
    return conditions


def distance_km(latitude: float, longitude: float) -> ColumnElement[float]:
    """Compute how far a pet is from a point, by the haversine formula."""
    across = func.sin(func.radians(Pet.latitude - latitude) / 2)
    along = func.sin(func.radians(Pet.longitude - longitude) / 2)
    shrink = func.cos(func.radians(Pet.latitude)) * cos(radians(latitude))
    half_chord = across * across + shrink * along * along
    return 2 * EARTH_KM * func.asin(func.sqrt(func.least(1.0, half_chord)))
