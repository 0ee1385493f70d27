"""Setting prices: a change ends one row and opens the next. Nothing is overwritten, so every past price can be told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Required, TypedDict
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from kontor.core import outbox
from kontor.core.db import Session, chunks
from kontor.core.errors import KontorError
from kontor.imports import cells, fields
from kontor.imports.dating import Timelines, place_and_write
from kontor.imports.errors import InvalidField, UnknownReference
from kontor.imports.fields import Field
from kontor.imports.saving import Draft, RowResult, existing_rows, good, ids_of, lock_noun, results_of
from kontor.imports.spans import Span
from kontor.pricing.errors import PriceListEnded, PriceNotFound, PriceNotPlanned
from kontor.pricing.events import PlannedPricesWithdrawn, PricesSet
from kontor.pricing.models import STANDARD, Price, PriceList
from kontor.pricing.queries import visible_to

Key = tuple[UUID, UUID | None, UUID, int]
"""Channel, list, variant and the quantity from which a price counts."""

FIELDS: dict[str, Field] = {
    "channel": Field(fields.code(40)),
    "sku": Field(fields.code()),
    "amount": Field(fields.integer(0, fields.MAX_AMOUNT), read=cells.whole),
    "price_list": Field(fields.code(40), empty=True, aliases=("list",)),
    "min_quantity": Field(fields.integer(1), read=cells.whole, default=1, aliases=("quantity", "from_quantity")),
    "valid_from": Field(fields.moment, read=cells.moment, empty=True, aliases=("from",)),
    "valid_to": Field(fields.moment, read=cells.moment, empty=True, aliases=("to", "until")),
}
# Neighbors among the masters are named as tables, like their foreign keys; they are not imported.
_CHANNEL = sa.table("sales_channel", sa.column("id", sa.Uuid()), sa.column("code", sa.String()))
_VARIANT = sa.table("product_variant", sa.column("id", sa.Uuid()), sa.column("sku", sa.String()))
PRICES_STREAM = uuid5(UUID(int=0), "kontor.prices")


class PriceData(TypedDict, total=False):
    """A unit price in minor units of the channel's currency, gross or net as the channel shows it.

    Counts from `min_quantity` pieces on, from `valid_from` (now when not given) inclusive to `valid_to` exclusive.
    Without the code of a `price_list` it is one of the channel's own prices.
    """

    channel: Required[str]
    sku: Required[str]
    amount: Required[int]
    price_list: str | None
    min_quantity: int
    valid_from: datetime | None
    valid_to: datetime | None


async def set_prices(db: Session, rows: Sequence[PriceData], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Set prices, one result per row; rows of one channel, list, variant and quantity step are put in in their order.

    A price without an end lasts until the next planned one; one with an end gives way to what was valid before. A row
    that would change what was valid before now is refused with PAST_CHANGED; a time of which nothing is known may be
    filled in among a channel's own prices. In a list a start that has passed means now: before, another price was told
    to those it is for. Records PricesSet.
    """
    await lock_noun(db, "price")
    drafts = [_draft(db, index, row) for index, row in enumerate(rows)]
    await _resolve(db, drafts)
    fine = good(drafts)
    by = db.by
    changes = await place_and_write(
        db,
        Price,
        Timelines(await _present(db, fine)),
        drafts,
        place=lambda draft: (_key(draft), _span(draft)),
        row=lambda key, span: {
            "channel_id": key[0],
            "price_list_id": key[1],
            "variant_id": key[2],
            "min_quantity": key[3],
            "amount": span.value,
            "valid_from": span.start,
            "valid_to": span.end,
            "created_by": by,
        },
        all_or_nothing=all_or_nothing,
    )
    if changes.added:
        touched = {(key[0], key[2]) for key, _ in changes.added}
        channels = sorted({channel for channel, _ in touched})
        outbox.record(db, PricesSet(stream_id=PRICES_STREAM, channel_ids=tuple(channels), variants=len(touched)))
    return results_of(drafts)


def _draft(db: Session, index: int, row: Mapping[str, Any]) -> Draft:
    draft = Draft(index, f"{row.get('channel')}/{row.get('sku')}"[:200])
    try:
        values = draft.values = fields.completed(fields.checked(row, FIELDS), FIELDS)
        values["valid_from"] = values["valid_from"] or db.now
        if values["price_list"] == STANDARD:
            values["price_list"] = None
        if values["price_list"] is not None:
            values["valid_from"] = max(values["valid_from"], db.now)
        if values["valid_to"] is not None and values["valid_to"] <= values["valid_from"]:
            raise InvalidField("The end lies after the start.", path=("validTo",))
    except KontorError as problem:
        draft.refuse(problem)
    return draft


async def _resolve(db: Session, drafts: Sequence[Draft]) -> None:
    channels = await ids_of(db, _CHANNEL.c.code, _CHANNEL.c.id, {draft.values["channel"] for draft in good(drafts)})
    variants = await ids_of(db, _VARIANT.c.sku, _VARIANT.c.id, {draft.values["sku"] for draft in good(drafts)})
    for draft in good(drafts):
        values = draft.values
        for name, known in (("channel", channels), ("sku", variants)):
            if values[name] not in known:
                draft.refuse(UnknownReference(f"There is no {name} {values[name]}.", path=(name,)))
            else:
                values[f"{name}_id"] = known[values[name]]
    await _resolve_lists(db, good(drafts))


