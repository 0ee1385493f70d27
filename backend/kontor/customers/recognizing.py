"""The customers that come with orders: found by exact keys or made, many at once and without waiting for each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from kontor.core.db import Session, chunks
from kontor.core.errors import Unavailable
from kontor.core.ids import new_id
from kontor.core.sets import any_of, any_pair_of
from kontor.customers.matching import Keys, email_key, match, name_key, postal_key
from kontor.customers.models import Customer, CustomerAddress, CustomerKind, CustomerReference
from kontor.customers.queries import hold_all_living, living
from kontor.customers.service import fresh_number, keys_of
from kontor.imports.saving import insert_rows


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who orders, as the channel tells it; what it does not tell is None. Already checked."""

    channel_id: UUID
    name: str
    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    vat_id: str | None = None
    language: str = "en"
    postal_code: str | None = None
    address: Mapping[str, Any] | None = None

    @property
    def keys(self) -> Keys:
        """What is compared."""
        return Keys(self.external_id, email_key(self.email), name_key(self.name) or None, postal_key(self.postal_code))


Reference = tuple[UUID, str]
MOST_LOOKS = 3


@dataclass(slots=True)
class Known:
    """Customers by each of the keys; those that are made join in."""

    by_reference: dict[Reference, UUID]
    by_email: dict[str, list[UUID]]
    by_name: dict[tuple[str, str], list[UUID]]

    def find(self, who: Wanted) -> UUID | None:
        """The customer that the keys lead to."""
        known = self.by_reference.get((who.channel_id, who.external_id)) if who.external_id is not None else None
        return match(
            who.keys,
            by_reference={who.external_id: known} if who.external_id is not None and known is not None else {},
            by_email=self.by_email,
            by_name=self.by_name,
        )

    def add(self, who: Wanted, customer_id: UUID) -> None:
        """Let the next one find a customer that was just made."""
        keys = who.keys
        if keys.email is not None:
            self.by_email.setdefault(keys.email, []).append(customer_id)
        elif keys.name and keys.postal_code:
            self.by_name.setdefault((keys.name, keys.postal_code), []).append(customer_id)


async def recognize(db: Session, wanted: Sequence[Wanted]) -> list[UUID]:
    """The id of each one's customer, in their order; unknown ones are made, with their address.

    The number of statements does not grow with the orders. The same new customer twice in a call is one. Two calls at
    once that bring the same new channel reference agree on one customer. Whom an order is given to can be neither
    merged nor erased before it is written.
    """
    known = await _held(db, wanted)
    ids: list[UUID] = []
    new: dict[UUID, Wanted] = {}
    references: dict[Reference, UUID] = {}
    for who in wanted:
        found = known.find(who)
        if found is None:
            found = new_id()
            new[found] = who
            known.add(who, found)
        if who.external_id is not None and (who.channel_id, who.external_id) not in known.by_reference:
            known.by_reference[who.channel_id, who.external_id] = found
            references[who.channel_id, who.external_id] = found
        ids.append(found)
    await _insert(db, new)
    settled = await _settle(db, references)
    await _withdraw(db, [loser for loser in settled if loser in new], settled)
    return [settled.get(customer_id, customer_id) for customer_id in ids]


async def tags_of(db: Session, wanted: Sequence[Wanted]) -> list[frozenset[str]]:
    """The tags of each one's customer, in their order; those nobody knows yet have none. Nothing is made."""
    known = await _known(db, wanted)
    ids = [known.find(who) for who in wanted]
    tags: dict[UUID, frozenset[str]] = {}
    for part in chunks(sorted({found for found in ids if found is not None})):
        rows = await db.execute(sa.select(Customer.id, Customer.tags).where(Customer.id.in_(part)))
        tags.update({customer_id: frozenset(names) for customer_id, names in rows})
    return [frozenset() if found is None else tags.get(found, frozenset()) for found in ids]


async def _held(db: Session, wanted: Sequence[Wanted]) -> Known:
    """Whom the keys lead to, held: looked for again while somebody merges or erases one of them."""
    for _ in range(MOST_LOOKS):
        known = await _known(db, wanted)
        ids = {found for who in wanted if (found := known.find(who)) is not None}
        if db.sqlite or not ids or await hold_all_living(db, sorted(ids)) == ids:
            return known
    raise Unavailable("A customer of this order is being merged; please send it again.", code="TRY_AGAIN")


