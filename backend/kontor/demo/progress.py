"""How far the demo company is loaded, as the database tells it: what was begun and not finished is gone on with.

The marks are kept as messages of the source `demo`, each in a transaction after what it stands for; the last one says
that everything is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core import inbox
from kontor.core.db import Session
from kontor.core.inbox import InboxMessage

SOURCE = "demo"
BEGUN, LOADED = "begun", "loaded"


@dataclass(frozen=True, slots=True)
class Progress:
    """One company: its id, the moment its story ends at, and the chapters that are there."""

    company: UUID
    until: datetime
    chapters: frozenset[str]

    @property
    def loaded(self) -> bool:
        """Whether nothing is missing."""
        return LOADED in self.chapters


async def read(db: Session) -> Progress | None:
    """What is there of the company; None when none was begun in this database."""
    found = await db.scalars(sa.select(InboxMessage).where(InboxMessage.source == SOURCE))
    marks = {message.external_id: message for message in found}
    begun = marks.get(BEGUN)
    if begun is None:
        return None
    return Progress(begun.id, datetime.fromisoformat(begun.body["until"]), frozenset(marks))


async def start(db: Session) -> None:
    """A company is begun whose story ends now; the first mark there is."""
    await inbox.store_message(db, SOURCE, BEGUN, {"until": db.now.isoformat()})


async def note(db: Session, chapter: str) -> None:
    """This chapter is there."""
    await inbox.store_message(db, SOURCE, chapter, {})
