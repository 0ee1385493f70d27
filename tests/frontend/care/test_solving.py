"""From a case to where it is decided: what is not available, came back, or could not be refunded, in few steps."""

from __future__ import annotations

import os
import re
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, Route, expect

from factories.catalog import make_product, make_variant
from factories.changes import lines_of
from factories.fulfillment import confirmed, order_of, released
from factories.intake import Company, make_company, put_stock
from factories.pricing import make_price
from factories.processes import make_store, order_one, ship_all
from frontend.care.desk import LEAD, Steps, opened, people
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.care import service, watching
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.care.values import CaseKind, NewCase
from kontor.catalog.models import ProductVariant
from kontor.changes.models import OrderChange
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.core.principal import SYSTEM
from kontor.fulfillment import stalling
from kontor.fulfillment.models import Parcel, Shipment
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import ParcelState
from kontor.locations.models import StockLocation
from kontor.notifications.models import Notification
from kontor.orders.intake import CustomerInput, LineInput, PaymentInput
from kontor.orders.queries import lock_order
from kontor.payments.service import request_refund
from kontor.returns.models import Return
from support import Drain

pytestmark = pytest.mark.engine("sqlite")
GRETA = CustomerInput("Greta Fock", "greta@fock.example")


async def seen(page: Page, name: str) -> None:
    """Free of faults in the state it is in; a picture of it where somebody wants to look."""
    assert (await faults(page), await overflows(page)) == ([], False)
    if folder := os.environ.get("KONTOR_PICTURES"):
        await page.screenshot(path=f"{folder}/solving-{name}.png", full_page=True)


async def shirts(database: Database) -> Company:
    """A shop that takes orders without stock: of shirts, size M is there."""
    company = await make_company(database, shortage=ShortagePolicy.TAKE)
    async with database.unit_of_work() as db:
        shirt = await make_product(db, name="Shirt")
        small, middle = [await make_variant(db, sku=f"SHIRT-{size}", product=shirt) for size in ("S", "M")]
        for variant in (small, middle):
            await make_price(db, company.channel, variant, 2000)
    await put_stock(database, company.warehouse.id, middle.id, 5)
    await people(database)
    return company


async def lamps(database: Database, company: Company) -> tuple[UUID, UUID]:
    """An order of two lamps that left in one parcel: its id and the parcel's."""
    order_id, work_id = await released(database, company, ("LAMP", 2), customer=GRETA)
    async with database.unit_of_work() as db:
        await ship(db, Shipping(work_id, parcels=(ParcelInput("dhl", "1"),)), now=db.now, how=How(accepts_open=True))
        (parcel_id,) = await db.scalars(sa.select(Parcel.id))
    return order_id, parcel_id


async def lacking(database: Database, order_id: UUID, kind: CaseKind, **facts: str) -> UUID:
    async with database.unit_of_work() as db:
        wanted = NewCase(kind, facts.get("parcel_id", str(order_id)), order_id, facts)
        return (await service.open_case(db, wanted, now=db.now)).id


async def state_of(database: Database, case_id: UUID) -> CaseState:
    async with database.read_only() as db:
        return (await db.get_one(Case, case_id)).state