async def _resolve_lists(db: Session, drafts: Sequence[Draft]) -> None:
    known = await existing_rows(
        db, PriceList.__table__.c.code, {draft.values["price_list"] for draft in drafts} - {None}
    )
    for draft in drafts:
        code = draft.values["price_list"]
        found = known.get(code)
        draft.values["price_list_id"] = None if found is None else found["id"]
        if code is None:
            continue
        if found is None or found["channel_id"] != draft.values["channel_id"]:
            draft.refuse(
                UnknownReference(f"There is no price list {code} of {draft.values['channel']}.", path=("priceList",))
            )
        elif found["valid_to"] is not None and found["valid_to"] <= db.now:
            draft.refuse(PriceListEnded(f"The price list {code} has ended.", path=("priceList",), price_list=code))


def _key(draft: Draft) -> Key:
    values = draft.values
    return values["channel_id"], values["price_list_id"], values["sku_id"], values["min_quantity"]


def _span(draft: Draft) -> Span[int]:
    values = draft.values
    return Span(values["valid_from"], values["valid_to"], values["amount"])


async def _present(db: Session, drafts: Iterable[Draft]) -> dict[Key, list[Span[int]]]:
    """What is known of the things to be priced, from the earliest new start on."""
    spans: dict[Key, list[Span[int]]] = {_key(draft): [] for draft in drafts}
    if not spans:
        return spans
    earliest = min(draft.values["valid_from"] for draft in drafts)
    channels = sorted({key[0] for key in spans})
    lists = sorted({key[1] for key in spans if key[1] is not None})
    for part in chunks(sorted({key[2] for key in spans})):
        found = await db.execute(
            sa.select(
                Price.id, Price.channel_id, Price.price_list_id, Price.variant_id, Price.min_quantity, Price.amount,
                Price.valid_from, Price.valid_to,
            ).where(
                sa.or_(Price.price_list_id.is_(None), Price.price_list_id.in_(lists)),
                Price.channel_id.in_(channels),
                Price.variant_id.in_(part),
                sa.or_(Price.valid_to.is_(None), Price.valid_to > earliest),
            )
        )  # fmt: skip
        for row in found:
            key = (row.channel_id, row.price_list_id, row.variant_id, row.min_quantity)
            if key in spans:
                spans[key].append(Span(row.valid_from, row.valid_to, row.amount, row.id))
    return spans


async def withdraw_prices(db: Session, ids: Sequence[UUID]) -> list[UUID]:
    """Take planned prices back before they count; what counted until then in the same list goes on in their place.

    Raises `PriceNotFound` or `PriceNotPlanned` naming the price by its position; then none is taken back. Records
    PlannedPricesWithdrawn.
    """
    await lock_noun(db, "price")
    planned = await _planned(db, ids)
    before = aliased(Price)
    found = await db.execute(
        sa.select(Price.id, before)
        .join(before, sa.and_(*(_same(Price, before, name) for name in _THING), before.valid_to == Price.valid_from))
        .where(Price.id.in_(list(planned)))
    )
    earlier: dict[UUID, Price] = {row[0]: row[1] for row in found}
    ends: dict[UUID, datetime | None] = {}
    for price in sorted(planned.values(), key=lambda each: each.valid_from, reverse=True):
        if price.id in earlier:  # one that is withdrawn itself hands the end on to the one before it
            ends[earlier[price.id].id] = ends.get(price.id, price.valid_to)
    await db.execute(sa.delete(Price).where(Price.id.in_(list(planned))))
    await _prolong(db, {row_id: end for row_id, end in ends.items() if row_id not in planned})
    channels = sorted({price.channel_id for price in planned.values()})
    event = PlannedPricesWithdrawn(stream_id=PRICES_STREAM, channel_ids=tuple(channels), prices=len(planned))
    outbox.record(db, event)
    return sorted(planned)


async def _prolong(db: Session, ends: Mapping[UUID, datetime | None]) -> None:
    if not ends:
        return
    table: Any = Price.__table__
    statement = sa.update(table).where(table.c.id == sa.bindparam("row_id"))
    connection = await db.connection()
    await connection.execute(
        statement.values(valid_to=sa.bindparam("ends", type_=table.c.valid_to.type)),
        [{"row_id": row_id, "ends": ends[row_id]} for row_id in sorted(ends)],
    )


_THING = ("channel_id", "price_list_id", "variant_id", "min_quantity")


def _same(one: Any, other: Any, name: str) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = getattr(one, name).is_not_distinct_from(getattr(other, name))
    return found


async def _planned(db: Session, ids: Sequence[UUID]) -> dict[UUID, Price]:
    rows = await db.scalars(sa.select(Price).where(Price.id.in_(list(ids)), visible_to(db.principal)))
    known = {price.id: price for price in rows}
    for index, row_id in enumerate(ids):
        if row_id not in known:
            raise PriceNotFound("There is no such price.", path=("ids", index))
        if known[row_id].valid_from <= db.now:
            raise PriceNotPlanned("What counts already is not withdrawn.", path=("ids", index))
    return known
