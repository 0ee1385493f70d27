"""An order that has lived, so that every part of every page has something to show: parcels, money in and back, a claim,
an exchange, goodwill, a dispute, what was said and written, a hold and tasks."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from claims.test_claims import opened as opened_claim
from factories.auth import make_user
from factories.catalog import make_product, make_variant
from factories.exchanges import exchanged
from factories.fulfillment import confirmed, order_of, rows_of
from factories.intake import Company, make_company, order_input, place, put_stock
from factories.locations import make_location, make_tariff
from factories.pricing import make_price
from frontend.care.test_refund import DUNNING, disputed
from kontor.auth.permissions import Role
from kontor.care import listing
from kontor.care import service as care
from kontor.care.values import CaseKind, NewCase
from kontor.claims.goodwill import GoodwillWish, grant_goodwill
from kontor.claims.states import ClaimKind, GoodwillForm, GoodwillReason
from kontor.contacts import service as contacts
from kontor.contacts.models import ContactChannel, Direction
from kontor.contacts.service import NewContact
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.fulfillment.delivering import Delivery, record_delivery
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.mailroom.reading import Mail
from kontor.mailroom.service import receive
from kontor.orders import service as orders
from kontor.orders.intake import ChargeInput, CustomerInput, LineInput, PaymentInput
from kontor.orders.models import OrderLine
from kontor.orders.placing import Placed
from kontor.orders.queries import lock_order
from kontor.orders.states import HoldKind
from kontor.payments.service import request_refund
from support import Drain, StandingClock

GRETA = CustomerInput("Greta Fock", "greta@fock.example", phone="+49 40 778899")
NAMESAKE = CustomerInput("Greta Fock", "g.fock@mail.example")
TRACKING = "00340434161094042557"


@dataclass(frozen=True)
class Lived:
    """Its number and id, those of its customer, of its first line, and of a task about it."""

    number: str
    order_id: UUID
    customer_id: UUID
    line_id: UUID
    case_id: UUID


async def lived(database: Database, drain: Drain, clock: StandingClock) -> Lived:
    """Four parkas that came with one parcel three weeks ago, and one at a store that has still not left."""
    company = await _shop(database)
    wanted = order_input(
        company.channel, LineInput("P38", 4, 2000), LineInput("P44", 1, 2500), customer=GRETA,
        charges=(ChargeInput("SHIPPING", "DHL", 490),), 
        payments=(PaymentInput("CARD", 3000, token="tok_visa"), PaymentInput("ON_ACCOUNT", 7990)),
    )  # fmt: skip
    (placed,) = await place(database, company, wanted)
    assert isinstance(placed, Placed)
    await confirmed(database, company, ("P38", 1), customer=NAMESAKE)
    order_id = placed.order_id
    await drain()
    work = {row.location_id: row for row in await rows_of(database, order_id)}
    async with database.unit_of_work() as db:
        shipping = Shipping(work[company.warehouse.id].id, parcels=(ParcelInput("dhl", TRACKING),))
        await ship(db, shipping, now=db.now, how=How(accepts_open=True))
    await drain()
    clock.advance(days=2)
    await _said(database, order_id)
    clock.advance(days=19)
    await _troubled(database, order_id, clock)
    await drain()
    order = await order_of(database, order_id)
    async with database.unit_of_work() as db:
        task = NewCase(CaseKind.MANUAL, str(new_id()), order_id, {"text": "0800 12 34"})
        case_id = (await care.open_case(db, task, now=db.now)).id
        assert order.customer_id is not None
        await listing.list_customer(db, order.customer_id, blocked=False, reason="10 × 100 %", until=None)
        line = sa.select(OrderLine.id).where(OrderLine.order_id == order_id).order_by(OrderLine.position).limit(1)
        line_id = (await db.scalars(line)).one()
    await drain()
    return Lived(order.number, order_id, order.customer_id, line_id, case_id)


async def people(database: Database) -> None:
    """A lead who reads German, and one who reads English."""
    async with database.unit_of_work() as db:
        for language, name in (("de", "Clara Behrens"), ("en", "Rose Hart")):
            await make_user(db, role=Role.CARE_LEAD, email=f"{language}@care.example", name=name, language=language)


async def _shop(database: Database) -> Company:
    company = await make_company(
        database, payment_methods=["CARD", "ON_ACCOUNT"], settings=DUNNING, name="Nordlicht", languages=["de", "en"]
    )
    async with database.unit_of_work() as db:
        parka = await make_product(db, name="Parka")
        small, middle, large = [await make_variant(db, sku=f"P{size}", product=parka) for size in (38, 40, 44)]
        for variant in (small, middle, large):
            await make_price(db, company.channel, variant, 2000)
        graz = await make_location(db, code="graz", name="Graz", latitude=47.07, longitude=15.44, can_pickup=True)
        await make_tariff(db, location_id=graz.id, parcel_cents=900)
    for where, variant, pieces in (
        (company.warehouse.id, small, 9), (company.warehouse.id, middle, 9), (graz.id, large, 3), (graz.id, middle, 1)
    ):  # fmt: skip
        await put_stock(database, where, variant.id, pieces)
    return company


async def _said(database: Database, order_id: UUID) -> None:
    """The parcel came; a call with a follow-up, and a mail that came in."""
    number = (await order_of(database, order_id)).number
    async with database.unit_of_work() as db:
        await record_delivery(db, Delivery(tracking_number=TRACKING), now=db.now)
        follow = NewContact(
            channel=ContactChannel.PHONE, direction=Direction.INBOUND, topic="0800 12 34", text="12:30 ✓",
            order_id=order_id, follow_up_on=db.now.date(),
        )  # fmt: skip
        await contacts.log_contact(db, follow, now=db.now)
        mail = Mail("greta@fock.example", f"Re: {number}", "38 → 40?", "<1@fock.example>", [])
        await receive(db, mail, now=db.now)


async def _troubled(database: Database, order_id: UUID, clock: StandingClock) -> None:
    """What went wrong, and what was done about it."""
    await opened_claim(database, order_id, ClaimKind.MISSING, note="1/4")
    await exchanged(database, order_id, "P38", "P40")
    await disputed(database, order_id, clock)
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        wish = GoodwillWish(GoodwillForm.VOUCHER, 500, GoodwillReason.LATE)
        await grant_goodwill(db, order, wish, now=db.now)
        orders.place_hold(db, order, kind=HoldKind.RISK, reason="risk review", now=db.now)
        await request_refund(db, order, kind="CORRECTION", amount=250, reason="2,50", source_key="hand/1", now=db.now)
