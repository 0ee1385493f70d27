"""What is fulfilled without a parcel: codes out of a pool or made at issue, and services their provider confirms.

Such pieces leave by a shipment without a fulfillment order and count as shipped and delivered at once.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import PoolCode, ProductKind
from kontor.catalog.vouchers import VOUCHER_CLASS
from kontor.channels.models import SalesChannel
from kontor.core.db import Session, chunks
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.fulfillment.code_format import ALPHABET, BODY_LENGTH, formatted
from kontor.fulfillment.errors import InvalidQuantity, OrderHeld, WrongState
from kontor.fulfillment.events import CodesIssued, ServiceConfirmed
from kontor.fulfillment.models import IssuedCode
from kontor.fulfillment.shipments import Leaving, book_shipments
from kontor.fulfillment.work import count_orders
from kontor.giftcards.service import NewCard, issue_cards
from kontor.giftcards.values import TaxedAs
from kontor.orders import progress
from kontor.orders import queries as orders
from kontor.orders.errors import LineNotFound
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import DeliveryType, OrderState
from kontor.orders.totals import with_tax

POOLED = frozenset({ProductKind.LICENSE, ProductKind.DIGITAL})
CODED = POOLED | {ProductKind.GIFT_CARD}
_ISSUED = ("id", "order_id", "order_line_id", "unit", "code", "issued_at")
Lines = Mapping[UUID, Sequence[OrderLine]]


@dataclass(slots=True)
class Issued:
    """What came of it: shipments by order, and pieces by order for which the pool has no code."""

    shipments: dict[UUID, UUID] = field(default_factory=dict)
    missing: dict[UUID, int] = field(default_factory=dict)


async def issue_codes(db: Session, found: Mapping[UUID, Order], lines: Lines, *, now: datetime) -> Issued:
    """Give codes for the open pieces of digital lines, licenses and gift cards of locked orders.

    Licenses come out of their pool, digital goods too where they have one; gift cards and the rest are made here. Where
    a pool is empty the pieces stay open and are named in `missing`.
    """
    issued = Issued()
    open_lines = [line for order_id in found for line in lines[order_id] if line.kind in CODED and line.open_quantity]
    if not open_lines:
        return issued
    pool = await _from_pool(db, open_lines)
    given: dict[UUID, dict[UUID, int]] = {}
    rows: list[tuple[Any, ...]] = []
    for line in open_lines:
        codes = pool.get(line.id)
        if codes is None:
            codes = [new_code() for _ in range(line.open_quantity)]
        if len(codes) < line.open_quantity:
            short = line.open_quantity - len(codes)
            issued.missing[line.order_id] = issued.missing.get(line.order_id, 0) + short
        for offset, code in enumerate(codes, 1):
            rows.append((new_id(), line.order_id, line.id, line.shipped + offset, code, now))
        if codes:
            given.setdefault(line.order_id, {})[line.id] = len(codes)
    await db.bulk_insert(IssuedCode, _ISSUED, rows)
    await issue_cards(db, _cards(found, open_lines, rows, await _sellers(db, found, open_lines)), now=now)
    leaving = await _leave(db, {order_id: found[order_id] for order_id in given}, lines, given, now=now)
    for each in leaving:
        order, shipment = each.order, each.sent
        issued.shipments[order.id] = shipment.id
        event = CodesIssued(
            stream_id=order.id, shipment_id=shipment.id, amount=shipment.amount, currency=order.currency
        )
        record(db, event)
    return issued


async def _sellers(db: Session, found: Mapping[UUID, Order], lines: Iterable[OrderLine]) -> dict[UUID, UUID]:
    """Who sells vouchers that are taxed now, by channel."""
    taxed = [line for line in lines if line.kind == ProductKind.GIFT_CARD and line.tax_class != VOUCHER_CLASS]
    if not taxed:
        return {}
    ids = {found[line.order_id].channel_id for line in taxed}
    rows = await db.execute(sa.select(SalesChannel.id, SalesChannel.legal_entity_id).where(SalesChannel.id.in_(ids)))
    return {row.id: row.legal_entity_id for row in rows}


def _cards(
    found: Mapping[UUID, Order],
    lines: Sequence[OrderLine],
    rows: Sequence[tuple[Any, ...]],
    sellers: Mapping[UUID, UUID],
) -> list[NewCard]:
    """The gift cards among codes just given out: each is worth what a piece costs before anything is taken off."""
    cards = {line.id: line for line in lines if line.kind == ProductKind.GIFT_CARD}
    return [
        _card(code, found[order_id], cards[line_id], sellers)
        for _, order_id, line_id, _, code, _ in rows
        if line_id in cards
    ]


def _card(code: str, order: Order, line: OrderLine, sellers: Mapping[UUID, UUID]) -> NewCard:
    """A voucher that is taxed now is worth its price with the tax, so that what it pays for needs none."""
    if line.tax_class == VOUCHER_CLASS:
        return NewCard(code, order.id, order.currency, line.unit_price, multi_purpose=True)
    _, _, value = with_tax(line.unit_price, line.tax_rate, gross=order.gross)
    place = order.place_of_supply
    taxed = TaxedAs(line.tax_class, place.country, sellers[order.channel_id]) if place else None
    return NewCard(code, order.id, order.currency, value, multi_purpose=False, taxed=taxed)


def new_code() -> str:
    """A code nobody can guess: 75 random bits and a check character."""
    return formatted("".join(secrets.choice(ALPHABET) for _ in range(BODY_LENGTH)))


async def _from_pool(db: Session, lines: Sequence[OrderLine]) -> dict[UUID, list[str]]:
    """Codes by line; a digital line without a pool is not among them."""
    pooled = [line for line in lines if line.kind in POOLED]
    if not pooled:
        return {}
    wanted: dict[UUID, int] = {}
    for line in pooled:
        wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.open_quantity
    free = await _free_codes(db, wanted)
    with_pool = set(free) | await _variants_with_pool(db, [row for row in wanted if not free.get(row)])
    found: dict[UUID, list[str]] = {}
    taken: list[dict[str, Any]] = []
    for line in pooled:
        if line.kind == ProductKind.DIGITAL and line.variant_id not in with_pool:
            continue
        own = free.get(line.variant_id, [])
        mine, free[line.variant_id] = own[: line.open_quantity], own[line.open_quantity :]
        found[line.id] = [code for _, code in mine]
        for offset, (code_id, _) in enumerate(mine, 1):
            taken.append({"b_id": code_id, "line": line.id, "unit": line.shipped + offset, "now": db.now})
    if taken:
        connection = await db.connection()
        await connection.execute(_TAKE_CODES, taken)
    return found


_TAKE_CODES = (
    sa.update(PoolCode)
    .where(PoolCode.id == sa.bindparam("b_id"), PoolCode.order_line_id.is_(None))
    .values(order_line_id=sa.bindparam("line"), unit=sa.bindparam("unit"), issued_at=sa.bindparam("now"))
)
_FREE_PG = sa.text(
    "SELECT p.variant_id, p.id, p.code FROM unnest(CAST(:variants AS uuid[]), CAST(:counts AS int[])) "
    "AS d(variant_id, quantity) CROSS JOIN LATERAL (SELECT variant_id, id, code FROM pool_code WHERE "
    "variant_id = d.variant_id AND order_line_id IS NULL ORDER BY id LIMIT d.quantity FOR UPDATE SKIP LOCKED) AS p"
).columns(PoolCode.variant_id, PoolCode.id, PoolCode.code)


async def _free_codes(db: Session, wanted: Mapping[UUID, int]) -> dict[UUID, list[tuple[UUID, str]]]:
    """Free codes, locked; codes another transaction is giving out are passed over."""
    if db.sqlite:
        position = sa.func.row_number().over(partition_by=PoolCode.variant_id, order_by=PoolCode.id)
        ranked = (
            sa.select(PoolCode.variant_id, PoolCode.id, PoolCode.code, position.label("position"))
            .where(PoolCode.variant_id.in_(wanted), PoolCode.order_line_id.is_(None))
            .subquery()
        )
        rows = await db.execute(
            sa.select(ranked.c.variant_id, ranked.c.id, ranked.c.code).where(ranked.c.position <= max(wanted.values()))
        )
    else:
        variants = sorted(wanted)
        rows = await db.execute(
            _FREE_PG, {"variants": variants, "counts": [wanted[variant_id] for variant_id in variants]}
        )
    found: dict[UUID, list[tuple[UUID, str]]] = {}
    for variant_id, code_id, code in rows:
        found.setdefault(variant_id, []).append((code_id, code))
    return found


async def _variants_with_pool(db: Session, variant_ids: Iterable[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for part in chunks(sorted(variant_ids)):
        found.update(await db.scalars(sa.select(PoolCode.variant_id).where(PoolCode.variant_id.in_(part)).distinct()))
    return found


async def _leave(
    db: Session, found: Mapping[UUID, Order], lines: Lines, given: Mapping[UUID, Mapping[UUID, int]], *, now: datetime
) -> list[Leaving]:
    leaving = [
        Leaving(order, lines[order_id], dict(given[order_id]), DeliveryType.DIGITAL, now, delivered_at=now)
        for order_id, order in sorted(found.items())
    ]
    await book_shipments(db, leaving)
    changes: dict[UUID, progress.Changes] = {}
    for each in leaving:
        progress.start_work(db, each.order, now=now)
        changes[each.order.id] = {
            line_id: {"shipped": count, "delivered": count} for line_id, count in each.pieces.items()
        }
    await count_orders(db, found, lines, changes, now=now)
    return leaving


async def confirm_service(db: Session, order_id: UUID, wanted: Mapping[UUID, int] | None, *, now: datetime) -> Leaving:
    """The provider has rendered services of an order: all that is open, or pieces by order line.

    Raises `LineNotFound`, `InvalidQuantity`, `OrderHeld` or `WrongState`.
    """
    order = await orders.lock_order(db, order_id)
    if not await orders.lock_releasable(db, [order_id]):
        raise OrderHeld("The order is on hold; nothing of it moves.", order_id=str(order_id))
    if order.state not in (OrderState.CONFIRMED, OrderState.IN_FULFILLMENT):
        raise WrongState(f"The order is {order.state}.", state=str(order.state))
    lines = (await orders.lines_of(db, [order_id]))[order_id]
    services = {line.id: line for line in lines if line.kind == ProductKind.SERVICE}
    pieces = wanted if wanted is not None else {row: line.open_quantity for row, line in services.items()}
    for index, (line_id, count) in enumerate(pieces.items()):
        if line_id not in services:
            raise LineNotFound("The order has no such service.", path=("lines", index, "lineId"))
        if not 1 <= count <= services[line_id].open_quantity:
            raise InvalidQuantity(
                f"{services[line_id].open_quantity} pieces are open.", path=("lines", index, "quantity")
            )
    if not pieces:
        raise InvalidQuantity("The order has no open service.", path=("lines",))
    (leaving,) = await _leave(db, {order_id: order}, {order_id: lines}, {order_id: pieces}, now=now)
    shipment = leaving.sent
    record(
        db,
        ServiceConfirmed(stream_id=order.id, shipment_id=shipment.id, amount=shipment.amount, currency=order.currency),
    )
    return leaving
