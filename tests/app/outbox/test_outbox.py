from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from app.outbox.service import tell
from app.outbox.tables import outbox
from app.work import Work

if TYPE_CHECKING:
    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio

KIND = "match.created"


async def test_an_event_is_there_once_its_work_is_stored(api: Api, adopter: Account) -> None:
    work = Work(api.held.engine)
    mine = select(outbox).where(outbox.c.user_id == adopter.id, outbox.c.kind == KIND)
    await tell(work, adopter.id, KIND, {"pet_name": "Rex"})
    async with api.held.engine.connect() as connection:
        assert (await connection.execute(mine)).all() == []
        await work.commit()
        row = (await connection.execute(mine)).one()
    assert row.payload == {"pet_name": "Rex"}
    assert (row.attempts, row.channels_done) == (0, [])
    assert row.due_at == row.created_at
    assert (row.delivered_at, row.dead_at, row.last_error) == (None, None, None)


async def test_an_event_goes_with_the_work_that_fails(api: Api, adopter: Account) -> None:
    work = Work(api.held.engine)
    before = await api.rows(outbox)
    await tell(work, adopter.id, KIND, {})
    await work.abandon()
    assert await api.rows(outbox) == before


async def test_the_events_of_a_work_keep_their_order(api: Api, adopter: Account) -> None:
    work = Work(api.held.engine)
    for number in range(5):
        await tell(work, adopter.id, KIND, {"number": number})
    await work.commit()
    ordered = select(outbox.c.payload).where(outbox.c.kind == KIND).order_by(outbox.c.position)
    async with api.held.engine.connect() as connection:
        payloads = (await connection.execute(ordered)).scalars().all()
    assert [payload["number"] for payload in payloads] == list(range(5))
