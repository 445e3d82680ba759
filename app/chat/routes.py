"""Questions about the pets of the catalogue."""

from __future__ import annotations

from fastapi import APIRouter

from app.chat.schemas import Answer, Question
from app.chat.service import answer_question
from app.dependencies import Caller, Held
from app.errors import NotFound, answers
from app.telemetry import catalog
from app.transactions import IdempotentRoute

router = APIRouter(tags=["chat"], route_class=IdempotentRoute)


@router.post(catalog.CHAT.template, responses=answers(404, 409))
async def chat(body: Question, held: Held, _: Caller) -> Answer:
    """Answer a question about pets that can be adopted, and name those that fit.

    Where this service has a key for Google Gemini, the question and these pets are sent there to
    word the answer; `source` says who has worded it.
    """
    if not held.settings.feature_chat:
        raise NotFound("The chat is switched off.")
    return await answer_question(held, body.question)
