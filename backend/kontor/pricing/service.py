"""Setting prices: a change ends one row and opens the next. Nothing is overwritten, so every past price can be told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Required, TypedDict
from uuid import UUID, uuid5

import sqlalchemy as sa

from kontor.core import outbox
from kontor.core.db import Session, chunks
from kontor.core.errors import KontorError
from kontor.imports import cells, fields
from kontor.imports.dating import Timelines, place_and_write
from kontor.imports.errors import InvalidField, UnknownReference
from kontor.imports.fields import Field
from kontor.imports.saving import Draft, RowResult, good, ids_of, lock_noun, results_of
from kontor.imports.spans import Span
from kontor.pricing.events import PricesSet
from kontor.pricing.models import Price

Key = tuple[UUID, UUID, int]

FIELDS: dict[str, Field] = {
    "channel": Field(fields.code(40)),
    "sku": Field(fields.code()),
    "amount": Field(fields.integer(0, fields.MAX_AMOUNT), read=cells.whole),
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
    """

    channel: Required[str]
    sku: Required[str]
    amount: Required[int]
    min_quantity: int
    valid_from: datetime | None
    valid_to: datetime | None


async def set_prices(db: Session, rows: Sequence[PriceData], *, all_or_nothing: bool = False) -> list[RowResult]:
    """Set prices, one result per row; rows of one channel, variant and quantity step are put in in their order.

    A price without an end lasts until the next planned one; one with an end gives way to what was valid before. A row
    that would change what was valid before now is refused with PAST_CHANGED; a time of which nothing is known may be
    filled in. Records PricesSet.
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
            "variant_id": key[1],
            "min_quantity": key[2],
            "amount": span.value,
            "valid_from": span.start,
            "valid_to": span.end,
            "created_by": by,
        },
        all_or_nothing=all_or_nothing,
    )
    if changes.added:
        touched = {key[:2] for key, _ in changes.added}
        channels = sorted({channel for channel, _ in touched})
        outbox.record(db, PricesSet(stream_id=PRICES_STREAM, channel_ids=tuple(channels), variants=len(touched)))
    return results_of(drafts)


def _draft(db: Session, index: int, row: Mapping[str, Any]) -> Draft:
    draft = Draft(index, f"{row.get('channel')}/{row.get('sku')}"[:200])
    try:
        values = draft.values = fields.completed(fields.checked(row, FIELDS), FIELDS)
        values["valid_from"] = values["valid_from"] or db.now
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


def _key(draft: Draft) -> Key:
    return draft.values["channel_id"], draft.values["sku_id"], draft.values["min_quantity"]


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
    for part in chunks(sorted({key[1] for key in spans})):
        found = await db.execute(
            sa.select(
                Price.id, Price.channel_id, Price.variant_id, Price.min_quantity, Price.amount,
                Price.valid_from, Price.valid_to,
            ).where(
                Price.channel_id.in_(channels),
                Price.variant_id.in_(part),
                sa.or_(Price.valid_to.is_(None), Price.valid_to > earliest),
            )
        )  # fmt: skip
        for row in found:
            key = (row.channel_id, row.variant_id, row.min_quantity)
            if key in spans:
                spans[key].append(Span(row.valid_from, row.valid_to, row.amount, row.id))
    return spans
