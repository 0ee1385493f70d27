"""The people of a partner, managed by the partner itself: invite, change the role, remove; one manager stays."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.auth import links, queries
from kontor.auth.errors import EmailTaken, InvalidUser, LastManager, UserNotFound
from kontor.auth.models import User
from kontor.auth.permissions import PARTNER_ROLES, Role
from kontor.auth.service import UserInput, add_user, sign_out_everywhere, update_user
from kontor.core.db import Session


async def invite_user(db: Session, given: UserInput, *, now: datetime) -> User:
    """Add a person without a password and mail them a link to begin.

    Raises `InvalidUser` or `EmailTaken`, each naming the field. Whoever was invited and has not begun yet is sent the
    link again instead of being refused.
    """
    known = await queries.find_user_by_email(db, given.email)
    if known is not None:
        if known.password_hash or known.last_signed_in_at or known.partner_id != given.partner_id:
            raise EmailTaken("There is a user with this email address.", path=("email",))
        known = await update_user(db, await queries.lock_user(db, known.id), given, now=now)
        links.send_invitation(db, known.id)
        return known
    user = await add_user(db, given, password_hash="", now=now)
    links.send_invitation(db, user.id)
    return user


async def of_partner(db: Session, partner_id: UUID) -> list[User]:
    """The people of a partner who may sign in, by name."""
    found = sa.select(User).where(User.partner_id == partner_id, User.active).order_by(User.name, User.id)
    return list(await db.scalars(found))


async def change_role(db: Session, partner_id: UUID, user_id: UUID, role: Role, *, now: datetime) -> User:
    """Give a colleague another role of partners; their sessions end. Raises `UserNotFound`, `LastManager`."""
    if role not in PARTNER_ROLES:
        raise InvalidUser("This is no role of a partner.", code="NOT_A_PARTNER_ROLE", path=("role",))
    user = await _lock(db, partner_id, user_id, keeps_manager=role is Role.DROPSHIPPER)
    if user.role is not role:
        user.role, user.updated_at = role, now
        await sign_out_everywhere(db, user.id)
    return user


async def remove(db: Session, partner_id: UUID, user_id: UUID, *, now: datetime) -> User:
    """Close a colleague's account and end their sessions. Raises `UserNotFound`, `LastManager`."""
    user = await _lock(db, partner_id, user_id, keeps_manager=False)
    user.active, user.updated_at = False, now
    await sign_out_everywhere(db, user.id)
    return user


async def restore(db: Session, partner_id: UUID, user_id: UUID, *, now: datetime) -> User:
    """Open a removed colleague's account again; raises `UserNotFound`."""
    user = await queries.lock_user(db, user_id)
    if user.partner_id != partner_id:
        raise UserNotFound("There is no such user.", path=("id",))
    user.active, user.updated_at = True, now
    return user


async def _lock(db: Session, partner_id: UUID, user_id: UUID, *, keeps_manager: bool) -> User:
    """The colleague, with every manager of the partner locked against a parallel change."""
    found = sa.select(User).where(User.partner_id == partner_id, User.active).order_by(User.id).with_for_update()
    people = {user.id: user for user in await db.scalars(found.execution_options(populate_existing=True))}
    user = people.get(user_id)
    if user is None:
        raise UserNotFound("There is no such user.", path=("id",))
    managers = [each for each in people.values() if each.role is Role.DROPSHIPPER and each.id != user_id]
    if user.role is Role.DROPSHIPPER and not keeps_manager and not managers:
        raise LastManager("Somebody must be left who can manage people and settings.", path=("id",))
    return user
