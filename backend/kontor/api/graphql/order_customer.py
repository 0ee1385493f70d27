"""What care should know of an order's customer at a glance: their tags, and whether somebody blocked or trusts them."""

from __future__ import annotations

from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.customer_care import CustomerListing
from kontor.api.graphql.master_rows import shown
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.errors import InvalidInput
from kontor.customers.models import Customer
from kontor.risk import queries as risk
from kontor.risk import service as risk_service
from kontor.timeline import service


@strawberry.type(description="Who an order is from, as far as it matters for how they are helped.")
class OrderCustomer:
    id: UUID
    number: str
    tags: list[str]
    listings: list[CustomerListing] = strawberry.field(
        description="Blocks and trust that are in force and name this order's customer, mail, phone or address."
    )


@strawberry.type
class OrderCustomerQuery:
    @strawberry.field(
        extensions=[requires(Permission.CARE_READ)],
        description="The customer of an order, by its id or number; null for a guest or where there is no such order.",
    )
    async def order_customer(
        self, info: Info, order_id: UUID | None = None, number: str | None = None
    ) -> OrderCustomer | None:
        if (order_id is None) == (number is None):
            raise InvalidInput("Give the id or the number.", code="INVALID_LOOKUP", path=("orderId",))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            order = await service.find_order(db, order_id=order_id, number=number)
            if order is None or order.customer_id is None:
                return None
            customer = await db.get_one(Customer, order.customer_id)
            keys = risk_service.keys_of(order)
            entries = await risk.entries_for(db, {kind: {value} for kind, value in keys.items()})
        return OrderCustomer(
            id=customer.id, number=customer.number, tags=list(customer.tags),
            listings=[
                CustomerListing(**shown(CustomerListing, row))
                for row in entries
                if row.until is None or row.until > db.now
            ],
        )  # fmt: skip
