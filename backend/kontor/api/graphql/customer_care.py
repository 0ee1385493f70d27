"""What care does with a customer: know them, merge, block or trust, note consents, export and erase."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.customers import Customer
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_types import money
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Money
from kontor.auth.permissions import Permission
from kontor.care import erasing, exporting, listing, merging
from kontor.care.erasing import Blocker
from kontor.care.personal import Kept
from kontor.care.profile import Profile, profile_of
from kontor.core.db import Session
from kontor.core.errors import camel
from kontor.customers import consents, queries
from kontor.customers.models import Customer as CustomerRow
from kontor.customers.service import CUSTOMERS_STREAM, note_customer
from kontor.payments.states import RefundState
from kontor.returns.states import ReturnState

strawberry.enum(Blocker, name="ErasureBlocker")
strawberry.enum(Kept, name="KeptFor")


@strawberry.type(description="What a customer bought in one currency, without what was canceled.")
class CustomerValue:
    orders: int
    ordered: Money
    refunded: Money


@strawberry.type(description="A block or trust of the customer, their mail or phone; over when `until` has passed.")
class CustomerListing:
    kind: str
    value: str
    blocked: bool
    reason: str
    until: datetime | None
    created_at: datetime
    created_by: str


@strawberry.type
class ConsentChange:
    purpose: str
    granted: bool
    source: str
    at: datetime
    by: str


@strawberry.type
class CustomerReturn:
    id: UUID
    number: str
    state: ReturnState
    order_number: str
    requested_at: datetime


@strawberry.type(description="Money that went back to a customer.")
class CustomerCredit:
    id: UUID
    kind: str
    state: RefundState
    amount: Money
    reason: str
    order_number: str
    requested_at: datetime


@strawberry.type(description="A file with all that is kept of the customer, at /files/documents/{id}.")
class CustomerExport:
    id: UUID
    created_at: datetime


@strawberry.type(description="A customer with what their page shows beside their orders.")
class CustomerProfile:
    customer: Customer
    values: list[CustomerValue]
    return_share: int = strawberry.field(description="Of a hundred shipped pieces, how many came back.")
    shipped: int
    returned: int
    listings: list[CustomerListing]
    consent_changes: list[ConsentChange] = strawberry.field(description="The latest first, at most fifty.")
    returns: list[CustomerReturn] = strawberry.field(description="The latest twenty.")
    credits: list[CustomerCredit] = strawberry.field(description="The latest twenty.")
    merged: list[Customer] = strawberry.field(description="Who was merged into this customer, as they were.")
    merged_into_id: UUID | None
    erased_at: datetime | None
    exports: list[CustomerExport]

    @classmethod
    def of(cls, found: Profile, info: Info) -> CustomerProfile:
        """As the API shows it; returns and money only to who may see them."""
        may = info.context.principal.may
        pays, sends = may(Permission.PAYMENTS_READ), may(Permission.RETURNS_READ)
        return cls(
            customer=Customer.of(found.customer),
            values=[
                CustomerValue(
                    orders=each.orders,
                    ordered=money(each.ordered, each.currency),
                    refunded=money(each.refunded, each.currency),
                )
                for each in (found.values if may(Permission.ORDERS_READ) else ())
            ],
            return_share=found.return_share,
            shipped=found.shipped,
            returned=found.returned,
            listings=[
                CustomerListing(
                    kind=row.kind,
                    value=row.value,
                    blocked=row.blocked,
                    reason=row.reason,
                    until=row.until,
                    created_at=row.created_at,
                    created_by=row.created_by,
                )
                for row in found.entries
            ],
            consent_changes=[
                ConsentChange(purpose=row.purpose, granted=row.granted, source=row.source, at=row.at, by=row.by)
                for row in found.consent_changes
            ],
            returns=[
                CustomerReturn(
                    id=row.id, number=row.number, state=row.state, order_number=number, requested_at=row.requested_at
                )
                for row, number in (found.returns if sends else ())
            ],
            credits=[
                CustomerCredit(
                    id=row.id,
                    kind=row.kind,
                    state=row.state,
                    amount=money(row.amount, row.currency),
                    reason=row.reason,
                    order_number=number,
                    requested_at=row.requested_at,
                )
                for row, number in (found.credits if pays else ())
            ],
            merged=[Customer.of(row) for row in found.merged],
            merged_into_id=found.customer.merged_into_id,
            erased_at=found.customer.erased_at,
            exports=[CustomerExport(id=row.id, created_at=row.created_at) for row in found.exports],
        )


@strawberry.type(description="A field that both have and that differs.")
class MergeDifference:
    field: str
    kept: str
    other: str


@strawberry.type
class MovedRows:
    table: str
    count: int


@strawberry.type(description="What a merge would do.")
class CustomerMergePreview:
    keep: Customer
    other: Customer
    differences: list[MergeDifference]
    gained: list[MergeDifference] = strawberry.field(description="What only the one that goes has; `kept` is empty.")
    moved: list[MovedRows]


@strawberry.type
class ErasurePart:
    table: str
    erased: int
    kept: int
    reason: Kept | None


@strawberry.type
class OpenThing:
    kind: Blocker
    order_number: str


@strawberry.type(description="What an erasure would do, and what is still open and stands in its way.")
class CustomerErasurePreview:
    parts: list[ErasurePart]
    blockers: list[OpenThing]


@strawberry.type
class CustomerCareQuery:
    @strawberry.field(
        extensions=[requires(Permission.CARE_READ)],
        description="A customer as care sees them; needs customers:read as well.",
    )
    async def customer_profile(self, info: Info, id: UUID) -> CustomerProfile | None:
        info.context.principal.require(Permission.CUSTOMERS_READ)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            customer = await queries.find_customer(db, id=id)
            found = None if customer is None else await profile_of(db, customer)
        return None if found is None else CustomerProfile.of(found, info)

    @strawberry.field(
        extensions=[requires(Permission.CARE_WRITE)], description="What merging would do; writes nothing."
    )
    async def preview_customer_merge(self, info: Info, keep_id: UUID, merge_id: UUID) -> CustomerMergePreview:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            found = await merging.preview_merge(db, keep_id, merge_id)
            rows = await queries.customers_by_id(db, [keep_id, merge_id])
        return CustomerMergePreview(
            keep=Customer.of(rows[keep_id]),
            other=Customer.of(rows[merge_id]),
            differences=[
                MergeDifference(field=camel(each.field), kept=each.kept, other=each.other) for each in found.differences
            ],
            gained=[MergeDifference(field=camel(name), kept="", other=value) for name, value in found.gained.items()],
            moved=[MovedRows(table=name, count=count) for name, count in found.moved.items()],
        )

    @strawberry.field(
        extensions=[requires(Permission.CUSTOMERS_ERASE)], description="What erasing would do; writes nothing."
    )
    async def preview_customer_erasure(self, info: Info, id: UUID) -> CustomerErasurePreview:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            found = await erasing.preview_erasure(db, id)
        return CustomerErasurePreview(
            parts=[
                ErasurePart(table=part.table, erased=part.erased, kept=part.kept, reason=part.reason)
                for part in found.parts
            ],
            blockers=[OpenThing(kind=kind, order_number=number) for kind, number in found.blockers],
        )


@strawberry.type
class CustomerChanged:
    customer: Customer


@strawberry.type(description="The file is made in the background and appears among the profile's exports.")
class CustomerExportRequested:
    customer_id: UUID


CustomerResult = Annotated[CustomerChanged | Refusal, strawberry.union("CustomerResult")]
CustomerExportResult = Annotated[CustomerExportRequested | Refusal, strawberry.union("CustomerExportResult")]


async def _again(db: Session, ids: list[UUID]) -> CustomerChanged:
    return CustomerChanged(customer=Customer.of(await queries.get_customer(db, ids[0])))


async def _change(
    info: Info,
    step: Callable[[Session], Awaitable[CustomerRow]],
    body: list[object],
    *others: UUID,
    details: dict[str, object] | None = None,
) -> CustomerChanged:
    async def work(db: Session) -> CustomerChanged:
        row = await step(db)
        await db.flush()
        return CustomerChanged(customer=Customer.of(row))

    return await change(
        info,
        work,
        body=body,
        again=_again,
        targets=lambda done: [("customer", done.customer.id), *(("customer", other) for other in others)],
        details=details,
    )


@strawberry.type
class CustomerCareMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)],
        description="Make one customer of two; `take` names fields whose value is taken from the one that goes. "
        "Orders, addresses, references and documents move; the one that goes stays readable and is found no more.",
    )
    async def merge_customers(
        self, info: Info, keep_id: UUID, merge_id: UUID, take: list[str] | None = None
    ) -> CustomerResult:
        names = {camel(name): name for name in merging.FIELDS}
        taken = [names.get(name, name) for name in take or []]
        return await _change(
            info,
            lambda db: merging.merge_customers(db, keep_id, merge_id, take=taken, now=db.now),
            [keep_id, merge_id, taken],
            merge_id,
            details={"take": taken},
        )

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)],
        description="Note that a customer gave or took back a consent; `how` is how they said so.",
    )
    async def set_customer_consent(self, info: Info, id: UUID, purpose: str, granted: bool, how: str) -> CustomerResult:
        return await _change(
            info,
            lambda db: consents.set_consent(db, id, purpose, granted=granted, source=how, stream_id=CUSTOMERS_STREAM),
            [id, purpose, granted, how],
            details={"purpose": purpose[:60], "granted": granted},
        )

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)],
        description="Note somebody nobody knows yet as a customer under a fresh number, such as who calls without an "
        "order.",
    )
    async def note_customer(
        self, info: Info, name: str, email: str | None = None, phone: str | None = None, language: str | None = None
    ) -> CustomerResult:
        given = {"name": name, "email": email or None, "phone": phone or None, "language": language}
        known = {key: value for key, value in given.items() if value is not None}

        async def work(db: Session) -> CustomerRow:
            return await db.get_one(CustomerRow, await note_customer(db, known))

        return await _change(info, work, [known])

    @strawberry.mutation(
        extensions=[requires(Permission.RISK_REVIEW)],
        description="Block (`blocked`: true), trust (false) or take off the lists (null) a customer and their mail.",
    )
    async def list_customer(
        self, info: Info, id: UUID, reason: str, blocked: bool | None = None, until: datetime | None = None
    ) -> CustomerResult:
        return await _change(
            info,
            lambda db: listing.list_customer(db, id, blocked=blocked, reason=reason, until=until),
            [id, blocked, reason, until],
            details={"blocked": blocked, "reason": reason[:300]},
        )

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)],
        description="Ask for one file with everything kept of a customer, for the customer.",
    )
    async def export_customer(self, info: Info, id: UUID) -> CustomerExportResult:
        async def work(db: Session) -> CustomerExportRequested:
            db.principal.require(Permission.CUSTOMERS_READ)
            await exporting.export_customer(db, id)
            return CustomerExportRequested(customer_id=id)

        async def again(_db: Session, ids: list[UUID]) -> CustomerExportRequested:
            return CustomerExportRequested(customer_id=ids[0])

        return await change(info, work, body=[id], again=again, targets=lambda done: [("customer", done.customer_id)])

    @strawberry.mutation(
        extensions=[requires(Permission.CUSTOMERS_ERASE)],
        description="Erase a person for good. Refused while anything of theirs is open. What the law asks for stays.",
    )
    async def erase_customer(self, info: Info, id: UUID, reason: str) -> CustomerResult:
        return await _change(
            info,
            lambda db: erasing.erase_customer(db, id, reason=reason, now=db.now),
            [id, reason],
            details={"reason": reason[:300]},
        )
