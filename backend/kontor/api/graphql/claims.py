"""Claims: what customers report of goods that left, and what becomes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, ClassVar
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.goodwill_types import amount_of
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_change_types import named_by_input
from kontor.api.graphql.order_inputs import AddressInput
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.payment_types import plain
from kontor.api.graphql.payments import abilities_in
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.relations import Rows, children
from kontor.api.graphql.return_refund import ReturnRefund
from kontor.api.graphql.scalars import MoneyInput
from kontor.api.graphql.shown import Shown
from kontor.auth.permissions import Permission
from kontor.claims import claiming, queries
from kontor.claims.models import Claim as ClaimTable
from kontor.claims.models import ClaimLine as ClaimLineTable
from kontor.claims.states import ClaimKind, ClaimState, Fault, GoodwillForm, Remedy
from kontor.core.db import Session
from kontor.core.errors import Forbidden, InvalidInput
from kontor.core.principal import Principal, PrincipalKind
from kontor.documents.models import Document
from kontor.orders.queries import get_order, lock_order
from kontor.selfservice import service as selfservice

CLAIM_PHOTO = "CLAIM_PHOTO"  # kind of the documents

for _states in (ClaimKind, ClaimState, Fault, Remedy):
    strawberry.enum(_states)


@strawberry.type(description="Claimed pieces of one shipment.")
class ClaimLine:
    id: UUID
    order_line_id: UUID
    shipment_line_id: UUID
    quantity: int
    came_id: UUID | None = strawberry.field(description="The article that came in their place, where it is known.")


@strawberry.type(description="A photo of the goods; its content is at `address`.")
class ClaimPhoto:
    id: UUID
    address: str
    created_at: datetime


@strawberry.type(description="A problem a customer reports about goods that left.")
class Claim(Shown):
    id: UUID
    number: str
    order_id: UUID
    kind: ClaimKind
    state: ClaimState
    note: str
    wished: Remedy | None = strawberry.field(description="What the customer wants.")
    remedy: Remedy | None = strawberry.field(description="What was decided.")
    returns_goods: bool
    corrects_stock: bool = strawberry.field(description="The count of the place was put right by it.")
    fault: Fault | None = strawberry.field(description="Who bears the cost.")
    partner_id: UUID | None = strawberry.field(description="The partner the goods left from.")
    return_id: UUID | None
    goodwill_id: UUID | None
    exchange_id: UUID | None
    decision: str | None = strawberry.field(description="Why it was denied or taken back.")
    opened_at: datetime
    opened_by: str
    decided_at: datetime | None
    decided_by: str | None
    resolved_at: datetime | None
    updated_at: datetime

    @children(ClaimLineTable.claim_id)
    def lines(self, rows: Rows, context: Context) -> list[ClaimLine]:
        return [ClaimLine(**plain(row, _LINE)) for row in rows]

    @children(Document.order_id, attribute="order_id", uses=("id",), description="What the goods look like.")
    def photos(self, rows: Rows, context: Context) -> list[ClaimPhoto]:
        own = [row for row in rows if row.kind == CLAIM_PHOTO and row.subject_id == self.id]
        return [
            ClaimPhoto(id=row.id, address=f"/files/claims/{self.id}/photos/{row.id}", created_at=row.created_at)
            for row in own
        ]


class _ToldOutside:
    """A claim as customers and shops read it: without the company's people, their words and who bears the cost."""

    BLANK: ClassVar[dict[str, Any]] = {
        "opened_by": "", "decided_by": None, "fault": None, "partner_id": None, "corrects_stock": False,
        "goodwill_id": None,
    }  # fmt: skip

    def __init__(self, row: Any) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return self.BLANK[name] if name in self.BLANK else getattr(self._row, name)


def show_claim(row: Any, principal: Principal) -> Claim:
    """A claim's row as the API shows it to somebody."""
    return Claim.of(_ToldOutside(row) if principal.outside else row)


_LINE = ("id", "order_line_id", "shipment_line_id", "quantity", "came_id")


@strawberry.input(description="All conditions hold together.")
class ClaimsFilter:
    state: list[ClaimState] | None = None
    kind: list[ClaimKind] | None = None
    order_id: UUID | None = None
    partner_id: UUID | None = None
    opened_from: datetime | None = None
    opened_until: datetime | None = None
    changed_since: datetime | None = None


@strawberry.enum
class ClaimsSort(Enum):
    OPENED_AT = "OPENED_AT"
    OPENED_AT_DESC = "OPENED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="Pieces of an order line; `cameSku` is the article that came in their place.")
class ClaimedPiecesInput:
    order_line_id: UUID
    quantity: int
    came_sku: str | None = None


@strawberry.input(description="`returnGoods` says that the customer would send the goods back.")
class OpenClaimInput:
    order_id: UUID
    kind: ClaimKind
    lines: list[ClaimedPiecesInput]
    note: str = ""
    wished: Remedy | None = None
    return_goods: bool = False

    def value(self) -> claiming.Report:
        """As the domain takes it."""
        pieces = [claiming.ClaimedPieces(each.order_line_id, each.quantity, each.came_sku) for each in self.lines]
        return claiming.Report(self.kind, pieces, self.note, self.wished, self.return_goods)


@strawberry.input(
    description="What the customer gets. `correctStock` puts the count of our own place right: what did not leave is "
    "still there, what left in its place is not. `form` and `amount` are those of goodwill; `advance` sends a "
    "replacement at once although the goods are to come back; with `shippingAddress` it goes there, and so does what "
    "else of the order has not left, or nothing is decided."
)
class ApproveClaimInput:
    id: UUID
    remedy: Remedy
    return_goods: bool = False
    fault: Fault = Fault.US
    correct_stock: bool = False
    form: GoodwillForm = GoodwillForm.CREDIT
    amount: MoneyInput | None = None
    advance: bool = False
    shipping_address: AddressInput | None = None


