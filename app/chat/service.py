"""Answering a question about pets: found in the catalogue, worded by Gemini or by a template."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from app.chat.gemini import ask_gemini
from app.chat.queries import by_facts, by_words
from app.chat.schemas import Answer, FoundPet, Source
from app.chat.wishes import Wishes, read_wishes
from app.remote import RemoteError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.dependencies import Resources

LOG = logging.getLogger("app.chat")
MOST_PETS = 5
ALONE = "This answer comes from the catalogue alone."
INSTEAD = "The assistant does not answer just now, so this comes from the catalogue alone."
UNCLEAR = "Ask about the pets here, like `Is there a calm senior dog?`."
NONE = "No pet in the catalogue fits that."
CLOSE = "No pet in the catalogue fits every word; these come close: "
FOUND = "These pets may fit: "


async def answer_question(held: Resources, question: str) -> Answer:
    """Answer from the catalogue, worded by Gemini when there is a key and it answers."""
    wishes = read_wishes(question)
    found, opening = await _search(held.reads, wishes)
    pets = [FoundPet.model_validate(row) for row in found]
    key = held.settings.gemini_api_key
    if key is None:
        return Answer(answer=_sentence(opening, pets, ALONE), source=Source.CATALOGUE, pets=pets)
    try:
        text = await ask_gemini(held.remote, held.settings.gemini_url, key, question, found)
    except RemoteError as error:
        LOG.warning("chat.gemini.failed", extra={"reason": str(error)})
        return Answer(answer=_sentence(opening, pets, INSTEAD), source=Source.CATALOGUE, pets=pets)
    return Answer(answer=text, source=Source.GEMINI, pets=pets)


async def _search(engine: AsyncEngine, wishes: Wishes) -> tuple[Sequence[RowMapping], str]:
    async with engine.connect() as connection:
        if wishes.words:
            rows = (await connection.execute(by_words(wishes, MOST_PETS))).mappings().all()
            if rows:
                return rows, FOUND
        if not wishes.has_facts:
            return [], NONE if wishes.words else UNCLEAR
        rows = (await connection.execute(by_facts(wishes, MOST_PETS))).mappings().all()
    if not rows:
        return [], NONE
    return rows, CLOSE if wishes.words else FOUND


def _sentence(opening: str, pets: Sequence[FoundPet], origin: str) -> str:
    described = (f"{pet.name} ({pet.breed}, {_age(pet.age_months)})" for pet in pets)
    listed = ", ".join(described) + ". " if pets else " "
    return f"{opening}{listed}{origin}"


def _age(months: int) -> str:
    number, unit = (months, "month") if months < 24 else (months // 12, "year")
    return f"{number} {unit}{'' if number == 1 else 's'}"
