"""The one search box of customer care."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.order_types import money
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Money
from kontor.auth.permissions import Permission
from kontor.care import masking, searching
from kontor.care.asking import Closeness, SearchKind
from kontor.care.searching import Hit
from kontor.core.db import Session
from kontor.customers.models import Customer as CustomerRow
from kontor.orders.models import Order as OrderRow
from kontor.orders.states import FulfillmentStatus, OrderState

strawberry.enum(SearchKind)
strawberry.enum(Closeness)
MOST, ORDERS_EACH = 50, 3
_OF_ORDER = (
    OrderRow.id, OrderRow.number, OrderRow.state, OrderRow.fulfillment_status, OrderRow.placed_at, OrderRow.total,
    OrderRow.currency, OrderRow.customer_id,
)  # fmt: skip
_OF_CUSTOMER = (CustomerRow.id, CustomerRow.number, CustomerRow.name, CustomerRow.email)


@strawberry.type(description="An order, as short as a list of hits shows it.")
class SearchOrder:
    id: UUID
    number: str
    state: OrderState
    fulfillment_status: FulfillmentStatus
    placed_at: datetime
    total: Money

    @classmethod
    def of(cls, row: Any) -> SearchOrder:
        """As the API shows it."""
        return cls(
            id=row.id,
            number=row.number,
            state=row.state,
            fulfillment_status=row.fulfillment_status,
            placed_at=row.placed_at,
            total=money(row.total, row.currency),
        )


@strawberry.type(description="The person behind a hit; masked for who may not see customers.")
class SearchPerson:
    id: UUID | None
    number: str | None
    name: str
    email: str | None
    city: str | None
    masked: bool


@strawberry.type(description="An order or a customer that a term led to.")
class SearchHit:
    kind: SearchKind = strawberry.field(description="What the term is of it.")
    closeness: Closeness
    value: str = strawberry.field(description="What was found, as it is kept.")
    order: SearchOrder | None = strawberry.field(description="The order, when its number or one of its papers was hit.")
    person: SearchPerson | None
    orders: list[SearchOrder] = strawberry.field(description="A customer's latest orders, at most three.")


@strawberry.type
class SearchResult:
    hits: list[SearchHit]
    too_many: bool = strawberry.field(description="There are more: a postal code or another word narrows.")


@strawberry.type
class SearchQuery:
    @strawberry.field(
        extensions=[requires(Permission.CARE_READ)],
        description="Find orders and customers by whatever a caller knows: a number of an order (ours or the shop's), "
        "invoice, credit note, return, parcel, payment or customer, a name, mail, phone or postal code, or several "
        "words. First what is there as typed, then parts, then what is one slip away.",
    )
    async def search(
        self, info: Info, term: str, kinds: list[SearchKind] | None = None, first: int = 20
    ) -> SearchResult:
        async with info.context.runtime.database.read_only(info.context.principal, bare=True) as db:
            found = await searching.search(db, term, kinds, first=max(1, min(first, MOST)))
            hits = await _shown(db, found.hits)
        return SearchResult(hits=hits, too_many=found.too_many)


async def _shown(db: Session, hits: Sequence[Hit]) -> list[SearchHit]:
    """Hits with their orders and people, in three statements at most, however many they are."""
    orders = await _orders(db, [hit.order_id for hit in hits if hit.order_id is not None])
    named = {hit.customer_id for hit in hits if hit.customer_id is not None}
    owners = named | {order.customer_id for order in orders.values() if order.customer_id is not None}
    customers = await _customers(db, owners)
    latest = await _latest(db, named) if db.principal.may(Permission.ORDERS_READ) else {}
    shown = []
    for hit in hits:
        order = None if hit.order_id is None else orders.get(hit.order_id)
        if order is None and hit.customer_id is None:
            continue
        owner = customers.get(hit.customer_id or order.customer_id if order else hit.customer_id)  # type: ignore[arg-type]
        shown.append(
            SearchHit(
                kind=hit.kind,
                closeness=hit.closeness,
                value=hit.value,
                order=None if order is None else SearchOrder.of(order),
                person=_person(db, owner, order),
                orders=[SearchOrder.of(row) for row in latest.get(hit.customer_id, [])] if hit.customer_id else [],
            )
        )
    return shown


def _person(db: Session, customer: Any, order: Any) -> SearchPerson | None:
    """The customer, or who an order without one was billed to."""
    address = {} if order is None else (order.shipping_address or order.billing_address or {})
    name = customer.name if customer else str(address.get("name") or "")
    if not name:
        return None
    email = customer.email if customer else order.email
    city = " ".join(filter(None, (address.get("postal_code"), address.get("city")))) or None
    seen = db.principal.may(Permission.CUSTOMERS_READ)
    return SearchPerson(
        id=customer.id if customer and seen else None,
        number=customer.number if customer and seen else None,
        name=name if seen else masking.name(name),
        email=email if seen else masking.email(email),
        city=city if seen else address.get("city"),
        masked=not seen,
    )


async def _customers(db: Session, ids: Collection[UUID]) -> dict[UUID, Any]:
    if not ids:
        return {}
    return {row.id: row for row in await db.execute(sa.select(*_OF_CUSTOMER).where(CustomerRow.id.in_(ids)))}


async def _orders(db: Session, ids: Collection[UUID]) -> dict[UUID, Any]:
    if not ids:
        return {}
    columns = (*_OF_ORDER, OrderRow.email, OrderRow.shipping_address, OrderRow.billing_address)
    return {row.id: row for row in await db.execute(sa.select(*columns).where(OrderRow.id.in_(ids)))}


async def _latest(db: Session, customers: Collection[UUID]) -> dict[UUID, list[Any]]:
    """The latest orders of each customer."""
    if not customers:
        return {}
    place = sa.func.row_number().over(partition_by=OrderRow.customer_id, order_by=OrderRow.placed_at.desc())
    ranked = sa.select(*_OF_ORDER, place.label("place")).where(OrderRow.customer_id.in_(customers)).subquery()
    found: dict[UUID, list[Any]] = {}
    rows = await db.execute(sa.select(ranked).where(ranked.c.place <= ORDERS_EACH).order_by(ranked.c.place))
    for row in rows:
        found.setdefault(row.customer_id, []).append(row)
    return found
