"""The words for animals that preferences, pets and searches share."""

from __future__ import annotations

from enum import StrEnum


class PetType(StrEnum):
    """Kinds of animals that shelters list."""

    DOG = "dog"
    CAT = "cat"
    RABBIT = "rabbit"
    GUINEA_PIG = "guinea_pig"
    BIRD = "bird"


class Gender(StrEnum):
    """A pet's gender, as far as the shelter knows."""

    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"


class Size(StrEnum):
    """A pet's adult size."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    EXTRA_LARGE = "extra_large"
