"""Orders taken, shipped in one or two parts, invoiced and credited, all by the services, without the processes around.

Credited are returns of some pieces with or without a kept fee, price reductions without pieces, and whole invoices
with their fees.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.bench.invoice_world import Company
from kontor.core.db import Database, Session
from kontor.core.money import between_units
from kontor.core.principal import SYSTEM
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment
from kontor.fulfillment.shipping import How, Shipping, ship_all
from kontor.fulfillment.sourcing import source_orders
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.values import Pieces
from kontor.invoicing import service as invoicing
from kontor.invoicing.models import CreditNote, Invoice
from kontor.orders import queries as orders
from kontor.orders import service as orders_service
from kontor.orders.intake import OrderInput
from kontor.orders.models import Order
from kontor.orders.placing import Placed, Taken
from kontor.payments import authorizing, capturing
from kontor.payments import service as payments
from kontor.payments.capturing import CaptureOrder
from kontor.payments.placing import take_orders
from kontor.payments.ports import Abilities
from kontor.payments.refunding import refundable

_OVER = (FulfillmentState.SHIPPED, FulfillmentState.CANCELED)


async def play(database: Database, company: Company, wanted: Sequence[OrderInput], chance: random.Random) -> list[UUID]:
    """Take the orders, ship them, invoice every shipment and credit some of it; the orders' ids."""
    first = 500_000 + company.taken
    company.taken += len(wanted)
    async with database.unit_of_work(SYSTEM) as db:
        numbers = list(range(first, first + len(wanted)))
        outcomes = await take_orders(db, [Taken(order, SYSTEM) for order in wanted], numbers)
    refused = [each for each in outcomes if not isinstance(each, Placed)]
    assert not refused, refused
    ids = [each.order_id for each in outcomes if isinstance(each, Placed)]
    async with database.unit_of_work(SYSTEM) as db:
        orders_service.confirm(db, list((await orders.lock_orders(db, ids)).values()), now=db.now)
    async with database.unit_of_work(SYSTEM) as db:
        await source_orders(db, ids, now=db.now)
    shipments = [*await _ship(database, ids, chance, part=True), *await _ship(database, ids, chance, part=False)]
    async with database.unit_of_work(SYSTEM) as db:
        await invoicing.issue_invoices(db, shipments, now=db.now)
    on_account = [order_id for order_id, order in zip(ids, wanted, strict=True) if not order.payments]
    await _bill(database, on_account)
    for order_id in on_account:
        for _ in range(chance.choice((0, 1, 2, 3))):
            await _credit(database, order_id, chance)
    return ids


async def _bill(database: Database, ids: Sequence[UUID]) -> None:
    """Book what was invoiced on account, so that credit notes can take it off."""
    async with database.read_only(SYSTEM) as db:
        found = sa.select(Shipment).where(Shipment.order_id.in_(ids)).order_by(Shipment.id)
        shipped: dict[UUID, list[Shipment]] = {}
        for shipment in await db.scalars(found):
            shipped.setdefault(shipment.order_id, []).append(shipment)
    asked = [CaptureOrder(key, rows[-1].id, sum(row.amount for row in rows)) for key, rows in shipped.items()]
    async with database.unit_of_work(SYSTEM) as db:
        await authorizing.finish_authorizations(db, ids, {}, now=db.now)
    async with database.unit_of_work(SYSTEM) as db:
        await capturing.prepare_captures(db, asked, _abilities)
    async with database.unit_of_work(SYSTEM) as db:
        await capturing.finish_captures(db, asked, {}, _abilities, now=db.now)


def _abilities(_gateway: str) -> Abilities:
    raise AssertionError  # on account there is no gateway to ask


