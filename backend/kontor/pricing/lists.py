"""Saving and ending price lists. Whom a list is for stays as it is once it counts, so every past price can be told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Required, TypedDict
from uuid import UUID

import sqlalchemy as sa

from kontor.core import outbox
from kontor.core.db import Json, Session
from kontor.core.errors import KontorError, camel
from kontor.imports import cells, fields
from kontor.imports.errors import InvalidField, UnknownReference
from kontor.imports.fields import Field
from kontor.imports.saving import (
    Draft,
    Outcome,
    RowResult,
    drafts_of,
    existing_rows,
    good,
    lock_noun,
    match_existing,
    results_of,
    touch_masters,
    writable,
    write_drafts,
)
from kontor.pricing.errors import PriceListEnded, PriceListFixed
from kontor.pricing.events import PriceListsSaved
from kontor.pricing.models import STANDARD, PriceList
from kontor.pricing.queries import get_price_list
from kontor.pricing.service import PRICES_STREAM

LIST_FIELDS: dict[str, Field] = {
    "code": Field(fields.code(40)),
    "channel": Field(fields.code(40)),
    "name_en": Field(fields.text(120), aliases=("name",)),
    "name_de": Field(fields.text(120), empty=True),
    "currency": Field(fields.currency, empty=True),
    "country": Field(fields.country, empty=True),
    "customer_group": Field(fields.text(60), empty=True, aliases=("group", "tag")),
    "priority": Field(fields.integer(-1_000_000, 1_000_000), read=cells.whole, default=0),
    "valid_from": Field(fields.moment, read=cells.moment, empty=True, aliases=("from",)),
    "valid_to": Field(fields.moment, read=cells.moment, empty=True, aliases=("to", "until")),
}
_WHOM = ("country", "customer_group", "priority")
_CHANNEL = sa.table(
    "sales_channel", sa.column("id", sa.Uuid()), sa.column("code", sa.String()), sa.column("currency", sa.String()),
    sa.column("currencies", Json),
)  # fmt: skip


class PriceListData(TypedDict, total=False):
    """A list by its code; fields that are not given stay as they are. `channel` is a code.

    For a country of delivery and a group of customers (a tag), or for all where they are None. Counts from
    `valid_from` (now when not given) inclusive to `valid_to` exclusive.
    """

    code: Required[str]
    channel: str
    name_en: str
    name_de: str | None
    currency: str | None
    country: str | None
    customer_group: str | None
    priority: int
    valid_from: datetime | None
    valid_to: datetime | None


async def save_price_lists(
    db: Session, rows: Sequence[PriceListData], *, all_or_nothing: bool = False
) -> list[RowResult]:
    """Add or change lists by code, one result per row.

    Channel and currency never change, country, group, priority and start no more once the list counts, its end not into
    the past (PRICE_LIST_FIXED). A start that has passed means now. Records PriceListsSaved.
    """
    await lock_noun(db, "price_list")
    drafts = drafts_of(rows, LIST_FIELDS, "code")
    known = await existing_rows(db, PriceList.__table__.c.code, {draft.key for draft in good(drafts)})
    match_existing(drafts, known, LIST_FIELDS)
    await _resolve(db, drafts, known)
    for draft in good(drafts):
        try:
            _check(draft, known.get(draft.key), db.now)
        except KontorError as problem:
            draft.refuse(problem)
    if await write_drafts(db, PriceList, writable(drafts, all_or_nothing), known):
        changed = [draft.key for draft in drafts if draft.outcome in (Outcome.CREATED, Outcome.UPDATED)]
        await _changed(db, changed)
    return results_of(drafts)


async def end_price_list(db: Session, list_id: UUID, *, at: datetime | None = None) -> PriceList:
    """Let a list count no longer from a moment (now) on; one that has not begun by then never does.

    Its prices stay, as a memory. Raises `PriceListNotFound`, `PriceListEnded` when it has ended already, or
    `InvalidField` for a moment that has passed or lies behind the list's end.
    """
    await lock_noun(db, "price_list")
    row = await get_price_list(db, list_id)
    if row.valid_to is not None and row.valid_to <= db.now:
        raise PriceListEnded(f"The price list {row.code} has ended.", path=("id",), price_list=row.code)
    if at is not None and at < db.now:
        raise InvalidField("What was valid in the past does not change.", path=("at",))
    if at is not None and row.valid_to is not None and at > row.valid_to:
        raise InvalidField("The list ends before; ending it does not prolong it.", path=("at",))
    row.valid_to = max(at or db.now, row.valid_from)
    await db.flush()
    await _changed(db, [row.code])
    return row


async def _changed(db: Session, codes: Sequence[str]) -> None:
    await touch_masters(db)
    outbox.record(db, PriceListsSaved(stream_id=PRICES_STREAM, codes=tuple(codes)))


async def _resolve(db: Session, drafts: Sequence[Draft], known: Mapping[str, Mapping[str, Any]]) -> None:
    """Codes of channels to ids; a list without a currency takes the channel's."""
    codes = {draft.values["channel"] for draft in good(drafts) if "channel" in draft.values}
    ids = {known[draft.key]["channel_id"] for draft in good(drafts) if draft.key in known}
    named = sa.or_(_CHANNEL.c.code.in_(sorted(codes)), _CHANNEL.c.id.in_(sorted(ids)))
    rows = list(await db.execute(sa.select(_CHANNEL).where(named)))
    by_code, by_id = {row.code: row for row in rows}, {row.id: row for row in rows}
    for draft in good(drafts):
        values = draft.values
        channel = by_code.get(values.pop("channel")) if "channel" in values else by_id[known[draft.key]["channel_id"]]
        if channel is None:
            draft.refuse(UnknownReference("There is no such sales channel.", path=("channel",)))
            continue
        values["channel_id"] = channel.id
        values["currency"] = values.get("currency") or known.get(draft.key, {}).get("currency") or channel.currency
        allowed = [channel.currency, *channel.currencies]
        if draft.key not in known and values["currency"] not in allowed:
            only = f"{channel.code} sells in {', '.join(allowed)}."
            draft.refuse(InvalidField(only, path=("currency",), allowed=allowed))


