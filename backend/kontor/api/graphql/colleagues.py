"""The people of a partner: invited, given a role and removed by the partner itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import strawberry

from kontor.api.graphql.access_types import Colleague, ColleagueInput, ColleaguePayload, ColleagueResult
from kontor.api.graphql.auth_types import User, UserInput, UserPayload, UserResult
from kontor.api.graphql.context import Info
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.api.http.session import gate
from kontor.auth import colleagues, limits, models, queries
from kontor.auth.permissions import Permission, Role
from kontor.core.clock import wall
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.partners.inviting import InvitationOver
from kontor.partners.queries import lock_partner
from kontor.partners.states import PartnerState


def own_partner(info: Info) -> UUID:
    """The caller's own partner; raises `InvalidInput` for who has none."""
    partner_id = info.context.principal.partner_id
    if partner_id is None:
        raise InvalidInput("This is for people of a partner.", code="NO_PARTNER")
    return partner_id


@strawberry.type
class ColleaguesQuery:
    @strawberry.field(
        extensions=[requires(Permission.PARTNERSHIP_WRITE)],
        description="The people of the caller's own partner; nobody for who has none.",
    )
    async def colleagues(self, info: Info) -> list[Colleague]:
        principal = info.context.principal
        if principal.partner_id is None:
            return []
        async with info.context.runtime.database.read_only(principal) as db:
            return [Colleague.of(each) for each in await colleagues.of_partner(db, principal.partner_id)]


@strawberry.type
class ColleaguesMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERSHIP_WRITE, Permission.PARTNERS_WRITE, person=True)],
        description="Invite somebody of a partner by mail: one's own, or `partnerId` for who manages partners.",
    )
    async def invite_colleague(
        self, info: Info, input: ColleagueInput, partner_id: UUID | None = None
    ) -> ColleagueResult:
        own = info.context.principal.partner_id
        await _take_mail(info, input.email)

        async def work(db: Session) -> models.User:
            wanted = own or partner_id
            if wanted is None or (own is not None and partner_id not in (None, own)):
                raise InvalidInput("Name a partner of yours.", code="NO_PARTNER", path=("partnerId",))
            partner = await lock_partner(db, id=wanted)
            if partner.state is PartnerState.ENDED:
                raise InvitationOver("The relation with this partner is over.", path=("partnerId",))
            try:
                return await colleagues.invite_user(db, input.values(partner.id), now=wall())
            except KontorError as problem:
                raise problem.within("input") from None

        body = [input.email, input.name, str(input.role), input.language, partner_id]
        return await _changed(info, work, body, {"email": input.email, "role": str(input.role)})

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERSHIP_WRITE, person=True)],
        description="Give a colleague another role; their sessions end. One who manages people stays.",
    )
    async def change_colleague_role(self, info: Info, id: UUID, role: Role) -> ColleagueResult:
        partner_id = own_partner(info)

        async def work(db: Session) -> models.User:
            return await colleagues.change_role(db, partner_id, id, role, now=wall())

        return await _changed(info, work, [id, str(role)], {"role": str(role)})

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERSHIP_WRITE, person=True)],
        description="Close a colleague's account and end their sessions. One who manages people stays.",
    )
    async def remove_colleague(self, info: Info, id: UUID) -> ColleagueResult:
        partner_id = own_partner(info)

        async def work(db: Session) -> models.User:
            return await colleagues.remove(db, partner_id, id, now=wall())

        return await _changed(info, work, [id])

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERSHIP_WRITE, person=True)],
        description="Open a removed colleague's account again.",
    )
    async def restore_colleague(self, info: Info, id: UUID) -> ColleagueResult:
        partner_id = own_partner(info)

        async def work(db: Session) -> models.User:
            return await colleagues.restore(db, partner_id, id, now=wall())

        return await _changed(info, work, [id])

    @strawberry.mutation(
        extensions=[requires(Permission.USERS_WRITE, person=True)],
        description="Add a person without a password and mail them a link to begin.",
    )
    async def invite_user(self, info: Info, input: UserInput) -> UserResult:
        await _take_mail(info, input.email)

        async def work(db: Session) -> models.User:
            try:
                return await colleagues.invite_user(db, input.values(), now=wall())
            except KontorError as problem:
                raise problem.within("input") from None

        details = {"email": input.email, "role": str(input.role)}
        return UserPayload(user=User.of(await _user(info, work, input.body(), details)))


async def _take_mail(info: Info, email: str) -> None:
    """One address gets a few invitations an hour, and a partner sends so many a day. Raises `TooManyAttempts`."""
    limiter, partner_id = gate(info.context.runtime).limiter, info.context.principal.partner_id
    await limiter.take(limits.LINK_ACCOUNT, queries.normalize_email(email))
    if partner_id is not None:
        await limiter.take(limits.INVITATIONS, str(partner_id))


async def _user(info: Info, work: Callable[[Session], Awaitable[models.User]], body: Any, details: Any) -> models.User:
    async def again(db: Session, ids: list[UUID]) -> models.User:
        return await queries.get_user(db, ids[0])

    user = await change(info, work, body=body, targets=lambda made: [("user", made.id)], again=again, details=details)
    gate(info.context.runtime).cache.clear()
    return user


async def _changed(
    info: Info, work: Callable[[Session], Awaitable[models.User]], body: Any, details: Any = None
) -> ColleaguePayload:
    return ColleaguePayload(colleague=Colleague.of(await _user(info, work, body, details)))
