"""Bodies of the chat route."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from app.animals import Gender, PetType, Size
from app.texts import NO_NUL


class Question(BaseModel):
    """What somebody wants to know about the pets of the catalogue."""

    question: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]


class FoundPet(BaseModel):
    """A pet that the answer is about."""

    id: UUID
    name: str
    pet_type: PetType
    breed: str
    age_months: int
    gender: Gender
    size: Size


class Source(StrEnum):
    """Who has worded the answer; the pets come from the catalogue either way."""

    CATALOGUE = "catalogue"
    GEMINI = "gemini"


class Answer(BaseModel):
    """An answer in plain text, and the pets that it is about, the best first."""

    answer: str
    source: Source
    pets: list[FoundPet]
