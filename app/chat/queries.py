"""The SQL of the chat: pets by facts and by the words of their descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, literal_column, select

from app.pets.tables import adoptable, pets, pets_text

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

    from app.chat.wishes import Wishes

# Ranking reads each text again, so only so many are ranked, however many have a common word.
MOST_RANKED = 500
SHOWN = ("id", "name", "pet_type", "breed", "age_months", "gender", "size", "description")


def by_words(wishes: Wishes, count: int) -> Select[tuple[object, ...]]:
    """Find pets with the facts and any of the words, those with most of the words first."""
    # The words have letters and digits only: none of them is an operator.
    query = func.to_tsquery(literal_column("'english'"), " | ".join(wishes.words))
    some = (
        select(*(pets.c[name] for name in SHOWN), func.ts_rank(pets_text, query).label("rank"))
        .where(adoptable, *_facts(wishes), pets_text.bool_op("@@")(query))
        .limit(MOST_RANKED)
        .subquery()
    )
    return select(some).order_by(some.c.rank.desc(), some.c.id).limit(count)


def by_facts(wishes: Wishes, count: int) -> Select[tuple[object, ...]]:
    """Find pets with the facts alone, in no order that means anything."""
    shown = select(*(pets.c[name] for name in SHOWN))
    return shown.where(adoptable, *_facts(wishes)).order_by(pets.c.shuffle).limit(count)


def _facts(wishes: Wishes) -> list[ColumnElement[bool]]:
    facts: list[ColumnElement[bool]] = [
        column.in_(sorted(wanted))
        for column, wanted in (
            (pets.c.pet_type, wishes.types),
            (pets.c.size, wishes.sizes),
            (pets.c.gender, wishes.genders),
        )
        if wanted
    ]
    if wishes.ages is not None:
        facts.append(pets.c.age_months.between(*wishes.ages))
    return facts
