"""What comes from outside is kept once: raw messages by source and id, mutating calls by idempotency key."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model
from kontor.core.errors import Conflict
from kontor.core.ids import new_id

if TYPE_CHECKING:
    from kontor.core.db import Session


class InboxMessage(Model):
    """A raw message from outside, stored before it is understood."""

    __tablename__ = "inbox_message"
    __table_args__ = (sa.UniqueConstraint("source", "external_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(sa.String(60))
    external_id: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


class IdempotencyKey(Model):
    """The first answer to a mutating call."""

    __tablename__ = "idempotency_key"
    scope: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    body_hash: Mapped[str] = mapped_column(sa.String(64))
    answer: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime]


class IdempotencyConflict(Conflict):
    """The key was used before with another body."""

    default_code = "IDEMPOTENCY_CONFLICT"


def digest(body: Any) -> str:
    """A stable fingerprint of a call's input."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return hashlib.sha256(orjson.dumps(body, default=str, option=options)).hexdigest()


async def first_answer(db: "Session", scope: str, key: str, body_hash: str) -> dict[str, Any] | None:
    """Claim a key for this transaction, or give the first answer back.

    Raises `IdempotencyConflict` when the key stands for another body. Two calls at once: the second waits for the
    first one's commit.
    """
    statement = (
        "INSERT INTO idempotency_key (scope, key, body_hash, created_at) VALUES (:scope, :key, :hash, :now) "
        "ON CONFLICT (scope, key) DO NOTHING RETURNING key"
    )
    values = {"scope": scope, "key": key, "hash": body_hash, "now": db.now}
    inserted = await db.execute(
        sa.text(statement).bindparams(sa.bindparam("now", type_=IdempotencyKey.created_at.type)), values
    )
    if inserted.first() is not None:
        return None
    known = await db.get_one(IdempotencyKey, (scope, key))
    if known.body_hash != body_hash:
        raise IdempotencyConflict("This idempotency key was used with another body.", key=key)
    return known.answer or {}


async def keep_answer(db: "Session", scope: str, key: str, answer: dict[str, Any]) -> None:
    """Store what a repetition of the call will be answered with."""
    await db.execute(
        sa.update(IdempotencyKey).where(IdempotencyKey.scope == scope, IdempotencyKey.key == key).values(answer=answer)
    )


async def store_message(db: "Session", source: str, external_id: str, body: dict[str, Any]) -> bool:
    """Keep a raw message; False when it is known already."""
    statement = sa.text(
        "INSERT INTO inbox_message (id, source, external_id, body, received_at) "
        "VALUES (:id, :source, :external_id, :body, :now) ON CONFLICT (source, external_id) DO NOTHING RETURNING id"
    ).bindparams(
        sa.bindparam("id", type_=sa.Uuid()),
        sa.bindparam("now", type_=InboxMessage.received_at.type),
        sa.bindparam("body", type_=Json),
    )
    values = {"id": new_id(), "source": source, "external_id": external_id, "body": body, "now": db.now}
    return (await db.execute(statement, values)).first() is not None
