"""Parcels of a fulfillment order: packed, filled in with tracking when they leave, on the way until they arrive."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.core import numbering
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.statemachine import change_row, transition
from kontor.documents.gs1 import sscc
from kontor.fulfillment import queries
from kontor.fulfillment.events import ParcelsVoided
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Parcel, Shipment
from kontor.fulfillment.splitting import Counts, counts_of
from kontor.fulfillment.states import PARCEL, ParcelState
from kontor.fulfillment.values import Pieces

MOST_PARCELS = 200


@dataclass(frozen=True, slots=True)
class ParcelInput:
    """A parcel: how it travels, what it weighs in grams, and what is in it (None: not said)."""

    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    weight_g: int = 0
    contents: tuple[Pieces, ...] | None = None


def check_parcels(lines: Sequence[FulfillmentLine], parcels: Sequence[ParcelInput], most: Counts | None = None) -> None:
    """Raise `InvalidInput` for parcels that cannot be: together they hold at most the pieces that leave."""
    if len(parcels) > MOST_PARCELS:
        raise InvalidInput(f"At most {MOST_PARCELS} parcels.", code="TOO_MANY_PARCELS", path=("parcels",))
    left = dict(most) if most is not None else {line.id: line.quantity for line in lines}
    for index, parcel in enumerate(parcels):
        _check_texts(parcel, index)
        for line_id, quantity in counts_of(lines, parcel.contents or None, "parcels", index, "contents").items():
            if not parcel.contents:
                continue
            left[line_id] = left.get(line_id, 0) - quantity
            if left[line_id] < 0:
                raise InvalidInput(
                    "The parcels hold more pieces than leave.",
                    code="PARCELS_HOLD_TOO_MUCH",
                    path=("parcels", index, "contents"),
                )


def _check_texts(parcel: ParcelInput, index: int) -> None:
    for name, field, limit in (("carrier", "carrier", 60), ("tracking_number", "trackingNumber", 80)):
        text = getattr(parcel, name)
        if text is not None and not 1 <= len(text.strip()) <= limit:
            raise InvalidInput(f"1 to {limit} characters.", code="INVALID_TEXT", path=("parcels", index, field))
    url = parcel.tracking_url
    if url is not None and not (url.startswith(("https://", "http://")) and len(url) <= 500):
        raise InvalidInput(
            "An address of the web, at most 500 characters.", code="INVALID_URL", path=("parcels", index, "trackingUrl")
        )
    if not 0 <= parcel.weight_g <= 10_000_000:
        raise InvalidInput("A weight in grams.", code="INVALID_WEIGHT", path=("parcels", index, "weightG"))


def write_parcels(
    db: Session,
    row: FulfillmentOrder,
    lines: Sequence[FulfillmentLine],
    parcels: Sequence[ParcelInput],
    *,
    now: datetime,
) -> list[Parcel]:
    """New parcels; without any word about them one that holds everything."""
    given = parcels or (ParcelInput(contents=tuple(Pieces(line.id, line.quantity) for line in lines)),)
    made = []
    for each in given:
        parcel = Parcel(
            id=new_id(), fulfillment_order_id=row.id, state=ParcelState.CREATED, carrier=each.carrier,
            tracking_number=each.tracking_number, tracking_url=each.tracking_url, weight_g=each.weight_g,
            contents=_contents(lines, each), created_at=now, updated_at=now,
        )  # fmt: skip
        db.add(parcel)
        db.note_state(change_row("parcel", parcel.id, None, ParcelState.CREATED, now=now, by=db.by))
        made.append(parcel)
    return made


def _contents(lines: Sequence[FulfillmentLine], parcel: ParcelInput) -> list[dict[str, Any]]:
    skus = {line.id: (line.sku, line.order_line_id) for line in lines}
    return [
        {"order_line_id": str(skus[each.line_id][1]), "sku": skus[each.line_id][0], "quantity": each.quantity}
        for each in parcel.contents or ()
        if each.line_id in skus
    ]


def attach(
    db: Session,
    row: FulfillmentOrder,
    lines: Sequence[FulfillmentLine],
    packed: Sequence[Parcel],
    given: Sequence[ParcelInput],
    *,
    shipment: Shipment,
    now: datetime,
) -> None:
    """The parcels leave: packed ones, filled in with what is known now if as many are named, else new ones."""
    waiting = [parcel for parcel in packed if parcel.shipment_id is None and parcel.state is ParcelState.CREATED]
    if waiting and len(given) in (0, len(waiting)):
        leaving = waiting
        for parcel, news in zip(waiting, given, strict=False):
            parcel.carrier = news.carrier or parcel.carrier
            parcel.tracking_number = news.tracking_number or parcel.tracking_number
            parcel.tracking_url = news.tracking_url or parcel.tracking_url
            parcel.weight_g = news.weight_g or parcel.weight_g
            if news.contents:
                parcel.contents = _contents(lines, news)
    else:
        leaving = write_parcels(db, row, lines, given, now=now)
        for parcel in waiting:
            transition(db, parcel, ParcelState.VOIDED, table=PARCEL, now=now, reason="packed otherwise in the end")
            parcel.updated_at = now
        if waiting:
            voided = tuple(parcel.id for parcel in waiting)
            record(db, ParcelsVoided(stream_id=row.order_id, fulfillment_order_id=row.id, parcel_ids=voided))
    for parcel in leaving:
        parcel.shipment_id, parcel.updated_at = shipment.id, now
        transition(db, parcel, ParcelState.IN_TRANSIT, table=PARCEL, now=now)


async def back_to_the_place(db: Session, row: FulfillmentOrder, *, now: datetime) -> None:
    """A recall: the parcels have not left."""
    for parcel in (await queries.parcels_of(db, [row.id]))[row.id]:
        if parcel.state is ParcelState.IN_TRANSIT:
            transition(db, parcel, ParcelState.CREATED, table=PARCEL, now=now, reason="recalled")
            parcel.shipment_id, parcel.updated_at = None, now


async def number_parcels(db: Session, row_ids: Iterable[UUID]) -> None:
    """Give each parcel of these fulfillment orders its SSCC, where who sells has a GS1 company prefix.

    The series of a prefix is locked until the commit, so no two parcels share a number: the last step of a unit.
    """
    waiting = await queries.unnumbered_parcels(db, row_ids)
    for prefix in sorted(waiting):
        parcels = waiting[prefix]
        first = await numbering.take(db, f"sscc/{prefix}", len(parcels))
        for serial, parcel in enumerate(parcels, first):
            parcel.sscc = sscc(prefix, serial)
