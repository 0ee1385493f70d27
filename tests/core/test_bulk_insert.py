"""Many rows in one go: foreign keys hold, and the connection plans its other statements as before."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from kontor.auth.models import User, UserSession
from kontor.auth.permissions import Role
from kontor.core.db import Database, Session

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
COLUMNS = ("id", "token_hash", "user_id", "user_agent", "created_at", "last_seen_at", "expires_at")


async def write(db: Session, user_id: UUID, count: int) -> None:
    rows = [(uuid4(), f"{number:064}", user_id, "a browser", NOW, NOW, NOW) for number in range(count)]
    await db.bulk_insert(UserSession, COLUMNS, rows)


async def a_user(db: Session) -> UUID:
    user = User(
        id=uuid4(), email="ada@example.com", name="Ada", password_hash="-", role=Role.ADMIN, created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip
    db.add(user)
    await db.flush()
    return user.id


@pytest.mark.parametrize("count", [1, 50])
async def test_row_of_nobody_is_refused(database: Database, count: int) -> None:
    with pytest.raises(IntegrityError):
        async with database.unit_of_work() as db:
            await write(db, uuid4(), count)
    async with database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(UserSession)) == 0


@pytest.mark.engine("postgresql")
async def test_other_statements_of_the_transaction_are_planned_for_their_values(database: Database) -> None:
    async with database.unit_of_work() as db:
        await write(db, await a_user(db), 50)
        assert await db.scalar(sa.text("SHOW plan_cache_mode")) == "force_custom_plan"
    async with database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(UserSession)) == 50
        assert await db.scalar(sa.text("SHOW plan_cache_mode")) == "force_custom_plan"