async def _ship(database: Database, ids: Sequence[UUID], chance: random.Random, *, part: bool) -> list[UUID]:
    """A part of some orders first; then whatever is left of all."""
    async with database.unit_of_work(SYSTEM) as db:
        row = FulfillmentOrder
        found = await db.scalars(
            sa.select(row.id).where(row.order_id.in_(ids), row.state.not_in(_OVER)).order_by(row.id)
        )
        requests = [Shipping(row_id) for row_id in found]
        if part:
            requests = [
                await _part(db, each.fulfillment_order_id, chance) for each in requests if chance.random() < 0.3
            ]
            requests = [each for each in requests if each.pieces]
        done = await ship_all(db, requests, now=db.now, how=How(accepts_open=True))
        refused = [each for each in done if not isinstance(each, Shipment)]
        assert not refused, refused
        return [each.id for each in done if isinstance(each, Shipment)]


async def _part(db: Session, row_id: UUID, chance: random.Random) -> Shipping:
    """Fewer pieces than there are of one line, or none of a line, so that something stays."""
    found = (
        sa.select(FulfillmentLine).where(FulfillmentLine.fulfillment_order_id == row_id).order_by(FulfillmentLine.id)
    )
    lines = list(await db.scalars(found))
    pieces = [Pieces(line.id, count) for line in lines if (count := chance.randrange(line.quantity))]
    return Shipping(row_id, tuple(pieces))


async def _credit(database: Database, order_id: UUID, chance: random.Random) -> None:
    """A refund of something of one invoice, as far as the payments allow, and its credit note."""
    async with database.unit_of_work(SYSTEM) as db:
        order = await orders.lock_order(db, order_id)
        found = sa.select(Invoice).where(Invoice.order_id == order_id).order_by(Invoice.number)
        invoice = chance.choice(list(await db.scalars(found)))
        done = await _credited(db, order)
        lines = _wish(invoice, done, chance)
        amount = sum(line["gross"] for line in lines)
        if not 0 < amount <= await refundable(db, order_id):
            return
        refund = await payments.request_refund(
            db, order, kind="RETURN", reason=chance.choice(("Zu klein", "damaged <in> transit & wet")), amount=amount,
            lines=lines, source_key=f"{invoice.number}/{len(done)}/{amount}", now=db.now,
        )  # fmt: skip
        await invoicing.issue_credit_notes(db, [refund.id], now=db.now)


async def _credited(db: Session, order: Order) -> dict[str, tuple[int, int]]:
    """Pieces and gross amount that went back, by invoice line."""
    gone: dict[str, tuple[int, int]] = {}
    for note in await db.scalars(sa.select(CreditNote).where(CreditNote.order_id == order.id)):
        for line in note.content["lines"]:
            pieces, gross = gone.get(_key(line), (0, 0))
            gone[_key(line)] = (pieces + line["pieces"], gross + line["gross"])
    return gone


def _key(line: dict[str, Any]) -> str:
    return str(line.get("shipment_line_id") or line.get("charge_id") or "")


def _wish(invoice: Invoice, done: dict[str, tuple[int, int]], chance: random.Random) -> list[dict[str, Any]]:
    """Lines of a refund: pieces of lines nothing was credited of, or a part of their price, less a fee at times."""
    lines: list[dict[str, Any]] = []
    untouched = [line for line in invoice.content["lines"] if _key(line) not in done and line["gross"] > 0]
    for line in chance.sample(untouched, chance.randint(0, len(untouched))):
        if "charge_id" in line:
            lines.append({"charge_id": line["charge_id"], "quantity": 0, "gross": line["gross"]})
            continue
        count = chance.randint(0, line["quantity"])
        gross = between_units(line["gross"], line["quantity"], 0, count) or chance.randint(1, line["gross"])
        lines.append({"shipment_line_id": line["shipment_line_id"], "quantity": count, "gross": gross})
    worth = sum(line["gross"] for line in lines)
    if lines and worth > 2 and chance.random() < 0.3:
        lines.append({"name": "Rücksendekosten", "gross": -chance.randrange(1, min(worth, 990))})
    return lines
