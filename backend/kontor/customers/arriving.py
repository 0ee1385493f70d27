"""The customers that come with orders: found by exact keys or made, many at once and without waiting for each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from kontor.core.db import Session, chunks
from kontor.core.ids import new_id
from kontor.customers.matching import Keys, email_key, match, name_key, postal_key
from kontor.customers.models import Customer, CustomerAddress, CustomerKind, CustomerReference
from kontor.customers.service import fresh_number, keys_of
from kontor.imports.saving import insert_rows


@dataclass(frozen=True, slots=True)
class Arriving:
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


Known = dict[Any, list[UUID]]


async def customers_of_orders(db: Session, arriving: Sequence[Arriving]) -> list[UUID]:
    """The id of each one's customer, in their order; unknown ones are made, with their address.

    At most five statements for all. The same new customer twice in a call is one. Two calls at once that bring the
    same new channel reference agree on one customer.
    """
    by_reference, by_email, by_name = await _known(db, arriving)
    ids: list[UUID] = []
    new: list[tuple[UUID, Arriving]] = []
    missing_references: dict[tuple[UUID, str], UUID] = {}
    for who in arriving:
        keys = who.keys
        found = match(
            keys,
            by_reference={ref: customer for (channel, ref), customer in by_reference.items() if channel == who.channel_id}
            if keys.external_id is None
            else _one_reference(by_reference, who.channel_id, keys.external_id),
            by_email=by_email,
            by_name=by_name,
        )
        if found is None:
            found = new_id()
            new.append((found, who))
            _remember(by_email, by_name, keys, found)
        if who.external_id is not None and (who.channel_id, who.external_id) not in by_reference:
            by_reference[who.channel_id, who.external_id] = found
            missing_references[who.channel_id, who.external_id] = found
        ids.append(found)
    await _insert(db, new)
    settled = await _settle(db, missing_references)
    await _withdraw(db, new, settled)
    return [settled.get(customer_id, customer_id) for customer_id in ids]
