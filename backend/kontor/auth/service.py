"""People and their sessions. Lifetimes are measured on the wall clock, given as `now`: a business clock that is set
must neither sign everybody out nor bring an ended session back to life."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.auth import audit, queries, secrets
from kontor.auth.errors import (
    AdminExists,
    EmailTaken,
    InvalidUser,
    LastAdmin,
    SessionNotFound,
    SignInRefused,
    WeakPassword,
    WrongPassword,
)
from kontor.auth.models import (
    AccessToken,
    ApiClientSecret,
    SignInStep,
    User,
    UserLink,
    UserLocation,
    UserSession,
)
from kontor.auth.permissions import PARTNER_ROLES, STORE_ROLES, Role
from kontor.auth.values import StepKind
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.principal import Principal, PrincipalKind

SESSION_LIFE = timedelta(hours=16)
SEEN_EVERY = timedelta(minutes=1)
LINKS_KEPT = timedelta(days=90)  # so long an expired link still brings a new one to the same address


@dataclass(frozen=True, slots=True)
class UserInput:
    """A person as an administrator describes them."""

    email: str
    name: str
    role: Role
    partner_id: UUID | None = None
    location_ids: frozenset[UUID] = frozenset()
    language: str = "en"
    active: bool = True


async def create_user(db: Session, given: UserInput, *, password: str, now: datetime) -> User:
    """Add a person; raises `InvalidUser`, `WeakPassword` or `EmailTaken`, each naming the field."""
    secrets.check_strength(password, email=await _checked(db, given))
    return await add_user(db, given, password_hash=await secrets.hash_password(password), now=now)


async def add_user(db: Session, given: UserInput, *, password_hash: str, now: datetime) -> User:
    """Add a person with a hash that was made; raises `InvalidUser` or `EmailTaken`, each naming the field."""
    email = await _checked(db, given)
    if await queries.find_user_by_email(db, email) is not None:
        raise EmailTaken("There is a user with this email address.", path=("email",))
    user = User(
        id=new_id(),
        email=email,
        name=given.name.strip(),
        password_hash=password_hash,
        role=given.role,
        partner_id=given.partner_id,
        language=given.language,
        active=given.active,
        failed_attempts=0,
        created_at=now,
        updated_at=now,
    )
    db.add(user)
    await db.flush()
    db.add_all(UserLocation(user_id=user.id, location_id=item) for item in sorted(given.location_ids))
    return user


async def create_first_admin(
    db: Session, *, email: str, name: str, password: str, now: datetime, force: bool = False
) -> User:
    """The administrator who adds the others; raises `AdminExists` unless forced, when there is an active one."""
    if not force and await _other_admins(db, None):
        raise AdminExists("There is an administrator already; they can add others.")
    user = await create_user(db, UserInput(email, name, Role.ADMIN), password=password, now=now)
    audit.note(db, "createFirstAdmin", [("user", user.id)])
    return user


async def update_user(db: Session, user: User, given: UserInput, *, now: datetime) -> User:
    """Change a locked person; a change of rights ends their sessions. Raises as `create_user`, and `LastAdmin`."""
    email = await _checked(db, given)
    if email != user.email and await queries.find_user_by_email(db, email) is not None:
        raise EmailTaken("There is a user with this email address.", path=("email",))
    loses_admin = user.role is Role.ADMIN and user.active and not (given.role is Role.ADMIN and given.active)
    if loses_admin and not await _other_admins(db, user.id):
        raise LastAdmin("Somebody must be left who can manage users.", path=("role" if given.active else "active",))
    locations = (await queries.locations_of(db, [user.id]))[user.id]
    before = (user.role, user.partner_id, user.active, locations)
    if email != user.email:
        await end_links(db, user.id, now=now)  # they lie in a mailbox that is theirs no more
    user.email, user.name, user.language = email, given.name.strip(), given.language
    user.role, user.partner_id, user.active, user.updated_at = given.role, given.partner_id, given.active, now
    await _set_locations(db, user, locations, given.location_ids)
    if before != (given.role, given.partner_id, given.active, given.location_ids):
        await sign_out_everywhere(db, user.id)
    return user


async def deactivate(db: Session, user: User, *, now: datetime) -> None:
    """Close a locked person's account and end their sessions; raises `LastAdmin`."""
    if user.role is Role.ADMIN and user.active and not await _other_admins(db, user.id):
        raise LastAdmin("Somebody must be left who can manage users.", path=("id",))
    user.active, user.updated_at = False, now
    await sign_out_everywhere(db, user.id)