@strawberry.type
class ClaimChanged:
    claim: Claim


ClaimResult = Annotated[ClaimChanged | Refusal, strawberry.union("ClaimResult")]


@strawberry.type
class ClaimsQuery:
    @strawberry.field(
        extensions=[requires(Permission.CARE_READ, Permission.CLAIMS_WRITE)],
        description="What customers reported of goods; a customer sees their own.",
    )
    async def claims(
        self,
        info: Info,
        filter: ClaimsFilter | None = None,
        sort: ClaimsSort = ClaimsSort.OPENED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Claim]:
        wanted = queries.ClaimFilter(**vars(filter)) if filter else queries.ClaimFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_claims(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, lambda row: show_claim(row, info.context.principal))

    @strawberry.field(
        extensions=[requires(Permission.CLAIMS_WRITE)],
        description="What would go back for a claim that ends in money, with the goods or without.",
    )
    async def preview_claim(self, info: Info, input: OpenClaimInput) -> ReturnRefund:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            due = await claiming.preview_claim(db, await get_order(db, input.order_id, principal), input.value())
        return ReturnRefund.of(due, info.context.language)

    @strawberry.field(
        extensions=[requires(Permission.REFUNDS_WRITE)],
        description="What would go back for an open claim if it were decided for the customer.",
    )
    async def preview_claim_decision(self, info: Info, id: UUID) -> ReturnRefund:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            claim = await queries.get_claim(db, id)
            due = await claiming.preview_decision(db, await get_order(db, claim.order_id, db.principal), claim)
        return ReturnRefund.of(due, info.context.language)


async def _changed(info: Info, work: Callable[[Session], Awaitable[ClaimTable]], body: Any) -> ClaimChanged:
    async def run(db: Session) -> ClaimChanged:
        return ClaimChanged(claim=show_claim(await work(db), db.principal))

    async def again(db: Session, ids: list[UUID]) -> ClaimChanged:
        return ClaimChanged(claim=show_claim(await queries.get_claim(db, ids[0]), db.principal))

    return await change(
        info, run, body=body, again=again,
        targets=lambda done: [("claim", done.claim.id), ("order", done.claim.order_id)],
    )  # fmt: skip


@strawberry.type
class ClaimsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CLAIMS_WRITE)],
        description="Note that goods are wrong, damaged or missing. Nothing follows until it is decided.",
    )
    async def open_claim(self, info: Info, input: OpenClaimInput) -> ClaimResult:
        async def work(db: Session) -> ClaimTable:
            order = await lock_order(db, input.order_id, db.principal)
            if selfservice.is_customer(db.principal):
                await selfservice.check_claimable(db, order)
            return await claiming.open_claim(db, order, input.value(), now=db.now)

        return await _changed(info, work, input)

    @strawberry.mutation(
        extensions=[requires(Permission.REFUNDS_WRITE)],
        description="Decide a claim for the customer: paid back or replaced, with or without the goods, or goodwill.",
    )
    async def approve_claim(self, info: Info, input: ApproveClaimInput) -> ClaimResult:
        by_person = info.context.principal.kind is PrincipalKind.USER

        async def work(db: Session) -> ClaimTable:
            if input.remedy is Remedy.GOODWILL:
                db.principal.require(Permission.GOODWILL_WRITE)
            if input.shipping_address is not None:
                db.principal.require(Permission.ORDERS_CHANGE)
            if input.correct_stock and not db.principal.may(Permission.STOCK_WRITE):
                raise Forbidden(
                    "This needs the permission stock:write.", path=("correctStock",), permission="stock:write"
                )
            order = await lock_order(db, (await queries.get_claim(db, input.id)).order_id, db.principal)
            claim = await queries.get_claim(db, input.id)
            if input.remedy is Remedy.GOODWILL and input.amount is None:
                raise InvalidInput("Say how much.", code="INVALID_AMOUNT", path=("amount",))
            verdict = claiming.Verdict(
                input.remedy, input.return_goods, input.fault, input.correct_stock, input.form,
                amount_of(order, input.amount) if input.amount else 0, wait=by_person, advance=input.advance,
                address=input.shipping_address.read() if input.shipping_address else None,
            )  # fmt: skip
            with named_by_input():
                return await claiming.approve_claim(
                    db, order, claim, verdict, now=db.now, abilities_of=abilities_in(info)
                )

        return await _changed(info, work, input)

    @strawberry.mutation(
        extensions=[requires(Permission.REFUNDS_WRITE)], description="Decide that a claim is not right, and why."
    )
    async def deny_claim(self, info: Info, id: UUID, reason: str) -> ClaimResult:
        async def work(db: Session) -> ClaimTable:
            await lock_order(db, (await queries.get_claim(db, id)).order_id, db.principal)
            return claiming.deny_claim(db, await queries.get_claim(db, id), reason=reason, now=db.now)

        return await _changed(info, work, [id, reason])

    @strawberry.mutation(extensions=[requires(Permission.CLAIMS_WRITE)], description="The customer takes a claim back.")
    async def cancel_claim(self, info: Info, id: UUID, reason: str) -> ClaimResult:
        async def work(db: Session) -> ClaimTable:
            await lock_order(db, (await queries.get_claim(db, id)).order_id, db.principal)
            return claiming.cancel_claim(db, await queries.get_claim(db, id), reason=reason, now=db.now)

        return await _changed(info, work, [id, reason])
