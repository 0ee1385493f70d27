"""The story of an order: each fact once, the latest first, the same on pages of any size, in both languages."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
import sqlalchemy as sa

from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.outbox import EventRecord
from kontor.core.pagination import PageRequest
from kontor.notifications.models import Notification
from kontor.orders.models import Order
from kontor.timeline.queries import facts_of
from kontor.timeline.service import timeline_of
from kontor.timeline.values import Entry, Source, TimelineKind
from proofs.sides import build
from support import Drain


async def story(
    database: Database,
    order_id: UUID,
    first: int = 200,
    language: str = "en",
    kinds: list[TimelineKind] | None = None,
) -> list[Entry]:
    """All entries, read page by page."""
    entries: list[Entry] = []
    cursor: str | None = None
    while True:
        async with database.read_only() as db:
            order = await db.get_one(Order, order_id)
            page = await timeline_of(db, order, PageRequest(first, cursor), language, kinds)
        entries += page.entries
        cursor = page.cursor
        if cursor is None:
            return entries


async def test_every_fact_is_told_once_in_order_on_pages_of_any_size(
    database: Database, runtime: Runtime, drain: Drain
) -> None:
    [side] = await build(runtime, drain, ("ANTON",), size=1)
    seen: set[str] = set()
    for order_id in side.orders:
        whole = await story(database, order_id)
        assert whole == await story(database, order_id, first=3)
        assert len({entry.id for entry in whole}) == len(whole)
        assert [entry.at for entry in whole] == sorted((entry.at for entry in whole), reverse=True)
        async with database.read_only() as db:
            logged = await db.scalars(
                sa.select(EventRecord.position)
                .where(EventRecord.stream_id == order_id)
                .order_by(EventRecord.seq.desc())
            )
            letters = set(await db.scalars(sa.select(Notification.id).where(Notification.order_id == order_id)))
        assert [e.id for e in whole if e.id.startswith("1-")] == [f"1-{position}" for position in logged]
        assert {e.subject for e in whole if e.kind is TimelineKind.MESSAGE} == letters
        german = await story(database, order_id, language="de")
        assert [entry.id for entry in german] == [entry.id for entry in whole]
        for entry in (*whole, *german):
            assert not re.search(r"[{}]", entry.text), entry
        money = await story(database, order_id, kinds=[TimelineKind.MONEY])
        assert money == [entry for entry in whole if entry.kind is TimelineKind.MONEY]
        seen |= {entry.id.split("-")[0] for entry in whole}
    assert {str(int(source)) for source in (Source.EVENT, Source.DECISION, Source.PROCESS, Source.MESSAGE)} <= seen


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("cursor", ["x", "W10", "WyIyMDI2LTAxLTAxIiwwLDFd"])
async def test_cursor_of_another_list_is_refused(database: Database, cursor: str) -> None:
    async with database.read_only() as db:
        with pytest.raises(InvalidInput):
            await facts_of(db, new_id(), frozenset(), PageRequest(5, cursor))
