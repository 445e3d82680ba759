from __future__ import annotations

import pytest

from app.animals import Gender, PetType, Size
from app.chat.wishes import GROWN, SENIOR, YOUNG, Wishes, read_wishes


@pytest.mark.parametrize(
    ("question", "wishes"),
    [
        (
            "Is there a puppy?",
            Wishes(frozenset({PetType.DOG}), ages=YOUNG, words=("is", "there", "a")),
        ),
        ("senior cats", Wishes(frozenset({PetType.CAT}), ages=SENIOR)),
        (
            "BIG dogs or bunnies",
            Wishes(
                frozenset({PetType.DOG, PetType.RABBIT}), frozenset({Size.LARGE}), words=("or",)
            ),
        ),
        (
            "extra-large adult girl",
            Wishes(
                sizes=frozenset({Size.EXTRA_LARGE}), genders=frozenset({Gender.FEMALE}), ages=GROWN
            ),
        ),
        ("guinea pigs", Wishes(frozenset({PetType.GUINEA_PIG}))),
        ("puppies and old dogs", Wishes(frozenset({PetType.DOG}), ages=(0, 600), words=("and",))),
        ("calm, CALM & playful!", Wishes(words=("calm", "playful"))),
        (
            "tax:* | (large_language) <-> 'x'",
            Wishes(sizes=frozenset({Size.LARGE}), words=("tax", "language", "x")),
        ),
        ("", Wishes()),
    ],
)
def test_facts_and_words_are_told_apart(question: str, wishes: Wishes) -> None:
    assert read_wishes(question) == wishes
    assert wishes.has_facts == (wishes != Wishes(words=wishes.words))