async def test_what_is_not_available_is_waited_for_swapped_or_canceled_beside_its_case(
    database: Database, site: Site
) -> None:
    company = await shirts(database)
    order_id = await confirmed(database, company, LineInput("SHIRT-S", 3, 2000), customer=GRETA)
    async with database.read_only() as db:
        small = (await db.scalars(sa.select(ProductVariant).where(ProductVariant.sku == "SHIRT-S"))).one()
    await put_stock(database, company.warehouse.id, small.id, 5)  # nobody has looked since
    case_id = await lacking(database, order_id, CaseKind.UNALLOCATED)
    page = await opened(site, f"/care/queues?case={case_id}")
    offers = page.get_by_role("region", name="What can be offered")
    await expect(offers.get_by_text("5 there · not looked at since")).to_be_visible()
    await seen(page, "offers")
    steps, dialog = Steps(3), page.get_by_role("dialog")
    await steps.click(page.get_by_role("button", name="Take it"))
    await steps.click(offers.get_by_role("button", name="Wait until 16 Jun 2026"))
    await expect(dialog.get_by_label("Text")).to_have_value(re.compile(r"3 × Shirt[\s\S]*16\. Juni 2026"))
    await seen(page, "wait")
    await steps.click(dialog.get_by_role("button", name="Send and wait"))
    await expect(page.get_by_text("It waits until 16 Jun 2026")).to_be_visible()
    assert await state_of(database, case_id) is CaseState.WAITING
    async with database.read_only() as db:
        (mail,) = await db.scalars(sa.select(Notification).where(Notification.template == "personal"))
    assert mail.recipient == "greta@fock.example"
    steps = Steps(3)
    await steps.click(offers.get_by_role("button", name="Another article for"))
    await expect(dialog.get_by_label("Instead")).to_have_value("SHIRT-M")
    await expect(dialog.get_by_text("0 → 3").first).to_be_visible()
    await seen(page, "swap")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    # Given up by keyboard alone: Ctrl Enter means the dialog, not the case.
    await offers.get_by_role("button", name="Cancel").focus()
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_text("3 → 0").first).to_be_visible()
    await expect(dialog.get_by_text("Message to the customer:")).to_be_visible()
    await seen(page, "cancel")
    site.expected = ("ERR_FAILED",)
    await lose(page, "confirmOrderChange")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("The order is changed.")).to_be_visible()
    await expect(dialog).to_have_count(0)
    assert [line.canceled for line in await lines_of(database, order_id)] == [3]
    async with database.read_only() as db:  # the answer to the first try was lost, and nothing was done twice
        assert await db.scalar(sa.select(sa.func.count()).select_from(OrderChange)) == 1
    await expect(offers.get_by_text("Every piece has its stock by now.")).to_be_visible()


async def test_a_parcel_that_came_back_goes_out_again_to_another_address(
    database: Database, site: Site, company: Company
) -> None:
    order_id, _ = await lamps(database, company)
    number = (await order_of(database, order_id)).number
    page = await opened(site, f"/care/orders/{number}")
    steps, dialog = Steps(3), page.get_by_role("dialog")
    await steps.click(page.get_by_role("button", name="Report parcel 1"))
    await dialog.get_by_label("What became of it").select_option("RETURNED")
    await dialog.get_by_label("How you know").fill("Our warehouse has it")
    await seen(page, "report")
    await steps.click(dialog.get_by_role("button", name="Report", exact=True))
    await expect(page.get_by_role("region", name="Deliveries").get_by_text("comes back")).to_be_visible()
    async with database.unit_of_work() as db:
        await watching.raise_overdue(db, now=db.now)
        case_id = (await db.scalars(sa.select(Case.id))).one()
    await page.goto(f"/care/queues?case={case_id}")
    solve = page.get_by_role("region", name="Solve")
    await expect(solve.get_by_role("link", name="Ask the customer for the address")).to_be_visible()
    await expect(solve.get_by_text("A lead of customer care")).to_be_visible()
    steps = Steps(2)
    await steps.click(solve.get_by_role("button", name="Send again to"))
    await dialog.get_by_label("Street and number").fill("Kai 7")
    await expect(dialog.get_by_text("The order gets the new address.")).to_be_visible()
    await seen(page, "again")
    await steps.click(dialog.get_by_role("button", name="Send replacement"))
    await expect(page.get_by_text("the goods go to the new address")).to_be_visible()
    order = await order_of(database, order_id)
    assert (order.shipping_address or {})["street"] == "Kai 7"
    assert [(line.ordered, line.shipped) for line in await lines_of(database, order_id)] == [(2, 2), (2, 0)]
    async with database.unit_of_work() as db:
        await watching.settle_gone(db, now=db.now)
    assert await state_of(database, case_id) is CaseState.DONE


async def test_a_lead_takes_a_parcel_back_that_nobody_accepted(
    database: Database, site: Site, company: Company
) -> None:
    async with database.unit_of_work() as db:
        await db.execute(sa.update(StockLocation).values(accepts_returns=True))
    order_id, parcel_id = await lamps(database, company)
    async with database.unit_of_work() as db:
        await stalling.report_parcel(db, parcel_id, ParcelState.RETURNED, reason="", now=db.now, principal=SYSTEM)
    case_id = await lacking(database, order_id, CaseKind.UNDELIVERABLE, parcel_id=str(parcel_id))
    page = await opened(site, f"/care/queues?case={case_id}", who=LEAD, size=NARROW, dark=True)
    steps, dialog = Steps(2), page.get_by_role("dialog")
    await steps.click(page.get_by_role("button", name="Take back and refund"))
    await expect(dialog.get_by_text("€20.00").first).to_be_visible()
    await seen(page, "back")
    await steps.click(dialog.get_by_role("button", name="Take back and refund"))
    await expect(page.get_by_text("has arrived, the money goes back")).to_be_visible()
    async with database.unit_of_work() as db:
        assert [str(found.state) for found in await db.scalars(sa.select(Return))] == ["INSPECTED"]
        await watching.settle_gone(db, now=db.now)
    assert await state_of(database, case_id) is CaseState.DONE


