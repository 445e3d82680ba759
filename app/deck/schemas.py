"""The deck."""

from __future__ import annotations

from pydantic import BaseModel

from app.pets.schemas import Card


class Deck(BaseModel):
    """Pets to decide about; `empty` says that there is none left for now."""

    items: list[Card]
    empty: bool
