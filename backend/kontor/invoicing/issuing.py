"""Issue invoices: one per shipment, its content frozen, its number gapless and taken last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.branding import brands_of_channels, shown_on_papers
from kontor.channels.models import Brand, LegalEntity, SalesChannel
from kontor.core import numbering
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import record, schedule
from kontor.core.statemachine import change_row
from kontor.documents.frozen import SELLER_COLUMNS
from kontor.invoicing import queries
from kontor.invoicing.build import charge_line, goods_line, tax_rows, totals
from kontor.invoicing.events import InvoiceIssued
from kontor.invoicing.models import Invoice
from kontor.invoicing.redeemed import supplied, vouchers_of
from kontor.invoicing.states import InvoiceState
from kontor.orders.models import Order
from kontor.orders.queries import lock_orders
from kontor.orders.service import report_invoiced
from kontor.orders.states import DeliveryType, ReturnStatus
from kontor.payments import service as payments
from kontor.payments.covering import with_returns
from kontor.payments.kept import exchanged_back, paid_back_for_canceled
from kontor.payments.models import Payment, Refund
from kontor.payments.states import RefundState
from kontor.tax.determination import EU, PlaceOfSupply, TaxTreatment, place_of_supply
from kontor.tax.shipped import shipped_rules
from kontor.tax.territories import territory_of

SERIES = "INV"
_COLUMNS = (
    "id", "number", "legal_entity_id", "series", "year", "sequence", "order_id", "shipment_id", "state", "issued_at",
    "supplied_on", "due_on", "currency", "net", "tax", "gross", "paid", "credited", "content", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Issued:
    """An invoice by its id and number."""

    id: UUID
    number: str


@dataclass(slots=True)
class Draft:
    """An invoice without a number."""

    order: Order
    channel: SalesChannel
    entity: LegalEntity
    shipment: Mapping[str, Any]
    content: dict[str, Any]
    due: date


async def issue_invoices(db: Session, shipment_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, Issued]:
    """One invoice for each shipment, by shipment; what was invoiced before keeps its invoice.

    Recalled shipments get none. Locks the orders, then the number series of each legal entity, last.
    """
    first_look = await queries.shipments_of(db, shipment_ids)
    orders = await lock_orders(db, [row["order_id"] for row in first_look if row["invoice_id"] is None])
    shipments = await queries.shipments_of(db, shipment_ids) if orders else first_look
    fresh = [row for row in shipments if row["invoice_id"] is None and row["order_id"] in orders]
    issued = {row["id"]: Issued(row["invoice_id"], row["invoice_number"]) for row in shipments if row["invoice_id"]}
    if fresh:
        drafts = await _drafts(db, fresh, orders, now=now)
        issued.update(await _number(db, drafts, now=now))
        await _report(db, orders, now=now)
        await _credit_refunded(db, orders)
    return issued


async def _credit_refunded(db: Session, orders: Mapping[UUID, Order]) -> None:
    """What came back and was paid before its invoice was there is credited now."""
    ids = [order.id for order in orders.values() if order.return_status is not ReturnStatus.NONE]
    found = sa.select(Refund.id, Refund.order_id).where(Refund.state == RefundState.SUCCEEDED)
    for row in await queries.rows_of(db, found.order_by(Refund.id), Refund.order_id, ids):
        schedule(db, "invoicing.credit", {"refund_id": row["id"]}, key=row["order_id"])


async def _drafts(
    db: Session, shipments: Sequence[Mapping[str, Any]], orders: Mapping[UUID, Order], *, now: datetime
) -> list[Draft]:
    ids = [row["id"] for row in shipments]
    lines = await queries.lines_of(db, ids)
    charges = await queries.charges_of(db, orders)
    sellers = await queries.sellers_of(db, {order.channel_id for order in orders.values()})
    brands = await brands_of_channels(db, {order.channel_id for order in orders.values()})
    promises = await queries.payments_of(db, orders)
    settings = await payments.settings_of(db, list(orders.values()))
    before = await queries.sums_of(db, Invoice.gross, Invoice.order_id, orders)
    exchanged = await exchanged_back(db, with_returns(orders.values()))
    paid_back = await paid_back_for_canceled(db, orders)
    with_vouchers = [key for key, named in promises.items() if any(map(payments.is_taxed_before, named))]
    vouchers = await vouchers_of(db, with_vouchers)
    left = Invoice.gross - Invoice.credited - Invoice.paid
    unpaid = await queries.sums_of(db, left, Invoice.order_id, exchanged)
    drafts = []
    for shipment in shipments:
        order = orders[shipment["order_id"]]
        channel, entity = sellers[order.channel_id]
        said = [
            *(goods_line(row, gross=order.gross) for row in lines.get(shipment["id"], ())),
            *(charge_line(row, gross=order.gross) for row in charges.get(shipment["id"], ())),
        ]
        _, _, gross = totals(tax_rows(said))
        # What paid for goods that came back, or was to, is there again for those given in exchange.
        done = max(0, before.get(order.id, 0) - exchanged.get(order.id, 0))
        before[order.id] = before.get(order.id, 0) + gross
        pays = vouchers.get(order.id)
        taxed = min(done, pays.ever) if pays else 0
        off = pays.invoice(said, language_of(order), by_gross=order.gross) if pays else []
        others = [each for each in promises.get(order.id, []) if not payments.is_taxed_before(each)]
        rest = gross + sum(line["gross"] for line in off)
        shares = _shares(others, done - taxed, rest, settings[channel.id], paid_back)
        due = sum(amount for payment, amount in shares.items() if payments.is_on_account(payment))
        if order.id in exchanged:
            due = min(due, _to_come(promises.get(order.id, []), unpaid.get(order.id, 0)))
            unpaid[order.id] = unpaid.get(order.id, 0) + due
        said += off
        today = local_day(now, entity.timezone)
        until = today + timedelta(days=channel.payment_days if due else 0)
        sells_vouchers = bool(said) and all(row.get("voucher") for row in said)
        charged = any(row["tax"] for row in said)
        content = _frozen(order, channel, entity, brands.get(channel.id), taxed=charged) | {
            **({"treatment": "VOUCHER"} if sells_vouchers else {}),
            "shipment_number": shipment["number"],
            "issued_on": today.isoformat(),
            "supplied_on": _supplied_on(shipment, entity).isoformat(),
            "due_on": until.isoformat(),
            "lines": said,
            "taxes": tax_rows(said),
            "payments": _paid_by(shares),
            "amount_due": due,
        }
        drafts.append(Draft(order, channel, entity, shipment, content, until))
    return drafts


def _paid_by(shares: Mapping[Payment, int]) -> list[dict[str, Any]]:
    return [
        {"method": payment.label or payment.kind.value, "kind": payment.kind.value, "amount": amount}
        for payment, amount in shares.items()
        if not payments.is_on_account(payment)
    ]


def _supplied_on(shipment: Mapping[str, Any], entity: LegalEntity) -> date:
    """The day whose tax rates count: where the goods left, else that of who sells."""
    return local_day(shipment["shipped_at"], shipment["timezone"] or entity.timezone)


def _shares(
    promises: Sequence[Payment], done: int, gross: int, settings: Mapping[str, Any], paid_back: Mapping[UUID, int]
) -> dict[Payment, int]:
    """What each payment gives for this invoice: for all so far less for all before."""
    before = payments.shares_of_value(promises, done, settings, paid_back)
    after = payments.shares_of_value(promises, done + gross, settings, paid_back)
    return {item: amount for item in after if (amount := after[item] - before.get(item, 0)) > 0}


def _to_come(promises: Sequence[Payment], unpaid: int) -> int:
    """What is still to be paid over these payments beyond what invoices ask for already, minor units. Pure."""
    return max(0, sum(max(0, each.amount - each.captured) for each in promises) - unpaid)


def _frozen(
    order: Order, channel: SalesChannel, entity: LegalEntity, brand: Brand | None, *, taxed: bool
) -> dict[str, Any]:
    """Who sells what to whom under which treatment, as it is now.

    Where tax is charged the invoice does not say that the customer owes it or that none is due: the seller is
    registered there.
    """
    place = order.place_of_supply or _place_of_old(order, entity)
    across = place.treatment is TaxTreatment.CROSS_BORDER or (taxed and not place.taxed)
    language = language_of(order)
    delivery = order.shipping_address if order.delivery_type is DeliveryType.SHIP else None
    return {
        # The buyer's own references, which their books find the document by, come as facts of the order.
        **{name: str(fact) for name in ("buyer_reference", "purchase_order") if (fact := order.facts.get(name))},
        "email": order.email,
        "language": language,
        "currency": order.currency,
        "gross": order.gross,
        "seller": {name: getattr(entity, name) for name in SELLER_COLUMNS},
        "brand": shown_on_papers(brand, channel.name, entity.brand_color, entity.id, language),
        "recipient": order.billing_address,
        "delivery_address": delivery if delivery and delivery != order.billing_address else None,
        "order_number": order.number,
        "ordered_on": local_day(order.placed_at, entity.timezone).isoformat(),
        "vat_id": order.vat_id,
        "treatment": "OSS" if across else _treatment(place.treatment, entity),
        "tax_country": place.country,
    }


def language_of(order: Order) -> str:
    """The language of an order's documents."""
    return order.language if order.language in ("de", "en") else "en"