def _check(draft: Draft, before: Mapping[str, Any] | None, now: datetime) -> None:
    """The rules of time; completes names and start. Raises `PriceListFixed` or `InvalidField`."""
    values = draft.values
    if draft.key == STANDARD:
        raise InvalidField(f"{STANDARD} names the channels' own prices.", path=("code",))
    if "name_de" in values and values["name_de"] is None:
        values["name_de"] = values.get("name_en") or (before or {}).get("name_en")
    start = values.get("valid_from")
    if before is None:
        values["valid_from"] = max(start or now, now)
    elif before["valid_from"] > now:  # planned: all of it may still be another
        values["valid_from"] = max(start or before["valid_from"], now)
    else:
        values["valid_from"] = before["valid_from"] if start is None or start <= now else start
    _check_fixed(values, before, now)
    end = values["valid_to"] if "valid_to" in values else (before or {}).get("valid_to")
    span = values["valid_from"], end  # one that was ended before it began stays as it is
    if end is not None and end <= span[0] and (before is None or span != (before["valid_from"], before["valid_to"])):
        raise InvalidField("The end lies after the start.", path=("validTo",))


def _check_fixed(values: Mapping[str, Any], before: Mapping[str, Any] | None, now: datetime) -> None:
    if before is None:
        return
    counts = before["valid_from"] <= now
    fixed = ("channel_id", "currency", *((*_WHOM, "valid_from") if counts else ()))
    for name in fixed:
        if values.get(name, before[name]) != before[name]:
            shown = camel(name.removesuffix("_id"))
            raise PriceListFixed(f"{shown} of a price list does not change once it counts.", path=(shown,))
    end, ended = values.get("valid_to", before["valid_to"]), before["valid_to"]
    if end != ended and counts and ((end is not None and end < now) or (ended is not None and ended <= now)):
        raise PriceListFixed("What was valid in the past does not change.", path=("validTo",))
