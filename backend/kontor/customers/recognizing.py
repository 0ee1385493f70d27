"""Find the customers a batch of orders belongs to, or create them: by the channel's id, then by email address.

Both are exact keys. Names and addresses alone never merge two people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks
from kontor.core.ids import new_id
from kontor.customers.models import Customer, CustomerKind, CustomerReference


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who a channel says has ordered."""

    channel_id: UUID
    name: str
    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    vat_id: str | None = None
    language: str = "en"

    @property
    def email_key(self) -> str | None:
        """The address as it is matched."""
        return self.email.strip().lower() if self.email else None

    @property
    def search_key(self) -> str:
        """What a search for customers looks into."""
        return " ".join(filter(None, (self.name, self.company, self.email))).casefold()[:600]

    @property
    def reference(self) -> tuple[UUID, str] | None:
        """The channel's key of the customer."""
        return (self.channel_id, self.external_id) if self.external_id else None


async def recognize(db: Session, wanted: Sequence[Wanted]) -> list[UUID]:
    """The customer of each entry, in order; new ones are created, a new channel id is remembered."""
    by_reference = await _by_reference(db, wanted)
    by_email = await _by_email(db, [each for each in wanted if each.reference not in by_reference])
    found: list[UUID] = []
    created: list[tuple[UUID, Wanted]] = []
    references: list[tuple[UUID, str, UUID]] = []
    for each in wanted:
        customer_id = by_reference.get(each.reference) if each.reference else None
        customer_id = customer_id or (by_email.get(each.email_key) if each.email_key else None)
        if customer_id is None:
            customer_id = new_id()
            created.append((customer_id, each))
        if each.reference and each.reference not in by_reference:
            by_reference[each.reference] = customer_id
            references.append((*each.reference, customer_id))
        if each.email_key:
            by_email.setdefault(each.email_key, customer_id)
        found.append(customer_id)
    await _write(db, created, references)
    return found


async def _by_reference(db: Session, wanted: Sequence[Wanted]) -> dict[tuple[UUID, str] | None, UUID]:
    keys = sorted({each.reference for each in wanted if each.reference})
    found: dict[tuple[UUID, str] | None, UUID] = {}
    for part in chunks(keys, 400):
        rows = await db.execute(
            sa.select(CustomerReference.channel_id, CustomerReference.external_id, CustomerReference.customer_id).where(
                sa.tuple_(CustomerReference.channel_id, CustomerReference.external_id).in_(part)
            )
        )
        found.update({(row.channel_id, row.external_id): row.customer_id for row in rows})
    return found


async def _by_email(db: Session, wanted: Sequence[Wanted]) -> dict[str | None, UUID]:
    keys = sorted({each.email_key for each in wanted if each.email_key})
    found: dict[str | None, UUID] = {}
    for part in chunks(keys):
        rows = await db.execute(
            sa.select(Customer.email_key, Customer.id).where(Customer.email_key.in_(part)).order_by(Customer.id.desc())
        )
        found.update({row.email_key: row.id for row in rows})
    return found


_CUSTOMER = (
    "id", "number", "kind", "name", "name_key", "company", "email", "email_key", "phone", "language", "vat_id", "tags",
    "consents", "created_at", "updated_at", "search_key",
)  # fmt: skip


async def _write(
    db: Session, created: Sequence[tuple[UUID, Wanted]], references: Sequence[tuple[UUID, str, UUID]]
) -> None:
    rows: list[tuple[Any, ...]] = [
        (
            customer_id, f"C{customer_id.hex[:12]}{customer_id.hex[-6:]}".upper(),
            CustomerKind.COMPANY if each.company else CustomerKind.PERSON, each.name, each.name.casefold()[:200],
            each.company, each.email, each.email_key, each.phone, each.language, each.vat_id, [], {}, db.now, db.now,
            each.search_key,
        )
        for customer_id, each in created
    ]  # fmt: skip
    await db.bulk_insert(Customer, _CUSTOMER, rows)
    await db.bulk_insert(CustomerReference, ("channel_id", "external_id", "customer_id"), references)