def _place_of_old(order: Order, entity: LegalEntity) -> PlaceOfSupply:
    """How an order is taxed that was placed before orders kept it."""
    rules, day = shipped_rules(), local_day(order.placed_at, entity.timezone)
    pickup = order.delivery_type is DeliveryType.PICKUP
    postal_code = None if pickup else (order.shipping_address or order.billing_address).get("postal_code")
    return place_of_supply(
        seller=territory_of(entity.country, entity.postal_code, None, rules, day),
        arrival=territory_of(order.country, postal_code, None, rules, day),
        pickup=pickup,
        vat_id=order.vat_id,
    )


def _treatment(treatment: TaxTreatment, entity: LegalEntity) -> str:
    """Goods that go to a company of another member state are a supply within the community (VAT Directive art. 138).

    That is how the document has to call it (art. 226 no. 11); reverse charge is what follows for the buyer.
    """
    moved = treatment is TaxTreatment.REVERSE_CHARGE and entity.country in EU
    return "INTRA_COMMUNITY" if moved else treatment.value


async def _number(db: Session, drafts: Sequence[Draft], *, now: datetime) -> dict[UUID, Issued]:
    """Write the invoices with their numbers; legal entities in key order."""
    by_entity: dict[UUID, list[Draft]] = {}
    for draft in drafts:
        by_entity.setdefault(draft.entity.id, []).append(draft)
    rows: list[tuple[Any, ...]] = []
    issued: dict[UUID, Issued] = {}
    for entity_id in sorted(by_entity):
        group = by_entity[entity_id]
        entity = group[0].entity
        year = local_day(now, entity.timezone).year
        first = await numbering.take(db, f"invoice/{entity.code}/{year}", len(group))
        for sequence, draft in enumerate(group, first):
            row = _row(draft, year, sequence, now=now)
            rows.append(row)
            issued[draft.shipment["id"]] = Issued(row[0], row[1])
            record(db, _told(draft, row))
    await db.bulk_insert(Invoice, _COLUMNS, rows)
    db.note_states(change_row("invoice", row[0], None, InvoiceState.ISSUED, now=now, by=db.by) for row in rows)
    return issued


