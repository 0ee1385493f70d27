"""Companies within one installation that share nothing: each side has its channel, partner, store, customers, orders.

Everything of a side bears its name, so what reaches the other side can be found in any answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.auth import make_client, make_user
from factories.catalog import make_variant
from factories.channels import make_channel
from factories.intake import ADDRESS, order_input, put_stock
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from factories.pricing import make_price_list
from factories.tax import make_tax_rate
from kontor.auth.models import User
from kontor.auth.permissions import ClientKind, Role
from kontor.care import service as care
from kontor.care.values import CaseKind, NewCase
from kontor.catalog.models import CatalogOffer
from kontor.catalog.states import OfferState
from kontor.contacts.models import ContactChannel, Direction
from kontor.contacts.service import NewContact, log_contact
from kontor.core.db import Database, Model, Session
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import SYSTEM, Principal, PrincipalKind
from kontor.documents.rendering import Renderer
from kontor.dropship.models import Objection
from kontor.dropship.states import Measure, ObjectionState
from kontor.fulfillment import delivering, pickup, shipping
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.states import FulfillmentState
from kontor.imports.models import Upload
from kontor.imports.states import UploadState
from kontor.inventory import inbound, reservations
from kontor.notifications.ports import MessageSender
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.intake import CustomerInput, PaymentInput
from kontor.orders.models import Order
from kontor.orders.placing import Placed, Taken
from kontor.orders.states import DeliveryType, HoldKind
from kontor.payments import service as payments
from kontor.payments.placing import take_orders
from kontor.pricing.models import Price
from kontor.returns import receiving
from kontor.returns import service as returns
from kontor.returns.models import ReturnLine
from kontor.returns.states import Disposition, ReturnReason
from kontor.webhooks.models import EventDelivery, WebhookEndpoint
from kontor.webhooks.states import DeliveryState
from proofs.order_machine import PlainRenderer, Postbox
from support import Drain

FIRST_NUMBER = 500_000


@dataclass
class Side:
    """One side: its rows by what they are. Lists hold the ids of many."""

    name: str
    channel: Any
    partner: Any
    dropshipper: Any
    store: Any
    warehouse: Any
    variant: Any
    orders: list[UUID] = field(default_factory=list)
    waiting: list[UUID] = field(default_factory=list)
    customer_id: UUID | None = None
    ids: set[UUID] = field(default_factory=set)

    def roots(self) -> set[UUID]:
        """What everything else of the side hangs on."""
        own = (self.channel, self.partner, self.dropshipper, self.store, self.warehouse)
        return {each.id for each in own} | set(self.orders) | set(self.waiting) | {self.customer_id or new_id()}


async def build(runtime: Runtime, drain: Drain, names: tuple[str, ...], *, size: int = 1) -> list[Side]:
    """Sides with `size` orders in each of three conditions and everything that comes of them."""
    runtime.ports.register(Renderer, PlainRenderer())
    runtime.ports.register(MessageSender, Postbox())
    database = runtime.database
    async with database.unit_of_work() as db:
        await make_tariff(db)
        await make_tax_rate(db)
    sides = [await _masters(database, name, size) for name in names]
    number = FIRST_NUMBER
    for side in sides:
        await _place(database, side, size, number)
        number += 4 * size
    await drain()
    for side in sides:
        await _work(database, side)
    await drain()
    for side in sides:
        await _come_back(database, side)
    await drain()
    for side in sides:
        await _further(database, side, size)
        side.ids = await rows_of(database, side.roots())
    return sides


async def _masters(database: Database, name: str, size: int) -> Side:
    elsewhere: list[UUID] = []
    async with database.unit_of_work() as db:
        partner = await make_partner(db, code=f"partner-{name}", name=f"{name} Trading")
        channel = await make_channel(
            db, code=f"shop-{name}", name=f"Shop {name}",
            payment_methods=["CARD", "ON_ACCOUNT", "PREPAYMENT"], return_days=30,
        )  # fmt: skip
        dropshipper = await make_location(
            db, kind="DROPSHIPPER", code=f"drop-{name}", name=f"Dock {name}", partner_id=partner.id
        )
        store = await make_location(db, kind="STORE", code=f"store-{name}", name=f"Store {name}")
        warehouse = await make_location(db, code=f"ware-{name}", name=f"Ware {name}")
        variant = await make_variant(db, sku=f"SKU-{name[0]}")
        for index in range(1, size):
            await make_partner(db, code=f"partner-{name}-{index}")
            await make_channel(db, code=f"shop-{name}-{index}")
            await make_location(db, code=f"ware-{name}-{index}")
            await make_tariff(db, carrier=f"C{index}")
            await make_tax_rate(db, country="FR", tax_class=f"class{index}")
            other = await make_variant(db, sku=f"SKU-{name[0]}-{index}")
            elsewhere.append(other.id)
        email = f"{name.lower()}@kontor.example"
        person = await make_user(db, name=f"User {name}", email=email, partner_id=partner.id, role=Role.DROPSHIPPER)
        db.add_all(_twin(person, index) for index in range(1, size))
        for index in range(size):
            await make_client(
                db, name=f"Client {name} {index}", kind=ClientKind.PARTNER, partner_id=partner.id,
                scopes=frozenset({"stock:read"}),
            )  # fmt: skip
    for place in (dropshipper, store, warehouse):
        await put_stock(database, place.id, variant.id, 50 + 20 * size if place is not warehouse else 3)
    for other_id in elsewhere:
        await put_stock(database, warehouse.id, other_id, 1)
    return Side(name, channel, partner, dropshipper, store, warehouse, variant)


def _twin(person: User, number: int) -> User:
    """Somebody alike, without the work of a password."""
    values = {each.key: getattr(person, each.key) for each in sa.inspect(User).column_attrs}
    return User(**values | {"id": new_id(), "email": f"{number}.{person.email}"})


async def _place(database: Database, side: Side, size: int, number: int) -> None:
    """Orders that ship, orders for collection in the store, orders that go on waiting; nothing of them alike."""
    inputs = []
    for index in range(3 * size):
        customer = CustomerInput(f"{side.name} Fock", f"{side.name.lower()}{index}@fock.example", f"c{index}")
        collected = index % 3 == 1
        inputs.append(
            order_input(
                side.channel, (side.variant.sku, 2), customer=customer, external_id=f"{side.name}-{index}",
                billing_address=replace(ADDRESS, street=f"{side.name} {index}", postal_code=f"{20000 + index}"),
                delivery_type=DeliveryType.PICKUP if collected else DeliveryType.SHIP,
                pickup_location=side.store.code if collected else None,
                payments=(PaymentInput("CARD", 2000, token="tok_visa", label=f"{side.name} 4242"),),
            )
        )  # fmt: skip
    async with database.unit_of_work() as db:
        batch = [Taken(each, SYSTEM) for each in inputs]
        outcomes = await take_orders(db, batch, list(range(number, number + len(batch))))
    for index, outcome in enumerate(outcomes):
        assert isinstance(outcome, Placed), outcome
        (side.waiting if index % 3 == 2 else side.orders).append(outcome.order_id)
    async with database.read_only() as db:
        side.customer_id = (await db.get_one(Order, side.orders[0])).customer_id


async def _work(database: Database, side: Side) -> None:
    """What is to leave leaves, with tracking; what is to be collected is ready."""
    async with database.unit_of_work() as db:
        found = sa.select(FulfillmentOrder).where(FulfillmentOrder.order_id.in_(side.orders))
        rows = list(await db.scalars(found.order_by(FulfillmentOrder.id)))
        for row in rows:
            if row.delivery_type is DeliveryType.PICKUP:
                await pickup.mark_ready(db, row.id, now=db.now)
                continue
            parcel = ParcelInput("DHL", f"{side.name}{row.number}")
            await shipping.ship(
                db, shipping.Shipping(row.id, parcels=(parcel,)), now=db.now, how=shipping.How(accepts_open=True)
            )
            await delivering.record_delivery(db, delivering.Delivery(row.id), now=db.now)
        assert any(row.state is FulfillmentState.DELIVERED for row in rows)


async def _come_back(database: Database, side: Side) -> None:
    """Every shipped order sends one piece back to the store; each gets some money back for its trouble."""
    for order_id in side.orders[::2]:
        async with database.unit_of_work() as db:
            line = (await orders.lines_of(db, [order_id]))[order_id][0]
            wish = returns.ReturnWish(line.id, 1, ReturnReason.TOO_LARGE, note=f"{side.name} says")
            made = await returns.request_return(
                db, returns.Announcement(order_id, (wish,), location_id=side.store.id), now=db.now
            )
        async with database.unit_of_work() as db:
            await orders.lock_order(db, order_id)
            row = (await db.scalars(sa.select(ReturnLine).where(ReturnLine.return_id == made.id))).one()
            finding = receiving.Finding(row.id, 1, Disposition.RESTOCK)
            arrived = [receiving.Arrived(row.id, 1)]
            await receiving.receive_return(db, made.id, side.store.id, arrived, now=db.now, findings=[finding])
        async with database.unit_of_work() as db:
            order = await orders.lock_order(db, order_id)
            await payments.request_refund(
                db, order, now=db.now, kind=payments.RefundKind.GOODWILL, amount=100, reason=f"{side.name} was sad",
                source_key=f"sad/{order_id}",
            )  # fmt: skip


async def _further(database: Database, side: Side, size: int) -> None:
    """Holds, cases, reservations, expected goods, prices, offers, webhooks; and a return that nobody has decided."""
    for index, order_id in enumerate(side.waiting):
        async with database.unit_of_work() as db:
            order = await orders.lock_order(db, order_id)
            order_service.place_hold(db, order, kind=HoldKind.MANUAL, reason=f"{side.name} called", now=db.now)
            await care.open_case(db, NewCase(CaseKind.MANUAL, f"{side.name}-{index}", order_id), now=db.now)
            said = NewContact(
                channel=ContactChannel.PHONE, direction=Direction.INBOUND, topic=f"{side.name} called",
                text="Where is it?", order_id=order_id, follow_up_on=(db.now + timedelta(days=2)).date(),
            )  # fmt: skip
            await log_contact(db, said, now=db.now)
            until = db.now + timedelta(hours=5)
            wish = reservations.Wish(side.channel.id, side.store.code, side.variant.sku, 1)
            await reservations.reserve_stock(db, wish, reference=f"{side.name}-{index}", expires_at=until)
            goods = inbound.InboundInput(
                side.store.code, side.variant.sku, f"{side.name}-{index}", 5, (db.now + timedelta(days=9)).date()
            )
            await inbound.announce_inbound(db, goods)
            await _prices_and_hooks(db, side, index)
    if size == 1:
        async with database.unit_of_work() as db:
            line = (await orders.lines_of(db, side.orders[:1]))[side.orders[0]][0]
            wish_back = returns.ReturnWish(line.id, 1, ReturnReason.LATE)
            await returns.request_return(db, returns.Announcement(side.orders[0], (wish_back,)), now=db.now)


async def _prices_and_hooks(db: Session, side: Side, index: int) -> None:
    begins = datetime(2020, 1, 1, tzinfo=db.now.tzinfo) + timedelta(days=index)
    price_list = await make_price_list(db, side.channel, f"{side.name}-{index}", customer_group=f"{side.name} group")
    db.add(
        Price(
            id=new_id(), channel_id=side.channel.id, price_list_id=price_list.id, variant_id=side.variant.id,
            amount=1000 + index, min_quantity=1,
            valid_from=begins, valid_to=begins + timedelta(days=1), created_at=db.now, created_by="test",
        )
    )  # fmt: skip
    db.add(
        CatalogOffer(
            id=new_id(), partner_id=side.partner.id, sku=f"{side.name}-{index}", state=OfferState.DRAFT,
            name=f"{side.name} offers", price=1000, currency="EUR", variant_id=side.variant.id,
            created_at=db.now, updated_at=db.now,
        )
    )  # fmt: skip
    mine = sa.select(FulfillmentOrder.id).where(FulfillmentOrder.partner_id == side.partner.id)
    row_id = await db.scalar(mine.order_by(FulfillmentOrder.id).offset(index).limit(1))
    if row_id is not None:
        db.add(
            Objection(
                id=new_id(), partner_id=side.partner.id, fulfillment_order_id=row_id, measure=Measure.ACCEPTED,
                state=ObjectionState.OPEN, reason=f"{side.name} objects", created_at=db.now, created_by="test",
                updated_at=db.now,
            )
        )  # fmt: skip
    db.add(
        Upload(
            id=new_id(), kind="stock", partner_id=side.partner.id, state=UploadState.CHECKED,
            name=f"{side.name}-{index}.csv", size=10, header=["sku", "quantity"], columns=["sku", "quantity"],
            by_kind="USER", by_name=f"User {side.name}", created_at=db.now, updated_at=db.now,
        )
    )  # fmt: skip
    endpoint = WebhookEndpoint(
        id=new_id(), name=f"{side.name} {index}", url=f"https://{side.name.lower()}.example/{index}", secret="whsec_x",
        partner_id=side.partner.id, active=False, created_at=db.now,
    )  # fmt: skip
    db.add(endpoint)
    await db.flush()
    db.add(
        EventDelivery(
            id=new_id(), endpoint_id=endpoint.id, event_id=new_id(), stream_id=side.waiting[index],
            event_name="OrderPlaced", body={"of": side.name}, state=DeliveryState.DEAD, created_at=db.now,
        )
    )  # fmt: skip


async def rows_of(database: Database, roots: set[UUID]) -> set[UUID]:
    """The ids of every row that hangs on the roots, however far."""
    known = set(roots)
    async with database.read_only() as db:
        tables = {}
        for name, table in Model.metadata.tables.items():
            columns = [column for column in table.columns if isinstance(column.type, sa.Uuid)]
            if columns and name not in SHARED:
                tables[name] = [tuple(row) for row in await db.execute(sa.select(*columns))]
    grown = True
    while grown:
        before = len(known)
        for rows in tables.values():
            for row in rows:
                if known.intersection(row[1:]):
                    known.add(row[0])
        grown = len(known) > before
    return {each for each in known if each is not None}


SHARED = frozenset({"process_definition"})


def digest(rows: dict[str, list[Any]]) -> dict[str, int]:
    """A number per table that changes with its rows."""
    return {name: hash(tuple(sorted(map(repr, table)))) for name, table in rows.items()}


UNCOUNTED = frozenset({"audit_entry", "audit_target", "idempotency_key", "number_series", "cron_entry", "session"})


async def state_of(database: Database) -> dict[str, int]:
    """What is stored, but for the audit trail and what only counts calls."""
    async with database.read_only() as db:
        rows = {
            name: [tuple(row) for row in await db.execute(sa.select(table))]
            for name, table in Model.metadata.tables.items()
            if name not in UNCOUNTED
        }
    return digest(rows)


def person(role: Role, permissions: Any, **scope: Any) -> Principal:
    """Somebody of a role."""
    return Principal(PrincipalKind.USER, new_id(), str(role), frozenset(map(str, permissions)), **scope)
