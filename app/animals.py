"""The words for animals that preferences, pets and searches share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field


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


def _number(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("must be a number")  # noqa: TRY004  # pydantic reports values only
    return value


# In JSON 12.0 is an integer like 12, and neither `true` nor `"12"` is one.
AgeMonths = Annotated[int, Field(ge=0, le=600), BeforeValidator(_number)]