async def change_password(db: Session, user: User, *, current: str | None, new: str, now: datetime) -> None:
    """Set a locked person's password and end all sessions.

    `current` is what the person says it is now; `None` when an administrator sets it. Raises `WrongPassword` when it
    is wrong and `WeakPassword` for the new one.
    """
    if current is not None and not await secrets.verify_password(user.password_hash, current):
        raise WrongPassword("The current password is not right.", path=("current",))
    try:
        secrets.check_strength(new, email=user.email)
    except WeakPassword as problem:
        problem.path = ("new",)
        raise
    user.password_hash, user.failed_attempts, user.updated_at = await secrets.hash_password(new), 0, now
    await end_links(db, user.id, now=now)
    await sign_out_everywhere(db, user.id)


async def open_session(
    db: Session, user: User, *, verified_hash: str, user_agent: str, now: datetime, new_hash: str | None = None
) -> str:
    """Sign in a person whose password fitted `verified_hash`; returns the token, shown this once.

    Raises `SignInRefused` when the account was closed or its password changed since the check. `new_hash` replaces a
    hash made with older parameters.
    """
    user = await queries.lock_user(db, user.id)
    if not user.active or not secrets.same(user.password_hash, verified_hash):
        raise refused()
    user.password_hash = new_hash or user.password_hash
    return start_session(db, user, user_agent=user_agent, now=now, way="password")


