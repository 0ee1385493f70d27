"""Goodwill: its preview, granting and approving it, its limits, and what was given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.customer_notes import note_of, told_of_money
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.goodwill_types import (
    GoodwillChanged,
    GoodwillFilter,
    GoodwillLimit,
    GoodwillLimitInput,
    GoodwillLimitsSaved,
    GoodwillPreview,
    GoodwillRow,
    GoodwillSort,
    GoodwillSum,
    GrantGoodwillInput,
    PreviewGoodwillInput,
    show_preview,
)
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.payments import abilities_in
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.claims import goodwill, queries
from kontor.claims import limits as limit_rows
from kontor.claims.models import Goodwill
from kontor.claims.states import GoodwillForm
from kontor.core.db import Session
from kontor.core.principal import PrincipalKind
from kontor.notifications.notes import keep_note
from kontor.orders.queries import get_order, lock_order

GoodwillResult = Annotated[GoodwillChanged | Refusal, strawberry.union("GoodwillResult")]
GoodwillLimitsResult = Annotated[GoodwillLimitsSaved | Refusal, strawberry.union("GoodwillLimitsResult")]


@strawberry.type
class GoodwillQuery:
    @strawberry.field(
        extensions=[requires(Permission.PAYMENTS_READ)],
        description="What customers were given out of goodwill, apart from other refunds.",
    )
    async def goodwill(
        self,
        info: Info,
        filter: GoodwillFilter | None = None,
        sort: GoodwillSort = GoodwillSort.REQUESTED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[GoodwillRow]:
        wanted = filter.value() if filter else queries.GoodwillFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_goodwill(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, GoodwillRow.of)

    @strawberry.field(
        extensions=[requires(Permission.GOODWILL_WRITE)],
        description="What `grantGoodwill` would do: prices and tax, which payments give back, and whether somebody "
        "has to approve it. Changes nothing.",
    )
    async def preview_goodwill(self, info: Info, input: PreviewGoodwillInput) -> GoodwillPreview:
        principal = info.context.principal
        note = note_of(input.note_to_customer, principal)
        async with info.context.runtime.database.read_only(principal) as db:
            order = await get_order(db, input.order_id, principal)
            found = await goodwill.preview_goodwill(db, order, input.value(order), abilities_of=abilities_in(info))
            shares = found.money.shares if found.money else ()
            told = await told_of_money(db, order, _message(input.form), found.amount, shares, note=note, now=db.now)
        return show_preview(found, order.currency, told)

    @strawberry.field(
        extensions=[requires(Permission.GOODWILL_WRITE, Permission.SETTINGS_READ)],
        description="What roles may grant alone. A role without a row is not limited.",
    )
    async def goodwill_limits(self, info: Info) -> list[GoodwillLimit]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            return [GoodwillLimit.of(row) for row in await limit_rows.limits_of(db)]

    @strawberry.field(
        extensions=[requires(Permission.REPORTS_READ)],
        description="What was granted from a moment until another (excluded), by form, reason and currency.",
    )
    async def goodwill_report(self, info: Info, since: datetime, until: datetime) -> list[GoodwillSum]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            return [GoodwillSum.of(row) for row in await queries.goodwill_sums(db, since, until)]


def _message(form: GoodwillForm) -> str:
    """The template that tells of goodwill."""
    return "goodwill_voucher" if form is GoodwillForm.VOUCHER else "goodwill"


async def _changed(info: Info, work: Callable[[Session], Awaitable[Goodwill]], body: Any) -> GoodwillChanged:
    async def run(db: Session) -> GoodwillChanged:
        return GoodwillChanged(goodwill=GoodwillRow.of(await work(db)))

    async def again(db: Session, ids: list[UUID]) -> GoodwillChanged:
        return GoodwillChanged(goodwill=GoodwillRow.of(await queries.get_goodwill(db, ids[0])))

    return await change(
        info, run, body=body, again=again,
        targets=lambda done: [("goodwill", done.goodwill.id), ("order", done.goodwill.order_id)],
    )  # fmt: skip


@strawberry.type
class GoodwillMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.GOODWILL_WRITE)],
        description="Give a customer something out of goodwill, never more than came in and is not back yet. Above "
        "one's limit it waits until somebody else approves it.",
    )
    async def grant_goodwill(self, info: Info, input: GrantGoodwillInput) -> GoodwillResult:
        by_person = info.context.principal.kind is PrincipalKind.USER
        note = note_of(input.note_to_customer, info.context.principal)

        async def work(db: Session) -> Goodwill:
            order = await lock_order(db, input.order_id, db.principal)
            wish = input.wish(order, recallable=by_person if input.wait is None else input.wait)
            given = await goodwill.grant_goodwill(db, order, wish, now=db.now, abilities_of=abilities_in(info))
            await keep_note(db, order.id, _message(input.form), given.refund_id or given.id, note, now=db.now)
            return given

        return await _changed(info, work, input)

    @strawberry.mutation(
        extensions=[requires(Permission.REFUNDS_APPROVE)],
        description="Let goodwill go that was above the limit of whoever asked, up to one's own. For 60 seconds a "
        "person may recall it.",
    )
    async def approve_goodwill(self, info: Info, id: UUID) -> GoodwillResult:
        by_person = info.context.principal.kind is PrincipalKind.USER

        async def work(db: Session) -> Goodwill:
            order = await lock_order(db, (await queries.get_goodwill(db, id)).order_id)
            given = await queries.get_goodwill(db, id)
            return await goodwill.approve_goodwill(db, order, given, now=db.now, recallable=by_person)

        return await _changed(info, work, id)

    @strawberry.mutation(
        extensions=[requires(Permission.REFUNDS_APPROVE)],
        description="Refuse goodwill that was above the limit of whoever asked.",
    )
    async def decline_goodwill(self, info: Info, id: UUID, reason: str) -> GoodwillResult:
        async def work(db: Session) -> Goodwill:
            await lock_order(db, (await queries.get_goodwill(db, id)).order_id)
            given = await queries.get_goodwill(db, id)
            return await goodwill.decline_goodwill(db, given, reason=reason, now=db.now)

        return await _changed(info, work, [id, reason])

    @strawberry.mutation(
        extensions=[requires(Permission.GOODWILL_WRITE)],
        description="Take goodwill back while it waits: within 60 seconds, or for approval.",
    )
    async def recall_goodwill(self, info: Info, id: UUID) -> GoodwillResult:
        async def work(db: Session) -> Goodwill:
            await lock_order(db, (await queries.get_goodwill(db, id)).order_id)
            return await goodwill.recall_goodwill(db, await queries.get_goodwill(db, id), now=db.now)

        return await _changed(info, work, id)

    @strawberry.mutation(
        extensions=[requires(Permission.SETTINGS_WRITE, person=True)],
        description="Put these limits in place of all there are, as long as those are the ones the caller saw "
        "(`before`, where it is given). What waits for approval goes on waiting.",
    )
    async def save_goodwill_limits(
        self, info: Info, limits: list[GoodwillLimitInput], before: list[GoodwillLimitInput] | None = None
    ) -> GoodwillLimitsResult:
        seen = None if before is None else [each.value() for each in before]

        async def work(db: Session) -> GoodwillLimitsSaved:
            rows = await limit_rows.save_limits(db, [each.value() for each in limits], before=seen)
            return GoodwillLimitsSaved(limits=[GoodwillLimit.of(row) for row in rows])

        async def again(db: Session, ids: list[UUID]) -> GoodwillLimitsSaved:
            return GoodwillLimitsSaved(limits=[GoodwillLimit.of(row) for row in await limit_rows.limits_of(db)])

        rows = [f"{each.role}: {each.per_order}/{each.per_day} {each.currency}" for each in limits]
        return await change(
            info, work, body=[limits, before], again=again, targets=lambda done: [], details={"limits": rows}
        )
