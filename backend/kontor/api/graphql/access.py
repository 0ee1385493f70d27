"""One's own ways to sign in: passkeys, the second factor, where one is signed in, name and language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import segno
import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.access_types import (
    EnrollmentResult,
    MyAccess,
    MyAccessPayload,
    MyAccessResult,
    PasskeyOffer,
    PasskeyOfferResult,
    SecondFactorEnrollment,
    SecondFactorPayload,
    SecondFactorResult,
)
from kontor.api.graphql.auth_types import User, UserPayload, UserResult
from kontor.api.graphql.context import Info
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import public, requires
from kontor.api.http.session import gate
from kontor.auth import limits, models, passkeys, queries, second_factor, service, steps
from kontor.auth.errors import InvalidPasskey, InvalidUser
from kontor.auth.permissions import Permission
from kontor.auth.values import StepKind
from kontor.core.clock import wall
from kontor.core.db import Session
from kontor.core.errors import Forbidden
from kontor.core.principal import PrincipalKind

Work = Callable[[Session, models.User], Awaitable[Any]]


def own_id(info: Info) -> UUID:
    """Who is signed in; raises `Forbidden` for machines, customers and nobody."""
    principal = info.context.principal
    if principal.kind is not PrincipalKind.USER or principal.id is None:
        raise Forbidden("Please sign in.", code="UNAUTHENTICATED")
    return principal.id


@strawberry.type
class AccessQuery:
    @strawberry.field(
        extensions=[public()], description="How the caller signs in; null for who is not a person signed in."
    )
    async def my_access(self, info: Info) -> MyAccess | None:
        principal = info.context.principal
        if principal.kind is not PrincipalKind.USER or principal.id is None:
            return None
        async with info.context.runtime.database.read_only(principal) as db:
            return await _shown(db, info, principal.id)


@strawberry.type
class AccessMutation:
    @strawberry.mutation(extensions=[public()], description="Change one's own name, language and time zone.")
    async def save_me(self, info: Info, name: str, language: str, timezone: str | None = None) -> MyAccessResult:
        async def work(db: Session, user: models.User) -> None:
            if not 1 <= len(name.strip()) <= 200:
                raise InvalidUser("A name has 1 to 200 characters.", path=("name",))
            if language not in ("de", "en"):
                raise InvalidUser("The language is de or en.", path=("language",), allowed=["de", "en"])
            if timezone is not None and timezone not in available_timezones():
                raise InvalidUser("This is no time zone.", code="INVALID_TIME_ZONE", path=("timezone",))
            user.name, user.language, user.timezone, user.updated_at = name.strip(), language, timezone, wall()

        return await _own_changed(info, work, [name, language, timezone])

    @strawberry.mutation(extensions=[public()], description="Sign out one of one's own browsers.")
    async def end_session(self, info: Info, id: UUID) -> MyAccessResult:
        async def work(db: Session, user: models.User) -> None:
            await service.end_session(db, user.id, id)

        return await _own_changed(info, work, [id])

    @strawberry.mutation(extensions=[public()], description="Sign out everywhere but here.")
    async def end_other_sessions(self, info: Info) -> MyAccessResult:
        async def work(db: Session, user: models.User) -> None:
            await service.sign_out_everywhere(db, user.id, but=info.context.principal.session_id)

        return await _own_changed(info, work, [])

    @strawberry.mutation(extensions=[public()], description="Begin a second factor: what the app needs.")
    async def begin_second_factor(self, info: Info) -> EnrollmentResult:
        async def work(db: Session, user: models.User) -> second_factor.Enrollment:
            return await second_factor.enroll(db, user, now=wall())

        made: second_factor.Enrollment = await _own(info, work, [])
        qr = segno.make(made.uri, error="m").svg_data_uri(scale=5, border=4, light="white")
        return SecondFactorEnrollment(secret=made.secret, uri=made.uri, qr=qr)

    @strawberry.mutation(extensions=[public()], description="Put the second factor in force by its first code.")
    async def confirm_second_factor(self, info: Info, code: str) -> SecondFactorResult:
        await _limited(info)

        async def work(db: Session, user: models.User) -> list[str]:
            return await second_factor.confirm(db, user.id, code, now=wall())

        codes: list[str] = await _own(info, work, [], again=[])
        return SecondFactorPayload(my_access=await _read(info), recovery_codes=codes)

    @strawberry.mutation(extensions=[public()], description="Switch one's own second factor off, by one more code.")
    async def end_second_factor(self, info: Info, code: str) -> MyAccessResult:
        await _limited(info)

        async def work(db: Session, user: models.User) -> None:
            await second_factor.check(db, user.id, code, now=wall())
            await second_factor.end(db, user.id)

        return await _own_changed(info, work, [])

    @strawberry.mutation(
        extensions=[requires(Permission.USERS_WRITE, person=True)],
        description="Switch another person's second factor off, who lost app and recovery codes; their sessions end.",
    )
    async def reset_second_factor(self, info: Info, id: UUID) -> UserResult:
        async def work(db: Session) -> models.User:
            user = await queries.lock_user(db, id)
            await second_factor.end(db, user.id)
            await service.sign_out_everywhere(db, user.id)
            return user

        async def again(db: Session, ids: list[UUID]) -> models.User:
            return await queries.get_user(db, ids[0])

        user = await change(info, work, body=[id], targets=lambda made: [("user", made.id)], again=again)
        gate(info.context.runtime).cache.clear()
        return UserPayload(user=User.of(user))

    @strawberry.mutation(extensions=[public()], description="Begin a passkey: what the browser needs to make one.")
    async def begin_passkey(self, info: Info) -> PasskeyOfferResult:
        party = passkeys.party_of(info.context.runtime.settings.base_url)

        async def work(db: Session, user: models.User) -> PasskeyOffer:
            known = await passkeys.known_ids(db, user.id)
            options, challenge = passkeys.registration_options(party, user, known)
            step = steps.open_step(db, StepKind.PASSKEY_NEW, {"challenge": challenge}, now=wall(), user_id=user.id)
            return PasskeyOffer(step=step, options=options)  # type: ignore[arg-type]  # JSON

        offer: PasskeyOffer = await _own(info, work, [])
        return offer

    @strawberry.mutation(extensions=[public()], description="Keep the passkey that the browser made.")
    async def add_passkey(self, info: Info, step: str, credential: JSON, name: str) -> MyAccessResult:
        party, given = passkeys.party_of(info.context.runtime.settings.base_url), credential

        async def work(db: Session, user: models.User) -> None:
            begun = await steps.take(db, StepKind.PASSKEY_NEW, step, now=wall())
            if begun.user_id != user.id or not isinstance(given, dict):
                raise InvalidPasskey("The passkey cannot be used here.", path=("credential",))
            challenge = str(begun.data["challenge"])
            await passkeys.add(db, user, party, given, challenge=challenge, name=name, now=wall())

        return await _own_changed(info, work, [step])

    @strawberry.mutation(extensions=[public()], description="Give one of one's own passkeys another name.")
    async def rename_passkey(self, info: Info, id: UUID, name: str) -> MyAccessResult:
        async def work(db: Session, user: models.User) -> None:
            (await passkeys.lock_own(db, user.id, id)).name = passkeys.checked_name(name)

        return await _own_changed(info, work, [id, name])

    @strawberry.mutation(extensions=[public()], description="Forget one of one's own passkeys.")
    async def remove_passkey(self, info: Info, id: UUID) -> MyAccessResult:
        async def work(db: Session, user: models.User) -> None:
            await db.delete(await passkeys.lock_own(db, user.id, id))

        return await _own_changed(info, work, [id])


async def _limited(info: Info) -> None:
    await gate(info.context.runtime).limiter.take(limits.SECOND_FACTOR, str(own_id(info)))


async def _own(info: Info, work: Work, body: Any, *, again: Any = None) -> Any:
    """Change something of the caller's own account, whose row is locked."""
    user_id = own_id(info)
    made: list[Any] = [again]

    async def locked(db: Session) -> None:
        made[0] = await work(db, await queries.lock_user(db, user_id))

    async def repeated(db: Session, ids: list[UUID]) -> None:
        if again is None:
            await locked(db)

    await change(info, locked, body=body, targets=lambda _: [("user", user_id)], again=repeated)
    gate(info.context.runtime).cache.clear()
    return made[0]


async def _own_changed(info: Info, work: Work, body: Any) -> MyAccessPayload:
    await _own(info, work, body, again=[])
    return MyAccessPayload(my_access=await _read(info))


async def _read(info: Info) -> MyAccess:
    async with info.context.runtime.database.read_only(info.context.principal) as db:
        return await _shown(db, info, own_id(info))


async def _shown(db: Session, info: Info, user_id: UUID) -> MyAccess:
    return MyAccess.of(
        await queries.get_user(db, user_id),
        await passkeys.of_user(db, user_id),
        await service.sessions_of(db, user_id, now=wall()),
        codes_left=await second_factor.recovery_codes_left(db, user_id),
        current=info.context.principal.session_id,
    )
