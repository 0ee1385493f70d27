"""What is remembered between two steps of signing in: short-lived, known by a token, taken once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.auth import secrets
from kontor.auth.errors import StepOver
from kontor.auth.models import SignInStep
from kontor.auth.values import StepKind
from kontor.core.db import Session
from kontor.core.ids import new_id

LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was begun: whose it is, if that is known, and what was noted."""

    id: UUID
    user_id: UUID | None
    data: Mapping[str, Any]


def open_step(
    db: Session, kind: StepKind, data: Mapping[str, Any], *, now: datetime, user_id: UUID | None = None
) -> str:
    """Note a step for ten minutes; returns the token that names it."""
    token = secrets.new_secret("kst")
    db.add(
        SignInStep(
            id=new_id(), token_hash=secrets.digest(token), kind=kind, user_id=user_id, data=dict(data), created_at=now,
            expires_at=now + LIFE,
        )
    )  # fmt: skip
    return token


async def look(db: Session, kind: StepKind, token: str, *, now: datetime) -> Step:
    """The step of a token; raises `StepOver` when there is none any more."""
    row = await db.scalar(
        sa.select(SignInStep).where(
            SignInStep.token_hash == secrets.digest(token), SignInStep.kind == kind, SignInStep.expires_at > now
        )
    )
    if row is None:
        raise StepOver("This took too long, or was done already. Please begin again.")
    return Step(row.id, row.user_id, row.data)


async def take(db: Session, kind: StepKind, token: str, *, now: datetime) -> Step:
    """The step of a token, which nobody else gets from now on; raises `StepOver`."""
    row = (
        await db.execute(
            sa.delete(SignInStep)
            .where(SignInStep.token_hash == secrets.digest(token), SignInStep.kind == kind, SignInStep.expires_at > now)
            .returning(SignInStep.id, SignInStep.user_id, SignInStep.data)
            .execution_options(synchronize_session=False)
        )
    ).one_or_none()
    if row is None:
        raise StepOver("This took too long, or was done already. Please begin again.")
    return Step(row.id, row.user_id, row.data)