async def _known(db: Session, wanted: Sequence[Wanted]) -> Known:
    references = {(who.channel_id, who.external_id) for who in wanted if who.external_id is not None}
    by_reference = await _by_reference(db, references)
    open_keys = [
        who.keys for who in wanted if who.external_id is None or (who.channel_id, who.external_id) not in by_reference
    ]
    emails = {keys.email for keys in open_keys if keys.email is not None}
    names = {
        (keys.name, keys.postal_code) for keys in open_keys if keys.email is None and keys.name and keys.postal_code
    }
    return Known(by_reference, await _by_email(db, emails), await _by_name(db, names))


async def _by_reference(db: Session, references: set[Reference]) -> dict[Reference, UUID]:
    found: dict[Reference, UUID] = {}
    if references:
        columns = (CustomerReference.channel_id, CustomerReference.external_id)
        rows = await db.execute(
            sa.select(*columns, CustomerReference.customer_id).where(any_pair_of(db, columns, sorted(references)))
        )
        found.update({(row[0], row[1]): row[2] for row in rows})
    return found


async def _by_email(db: Session, emails: set[str]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    if emails:
        rows = await db.execute(
            sa.select(Customer.email_key, Customer.id).where(any_of(Customer.email_key, sorted(emails)), living())
        )
        for key, customer_id in rows:
            found.setdefault(str(key), []).append(customer_id)
    return found


async def _by_name(db: Session, names: set[tuple[str, str]]) -> dict[tuple[str, str], list[UUID]]:
    found: dict[tuple[str, str], list[UUID]] = {}
    for part in chunks(sorted({name for name, _ in names})):
        rows = await db.execute(
            sa.select(Customer.name_key, CustomerAddress.postal_code, Customer.id)
            .join(CustomerAddress, CustomerAddress.customer_id == Customer.id)
            .where(Customer.name_key.in_(part), living())
        )
        for name, postal_code, customer_id in rows:
            key = (name, postal_key(postal_code))
            if key in names:
                found.setdefault(key, []).append(customer_id)
    return found


async def _insert(db: Session, new: Mapping[UUID, Wanted]) -> None:
    await insert_rows(db, Customer, [_customer(customer_id, who) for customer_id, who in new.items()])
    addresses = [
        {"id": new_id(), "customer_id": customer_id, "kind": "SHIPPING", **_address(who)}
        for customer_id, who in new.items()
        if who.address is not None
    ]
    await insert_rows(db, CustomerAddress, addresses)


def _customer(customer_id: UUID, who: Wanted) -> dict[str, Any]:
    values: dict[str, Any] = {
        "number": fresh_number(),
        "kind": CustomerKind.COMPANY if who.company else CustomerKind.PERSON,
        "name": who.name,
        "company": who.company,
        "email": who.email,
        "phone": who.phone,
        "language": who.language,
        "vat_id": who.vat_id,
        "tags": [],
        "consents": {},
    }
    return {"id": customer_id, **values, **keys_of(values)}


def _address(who: Wanted) -> dict[str, Any]:
    given = who.address or {}
    required = {name: given.get(name) or "" for name in ("street", "postal_code", "city", "country")}
    optional = {name: given.get(name) for name in ("company", "extra", "region")}
    return {"name": given.get("name") or who.name, **required, **optional}


async def _settle(db: Session, references: Mapping[Reference, UUID]) -> dict[UUID, UUID]:
    """Write references; where somebody else was quicker with one, our customer gives way: ours to theirs."""
    settled: dict[UUID, UUID] = {}
    insert: Any = sqlite_insert if db.sqlite else postgresql_insert
    rows: list[dict[str, Any]] = [
        {"channel_id": channel_id, "external_id": external_id, "customer_id": references[channel_id, external_id]}
        for channel_id, external_id in sorted(references)
    ]
    for part in chunks(rows):
        statement = insert(CustomerReference).on_conflict_do_nothing().returning(CustomerReference.external_id)
        written = await db.scalars(statement, part)
        if len(written.all()) == len(part):
            continue
        present = await _by_reference(db, {(row["channel_id"], row["external_id"]) for row in part})
        settled.update({references[key]: owner for key, owner in present.items() if references[key] != owner})
    return settled


async def _withdraw(db: Session, losers: Iterable[UUID], settled: Mapping[UUID, UUID]) -> None:
    """Take back customers that turned out to be known under a reference written at the same time."""
    for loser in losers:
        await db.execute(
            sa.update(CustomerReference)
            .where(CustomerReference.customer_id == loser)
            .values(customer_id=settled[loser])
        )
        await db.execute(sa.delete(CustomerAddress).where(CustomerAddress.customer_id == loser))
        await db.execute(sa.delete(Customer).where(Customer.id == loser))
