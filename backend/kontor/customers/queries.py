"""Finding customers. A customer sees itself, a shop those that its channels know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, paginate
from kontor.core.principal import Principal
from kontor.customers.errors import CustomerGone, CustomerNotFound
from kontor.customers.matching import email_key
from kontor.customers.models import Customer, CustomerAddress, CustomerKind, CustomerReference

SORTS: dict[str, Any] = {
    "NUMBER": Customer.number,
    "NAME": Customer.name_key,
    "CREATED_AT": Customer.created_at,
    "UPDATED_AT": Customer.updated_at,
}


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """Which customers are wanted; what is None does not narrow. `search` looks into number, name, company, email."""

    numbers: Sequence[str] | None = None
    emails: Sequence[str] | None = None
    kinds: Sequence[CustomerKind] | None = None
    channel_id: UUID | None = None
    changed_since: datetime | None = None
    search: str | None = None


def visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """A customer sees itself, a shop those with a reference in its channels; partners and stores see none."""
    if principal.customer_id is not None:
        return Customer.id == principal.customer_id
    if principal.partner_id is not None or principal.location_ids is not None:
        return sa.false()
    if principal.channel_ids is not None:
        return _known_to(CustomerReference.channel_id.in_(principal.channel_ids))
    return sa.true()


def _known_to(channel: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(CustomerReference.customer_id == Customer.id, channel)


async def list_customers(
    db: Session, wanted: CustomerFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[Customer]:
    """Customers the principal of the session may see."""
    found = sa.select(Customer).where(visible_to(db.principal))
    if wanted.numbers is not None:
        found = found.where(Customer.number.in_(wanted.numbers))
    if wanted.emails is not None:
        found = found.where(Customer.email_key.in_([email_key(email) for email in wanted.emails]))
    if wanted.kinds is not None:
        found = found.where(Customer.kind.in_(wanted.kinds))
    if wanted.channel_id is not None:
        found = found.where(_known_to(CustomerReference.channel_id == wanted.channel_id))
    if wanted.changed_since is not None:
        found = found.where(Customer.updated_at >= wanted.changed_since)
    if wanted.search:
        found = found.where(Customer.search_key.contains(wanted.search.strip().casefold(), autoescape=True))
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Customer.id, page)


async def find_customer(
    db: Session,
    *,
    id: UUID | None = None,
    number: str | None = None,
    channel_id: UUID | None = None,
    external_id: str | None = None,
) -> Customer | None:
    """One visible customer by id, by number, or by a channel and the id by which that knows them."""
    found = sa.select(Customer).where(visible_to(db.principal))
    if id is not None:
        found = found.where(Customer.id == id)
    elif number is not None:
        found = found.where(Customer.number == number)
    else:
        reference = sa.and_(CustomerReference.channel_id == channel_id, CustomerReference.external_id == external_id)
        found = found.where(_known_to(reference))
    return await db.scalar(found)


async def get_customer(db: Session, customer_id: UUID) -> Customer:
    """One visible customer by id; raises `CustomerNotFound`."""
    customer = await find_customer(db, id=customer_id)
    if customer is None:
        raise CustomerNotFound("There is no such customer.", path=("id",))
    return customer


async def lock_customers(db: Session, ids: Sequence[UUID], *, lock: bool = True) -> list[Customer]:
    """Visible customers in key order, locked unless told otherwise; raises `CustomerNotFound` when one is missing."""
    found = sa.select(Customer).where(Customer.id.in_(ids), visible_to(db.principal)).order_by(Customer.id)
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    rows = list(await db.scalars(found))
    if len(rows) < len(set(ids)):
        raise CustomerNotFound("There is no such customer.", path=("id",))
    return rows


async def hold_living(db: Session, customer_id: UUID, *, path: str) -> None:
    """Keep a customer from being merged or erased until the transaction ends, whoever the principal is.

    Raises `CustomerGone`, naming `path`, for one who was: nothing may be written about them any more.
    """
    found = sa.select(Customer.erased_at, Customer.merged_into_id).where(Customer.id == customer_id)
    row = (await db.execute(found.with_for_update(read=True, key_share=True))).one_or_none()
    if row is not None:
        refuse_gone(row.erased_at, row.merged_into_id, path=path)


def refuse_gone(erased_at: datetime | None, merged_into_id: UUID | None, *, path: str) -> None:
    """Raise `CustomerGone`, naming `path`, for a customer who was erased or merged. Pure."""
    if erased_at is not None:
        raise CustomerGone("The customer was erased.", code="CUSTOMER_ERASED", path=(path,))
    if merged_into_id is not None:
        raise CustomerGone("The customer was merged into another.", code="CUSTOMER_MERGED", path=(path,))


async def now_called(db: Session, customer_id: UUID) -> UUID | None:
    """Who a customer is by now: themselves, or who they were merged into; None where they were erased or never were."""
    seen: set[UUID] = set()
    while customer_id not in seen:
        seen.add(customer_id)
        found = sa.select(Customer.erased_at, Customer.merged_into_id).where(Customer.id == customer_id)
        row = (await db.execute(found)).one_or_none()
        if row is None or row.erased_at is not None:
            return None
        if row.merged_into_id is None:
            return customer_id
        customer_id = row.merged_into_id
    return None


def living() -> sa.ColumnElement[bool]:
    """Customers who were neither erased nor merged into another."""
    return sa.and_(Customer.erased_at.is_(None), Customer.merged_into_id.is_(None))


async def hold_all_living(db: Session, ids: Sequence[UUID]) -> set[UUID]:
    """Keep those of these customers who are there from being merged or erased until the transaction ends; who they
    are. Waits for whoever is merging or erasing one of them."""
    wanted = sa.select(Customer.id).where(Customer.id.in_(ids), living()).order_by(Customer.id)
    return set(await db.scalars(wanted.with_for_update(read=True, key_share=True)))


async def channels_of(db: Session, ids: Sequence[UUID]) -> tuple[UUID, ...]:
    """The channels that know one of these customers by an id of their own."""
    row = CustomerReference
    found = sa.select(row.channel_id).where(row.customer_id.in_(ids)).distinct().order_by(row.channel_id)
    return tuple(await db.scalars(found))


async def customers_by_id(db: Session, ids: Sequence[UUID]) -> dict[UUID, Customer]:
    """Visible customers by id, in one statement."""
    found = await db.scalars(sa.select(Customer).where(Customer.id.in_(ids), visible_to(db.principal)))
    return {customer.id: customer for customer in found}


async def addresses_of_customers(db: Session, ids: Sequence[UUID]) -> dict[UUID, list[CustomerAddress]]:
    """The addresses of many customers in the order they were added, in one statement."""
    found = await db.scalars(
        sa.select(CustomerAddress)
        .where(CustomerAddress.customer_id.in_(ids))
        .order_by(CustomerAddress.created_at, CustomerAddress.id)
    )
    addresses: dict[UUID, list[CustomerAddress]] = {customer_id: [] for customer_id in ids}
    for address in found:
        addresses[address.customer_id].append(address)
    return addresses


async def references_of_customers(
    db: Session, ids: Sequence[UUID], *, principal: Principal
) -> dict[UUID, list[CustomerReference]]:
    """The ids by which channels know many customers, in one statement; a shop sees those of its channels."""
    found = sa.select(CustomerReference).where(CustomerReference.customer_id.in_(ids))
    if principal.channel_ids is not None:
        found = found.where(CustomerReference.channel_id.in_(principal.channel_ids))
    references: dict[UUID, list[CustomerReference]] = {customer_id: [] for customer_id in ids}
    for reference in await db.scalars(found.order_by(CustomerReference.external_id)):
        references[reference.customer_id].append(reference)
    return references
