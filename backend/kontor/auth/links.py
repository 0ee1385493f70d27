"""Links by mail: to begin after an invitation, and to choose a new password. Good for once and for a time.

Whoever asks for a reset learns nothing of whether there is such a person: asking does the same either way, and only
the job that writes the mail looks. Lifetimes are measured on the wall clock.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.auth import audit, queries, secrets
from kontor.auth.errors import LinkExpired, LinkNotFound, LinkUsed, WeakPassword
from kontor.auth.models import User, UserLink
from kontor.auth.service import end_links, sign_out_everywhere
from kontor.auth.values import LinkPurpose
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import schedule

JOB = "notifications.write_person"
LIFE = {LinkPurpose.INVITATION: timedelta(days=7), LinkPurpose.RESET: timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class NewLink:
    """A fresh link, its token in plain text for the mail, and whom it is for."""

    id: UUID
    token: str
    user: User
    purpose: LinkPurpose
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that can be used now."""

    id: UUID
    user: User
    purpose: LinkPurpose


def ask_reset(db: Session, email: str) -> None:
    """Have a link to choose a new password mailed, if there is somebody of this address."""
    schedule(db, JOB, {"email": queries.normalize_email(email)[:254], "purpose": LinkPurpose.RESET})


def send_invitation(db: Session, user_id: UUID) -> None:
    """Have a link to begin mailed to a person."""
    schedule(db, JOB, {"user_id": user_id, "purpose": LinkPurpose.INVITATION})


async def make_link(
    db: Session, purpose: LinkPurpose, *, now: datetime, user_id: UUID | None = None, email: str | None = None
) -> NewLink | None:
    """A link for a person by id or address; None when there is nobody, or nobody any more, who could use it."""
    user = await db.get(User, user_id) if user_id is not None else await queries.find_user_by_email(db, email or "")
    if user is None or not user.active:
        return None
    token, link_id = secrets.new_secret("kl"), new_id()
    expires_at = now + LIFE[purpose]
    db.add(
        UserLink(
            id=link_id, user_id=user.id, purpose=purpose, token_hash=secrets.digest(token), created_at=now,
            expires_at=expires_at, used_at=None,
        )
    )  # fmt: skip
    return NewLink(link_id, token, user, purpose, expires_at)


async def find(db: Session, token: str, *, now: datetime, lock: bool = False) -> OpenLink:
    """The link of a token; raises `LinkNotFound`, `LinkUsed`, or `LinkExpired` when a new one can be asked for."""
    found = sa.select(UserLink, User).join(User, User.id == UserLink.user_id)
    found = found.where(UserLink.token_hash == secrets.digest(token), User.active)
    row = (await db.execute(found.with_for_update() if lock else found)).one_or_none()
    if row is None:
        raise LinkNotFound("This link is not one of ours, or the account was closed.")
    link: UserLink = row.UserLink
    if link.used_at is not None:
        raise LinkUsed("This link was used already. Please sign in.")
    if link.expires_at <= now:
        raise LinkExpired("This link has expired.", purpose=str(link.purpose))
    return OpenLink(link.id, row.User, link.purpose)


async def renew(db: Session, token: str) -> None:
    """Mail a new link for the same purpose to the same address, in place of one that expired.

    Raises `LinkNotFound` and `LinkUsed`.
    """
    try:
        link = await find(db, token, now=db.now)
        schedule(db, JOB, {"user_id": link.user.id, "purpose": link.purpose})
    except LinkExpired:
        row = await db.scalar(sa.select(UserLink).where(UserLink.token_hash == secrets.digest(token)))
        assert row is not None
        schedule(db, JOB, {"user_id": row.user_id, "purpose": row.purpose})


async def use(db: Session, token: str, *, password: str | None, now: datetime) -> User:
    """End a link and set the password, if one is chosen; every other session and link of the person ends with it.

    Without a password the caller keeps a passkey in the same unit of work. Raises as `find`, and `WeakPassword`.
    """
    link = await find(db, token, now=now, lock=True)
    user = await queries.lock_user(db, link.user.id)
    if password is not None:
        await set_password(user, password, now=now)
    await end_links(db, user.id, now=now)
    await sign_out_everywhere(db, user.id)
    audit.note(db, "useLink", [("user", user.id)], {"purpose": str(link.purpose)})
    return user


async def set_password(user: User, password: str, *, now: datetime) -> None:
    """Set a locked person's password; raises `WeakPassword`."""
    try:
        secrets.check_strength(password, email=user.email)
    except WeakPassword as problem:
        problem.path = ("password",)
        raise
    user.password_hash, user.failed_attempts, user.updated_at = await secrets.hash_password(password), 0, now