def _row(draft: Draft, year: int, sequence: int, *, now: datetime) -> tuple[Any, ...]:
    net, tax, gross = supplied(draft.content["lines"])
    return (
        new_id(), f"{draft.entity.code}-{year}-{sequence:06}", draft.entity.id, SERIES, year, sequence,
        draft.order.id, draft.shipment["id"], InvoiceState.ISSUED, now, _supplied_on(draft.shipment, draft.entity),
        draft.due, draft.order.currency, net, tax, gross, 0, 0, draft.content, now,
    )  # fmt: skip


def _told(draft: Draft, row: tuple[Any, ...]) -> InvoiceIssued:
    said = dict(zip(_COLUMNS, row, strict=True))
    return InvoiceIssued(
        stream_id=draft.order.id,
        invoice_id=said["id"],
        shipment_id=said["shipment_id"],
        number=said["number"],
        net=said["net"],
        tax=said["tax"],
        gross=said["gross"],
        currency=said["currency"],
    )


async def _report(db: Session, orders: Mapping[UUID, Order], *, now: datetime) -> None:
    shipped = await queries.shipped_values(db, orders)
    invoiced = await queries.sums_of(db, Invoice.gross, Invoice.order_id, orders)
    for order in orders.values():
        report_invoiced(db, order, shipped=shipped.get(order.id, 0), invoiced=invoiced.get(order.id, 0), now=now)
