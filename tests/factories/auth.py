"""People and machines."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.auth import clients, queries, service
from kontor.auth.clients import ApiClientInput, NewSecret
from kontor.auth.models import User
from kontor.auth.permissions import ClientKind, Role
from kontor.auth.service import UserInput
from kontor.core.clock import wall
from kontor.core.db import Database, Session
from kontor.core.ids import new_id
from kontor.core.principal import Principal

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class SignedIn:
    """A person with a session."""

    user: User
    token: str


async def make_user(db: Session, *, now: datetime | None = None, password: str = PASSWORD, **given: Any) -> User:
    """An administrator unless `role` says otherwise; dropshippers need `partner_id`, store roles `location_ids`."""
    values: dict[str, Any] = {"email": f"{new_id().hex}@kontor.example", "name": "Anna Admin", "role": Role.ADMIN}
    return await service.create_user(db, UserInput(**(values | given)), password=password, now=now or wall())


async def make_client(db: Session, *, now: datetime | None = None, **given: Any) -> NewSecret:
    """An integration that reads and writes stock; shops need `channel_ids`, partners' clients `partner_id`."""
    values: dict[str, Any] = {
        "name": "Warehouse system",
        "kind": ClientKind.INTEGRATION,
        "scopes": frozenset({"stock:read", "stock:write"}),
    }
    return await clients.create_api_client(db, ApiClientInput(**(values | given)), now=now or wall())


async def make_session(database: Database, *, now: datetime | None = None, **given: Any) -> SignedIn:
    """A person who has signed in."""
    async with database.unit_of_work() as db:
        user = await make_user(db, now=now, **given)
    async with database.unit_of_work() as db:
        token = await service.open_session(
            db, user, verified_hash=user.password_hash, user_agent="Test Browser 1.0", now=now or wall()
        )
    return SignedIn(user, token)


async def session_of(database: Database, token_hash: str, *, now: datetime | None = None) -> Principal | None:
    """Who stands behind a session at a moment."""
    async with database.read_only() as db:
        found = await queries.find_session(db, token_hash, now=now or wall())
    return found.principal if found else None


def ids(*things: Any) -> frozenset[UUID]:
    """The ids of rows."""
    return frozenset(item.id for item in things)