def start_session(db: Session, user: User, *, user_agent: str, now: datetime, way: str) -> str:
    """Sign in a locked person who proved who they are by `way`; returns the token, shown this once."""
    token = secrets.new_secret("ks")
    user.last_signed_in_at, user.failed_attempts = now, 0
    db.add(
        UserSession(
            id=new_id(),
            token_hash=secrets.digest(token),
            user_id=user.id,
            user_agent=user_agent[:200],
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )
    who = Principal(PrincipalKind.USER, user.id, user.name)  # nobody yet in the unit that signs in
    audit.note(db, "signIn", [("user", user.id)], {"way": way}, principal=who)
    return token


def refused() -> SignInRefused:
    """The one answer to every sign-in that fails."""
    return SignInRefused("Email address or password is wrong.")


async def note_failed_sign_in(db: Session, user_id: UUID, *, now: datetime) -> None:
    """Count a wrong password, for administrators to see."""
    await db.execute(
        sa.update(User)
        .where(User.id == user_id)
        .values(failed_attempts=User.failed_attempts + 1, last_failed_at=now)
        .execution_options(synchronize_session=False)
    )


async def note_seen(db: Session, session_id: UUID, *, now: datetime) -> None:
    """Keep an idle session from ending; at most once a minute."""
    await db.execute(
        sa.update(UserSession)
        .where(UserSession.id == session_id, UserSession.last_seen_at <= now - SEEN_EVERY)
        .values(last_seen_at=now)
        .execution_options(synchronize_session=False)
    )


async def sign_out(db: Session, token: str) -> None:
    """End one session; an unknown token is signed out already."""
    ended = await db.execute(
        sa.delete(UserSession)
        .where(UserSession.token_hash == secrets.digest(token))
        .returning(UserSession.user_id)
        .execution_options(synchronize_session=False)
    )
    for user_id in ended.scalars():
        audit.note(db, "signOut", [("user", user_id)])


async def sign_out_everywhere(db: Session, user_id: UUID, *, but: UUID | None = None) -> None:
    """End every session of a person, except the one given as `but`."""
    ended = sa.delete(UserSession).where(UserSession.user_id == user_id)
    if but is not None:
        ended = ended.where(UserSession.id != but)
    await db.execute(ended.execution_options(synchronize_session=False))


async def end_links(db: Session, user_id: UUID, *, now: datetime) -> None:
    """No link that was mailed to a person works any more, and no sign-in goes on that waits for a code."""
    for ended in (
        sa.update(UserLink).where(UserLink.user_id == user_id, UserLink.used_at.is_(None)).values(used_at=now),
        sa.delete(SignInStep).where(SignInStep.user_id == user_id, SignInStep.kind == StepKind.SECOND_FACTOR),
    ):
        await db.execute(ended.execution_options(synchronize_session=False))


async def sessions_of(db: Session, user_id: UUID, *, now: datetime) -> list[UserSession]:
    """Where a person is signed in, the last seen first."""
    found = sa.select(UserSession).where(
        UserSession.user_id == user_id,
        UserSession.expires_at > now,
        UserSession.last_seen_at > now - queries.SESSION_IDLE,
    )
    return list(await db.scalars(found.order_by(UserSession.last_seen_at.desc(), UserSession.id)))


async def end_session(db: Session, user_id: UUID, session_id: UUID) -> None:
    """End one of a person's own sessions; raises `SessionNotFound`."""
    ended = sa.delete(UserSession).where(UserSession.id == session_id, UserSession.user_id == user_id)
    if not (await db.execute(ended.returning(UserSession.id))).all():
        raise SessionNotFound("There is no such session.", path=("id",))


async def forget_expired(db: Session, *, now: datetime) -> None:
    """Delete what is over: sessions, access tokens, secrets after their rotation."""
    for model, over in (
        (UserSession, UserSession.expires_at <= now),
        (UserSession, UserSession.last_seen_at <= now - queries.SESSION_IDLE),
        (AccessToken, AccessToken.expires_at <= now),
        (ApiClientSecret, ApiClientSecret.expires_at <= now),
        (SignInStep, SignInStep.expires_at <= now),
        (UserLink, UserLink.expires_at <= now - LINKS_KEPT),
    ):
        await db.execute(sa.delete(model).where(over).execution_options(synchronize_session=False))


async def _checked(db: Session, given: UserInput) -> str:
    """The normalized email of an acceptable description; raises `InvalidUser`."""
    email = queries.normalize_email(given.email)
    local, _, domain = email.rpartition("@")
    if not local or "." not in domain.strip(".") or len(email) > 254 or " " in email or not email.isprintable():
        raise InvalidUser("This is no email address.", code="INVALID_EMAIL", path=("email",))
    if not 1 <= len(given.name.strip()) <= 200:
        raise InvalidUser("A name has 1 to 200 characters.", path=("name",))
    if given.language not in ("de", "en"):
        raise InvalidUser("The language is de or en.", path=("language",), allowed=["de", "en"])
    if (given.role in PARTNER_ROLES) != (given.partner_id is not None):
        raise InvalidUser(
            "A dropshipper belongs to a partner, and nobody else does.", code="PARTNER_MISMATCH", path=("partnerId",)
        )
    if (given.role in STORE_ROLES) != bool(given.location_ids):
        raise InvalidUser(
            "Store roles work in at least one store, and nobody else does.",
            code="LOCATION_MISMATCH",
            path=("locationIds",),
        )
    if given.partner_id is not None and await queries.unknown(db, "partner", {given.partner_id}):
        raise InvalidUser("There is no such partner.", code="PARTNER_NOT_FOUND", path=("partnerId",))
    if missing := await queries.unknown(db, "stock_location", given.location_ids):
        raise InvalidUser(
            "There is no such place.", code="LOCATION_NOT_FOUND", path=("locationIds",), ids=sorted(map(str, missing))
        )
    return email


async def _other_admins(db: Session, user_id: UUID | None) -> bool:
    """Whether an active administrator besides this one exists; their rows stay locked against a parallel change."""
    found = sa.select(User.id).where(User.role == Role.ADMIN, User.active).order_by(User.id).with_for_update()
    return any(item != user_id for item in await db.scalars(found))


async def _set_locations(db: Session, user: User, before: frozenset[UUID], after: frozenset[UUID]) -> None:
    if gone := before - after:
        await db.execute(
            sa.delete(UserLocation).where(UserLocation.user_id == user.id, UserLocation.location_id.in_(gone))
        )
    db.add_all(UserLocation(user_id=user.id, location_id=item) for item in sorted(after - before))