async def test_a_refund_that_failed_is_tried_again_and_paid_by_transfer(
    database: Database, site: Site, drain: Drain
) -> None:
    company, variant = await make_store(database)
    paid = (PaymentInput("CARD", 3000, token="tok_refund_declined"),)
    order_id = await order_one(database, company, variant, 3, payments=paid, customer=GRETA)
    await drain()
    await ship_all(database, order_id)
    await drain()
    async with database.unit_of_work() as db:
        wish: Any = {"kind": "CORRECTION", "amount": 1000, "reason": "Scratched", "source_key": "hand/1"}
        await request_refund(db, await lock_order(db, order_id), now=db.now, **wish)
        (shipment,) = await db.scalars(sa.select(Shipment))
    await drain()
    await people(database)
    async with database.read_only() as db:
        failed = (await db.scalars(sa.select(Case).where(Case.kind == "REFUND_FAILED"))).one()
    page = await opened(site, f"/care/queues?case={failed.id}", who=LEAD)
    dialog = page.get_by_role("dialog")
    await expect(page.get_by_text("€10.00 could not be refunded.")).to_be_visible()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("The refund is tried again.")).to_be_visible()
    await drain()
    # It fails again; beside the money of the order it is paid by transfer.
    await page.goto(f"/care/orders/{(await order_of(database, order_id)).number}")
    steps = Steps(3)
    await steps.click(page.get_by_role("button", name="Pay by transfer"))
    await expect(dialog.get_by_label("Account holder")).to_have_value("Greta Fock")
    await dialog.get_by_label("IBAN").fill("DE89 3704 0044 0532 0130 01")
    await steps.click(dialog.get_by_role("button", name="Pay", exact=True))
    await expect(dialog.get_by_role("link", name="IBAN: That is no valid IBAN.")).to_be_visible()
    await seen(page, "transfer")
    await dialog.get_by_label("IBAN").fill("DE89 3704 0044 0532 0130 00")
    await steps.click(dialog.get_by_role("button", name="Pay", exact=True))
    await expect(page.get_by_text("€10.00 go by transfer.")).to_be_visible()
    await expect(page.get_by_text("could not be refunded")).to_have_count(0)
    await drain()
    assert await state_of(database, failed.id) is CaseState.DONE
    # Late goods: each way leads to its page, where the form is begun, and back.
    late = await lacking(database, order_id, CaseKind.LATE, shipment_id=str(shipment.id))
    await page.goto(f"/care/queues?case={late}")
    solve = page.get_by_role("region", name="Solve")
    await expect(solve.get_by_role("link")).to_have_count(3)
    await solve.get_by_role("link", name="Send again").click()
    await expect(page.get_by_label("What is wrong")).to_have_value("MISSING")
    await expect(page.get_by_label("The customer gets")).to_have_value("REPLACEMENT")
    await expect(page.get_by_label("Who bears the cost")).to_have_value("CARRIER")
    await expect(page.get_by_label("Pieces of")).to_have_value("3")
    await page.get_by_role("link", name="Back to the case").click()
    await solve.get_by_role("link", name="Compensate").click()
    await expect(page.get_by_label("What for")).to_have_value("LATE")
    await page.get_by_role("link", name="Back to the case").click()
    await solve.get_by_role("link", name="Inform the customer").click()
    await expect(page.get_by_label("Topic")).to_have_value(re.compile("Verzögerung"))
    await expect(page.get_by_label("Text", exact=True)).to_have_value(re.compile("3 × "))
    await seen(page, "inform")


async def lose(page: Page, operation: str) -> None:
    """The first answer to a mutation is lost after the server has acted."""
    lost: list[str] = []

    async def answer(route: Route) -> None:
        if operation in (route.request.post_data or "") and not lost:
            lost.append(operation)
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/graphql", answer)
