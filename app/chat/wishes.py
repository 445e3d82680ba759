"""What a question asks for: the plain facts of a pet, and words to look for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.animals import Gender, PetType, Size

YOUNG_MONTHS = 12
SENIOR_MONTHS = 96
OLDEST_MONTHS = 600
MOST_WORDS = 20

TYPES = {
    "dog": PetType.DOG,
    "puppy": PetType.DOG,
    "cat": PetType.CAT,
    "kitten": PetType.CAT,
    "rabbit": PetType.RABBIT,
    "bunny": PetType.RABBIT,
    "guineapig": PetType.GUINEA_PIG,
    "bird": PetType.BIRD,
}
SIZES = {
    "tiny": Size.SMALL,
    "small": Size.SMALL,
    "little": Size.SMALL,
    "medium": Size.MEDIUM,
    "large": Size.LARGE,
    "big": Size.LARGE,
    "huge": Size.EXTRA_LARGE,
    "giant": Size.EXTRA_LARGE,
    "extralarge": Size.EXTRA_LARGE,
}
GENDERS = {
    "male": Gender.MALE,
    "boy": Gender.MALE,
    "female": Gender.FEMALE,
    "girl": Gender.FEMALE,
}
YOUNG = (0, YOUNG_MONTHS)
GROWN = (YOUNG_MONTHS, SENIOR_MONTHS)
SENIOR = (SENIOR_MONTHS, OLDEST_MONTHS)
AGES = {
    "puppy": YOUNG,
    "kitten": YOUNG,
    "baby": YOUNG,
    "young": YOUNG,
    "adult": GROWN,
    "senior": SENIOR,
    "old": SENIOR,
    "elderly": SENIOR,
}
# Two words that are one wish.
JOINED = {r"\bguinea[ -]*pig": "guineapig", r"\b(extra|x)[ -]*large": "extralarge"}
PLURALS = {"puppies": "puppy", "bunnies": "bunny", "babies": "baby"}
# Part of most questions and of no pet; PostgreSQL leaves out `the` and its like by itself.
CHATTER = (
    "pet pets animal animals adopt adoption adopting available please want wants looking look "
    "find show tell like love get need any anyone hello hi thanks good great best year years "
    "month months would could one"
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Facts that a pet must have, where any are named, and words that may describe it."""

    types: frozenset[PetType] = frozenset()
    sizes: frozenset[Size] = frozenset()
    genders: frozenset[Gender] = frozenset()
    ages: tuple[int, int] | None = None
    words: tuple[str, ...] = ()

    @property
    def has_facts(self) -> bool:
        """Say whether there is anything but words."""
        return bool(self.types or self.sizes or self.genders or self.ages)


def read_wishes(question: str) -> Wishes:
    """Recognise the facts in a question and keep the other words that could tell pets apart."""
    text = question.lower()
    for pattern, word in JOINED.items():
        text = re.sub(pattern, word, text)
    words = [_singular(word) for word in re.findall(r"[^\W_]+", text)]
    ages = [AGES[word] for word in words if word in AGES]
    known = TYPES.keys() | SIZES.keys() | GENDERS.keys() | AGES.keys() | set(CHATTER.split())
    others = dict.fromkeys(word for word in words if word not in known)
    return Wishes(
        types=frozenset(TYPES[word] for word in words if word in TYPES),
        sizes=frozenset(SIZES[word] for word in words if word in SIZES),
        genders=frozenset(GENDERS[word] for word in words if word in GENDERS),
        ages=(min(a for a, _ in ages), max(b for _, b in ages)) if ages else None,
        words=tuple(others)[:MOST_WORDS],
    )


def _singular(word: str) -> str:
    if word in PLURALS:
        return PLURALS[word]
    single = word.removesuffix("s")
    return single if single in TYPES or single in GENDERS or single in AGES else word
