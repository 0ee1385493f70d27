"""An order's page and its queues: everything without a step, the rest within its steps, followed as it changes."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from factories.catalog import make_variant
from factories.fulfillment import confirmed, order_of, released, rows_of
from factories.intake import Company, put_stock
from factories.locations import make_location, make_tariff
from frontend.care.desk import AGENT, LEAD, Steps, opened
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.auth.models import User
from kontor.care import service as care
from kontor.care.values import CaseKind, NewCase
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import FulfillmentState
from kontor.orders import queries as orders
from kontor.orders import service
from kontor.orders.states import HoldKind
from support import Drain

pytestmark = pytest.mark.engine("sqlite")


async def in_german(database: Database) -> None:
    async with database.unit_of_work() as db:
        for user in await db.scalars(sa.select(User)):
            user.language = "de"


async def held(database: Database, order_id: UUID, kind: HoldKind, reason: str) -> None:
    async with database.unit_of_work() as db:
        service.place_hold(db, await orders.lock_order(db, order_id), kind=kind, reason=reason, now=db.now)


async def test_order_tells_everything_and_follows_what_changes(
    database: Database, site: Site, company: Company, drain: Drain
) -> None:
    order_id, work_id = await released(database, company, ("LAMP", 2))
    async with database.unit_of_work() as db:
        how = How(accepts_open=True)
        await ship(db, Shipping(work_id, parcels=(ParcelInput("dhl", "00340434161094042557"),)), now=db.now, how=how)
    await drain()
    order = await order_of(database, order_id)
    page = await opened(site, f"/care/orders/{order.number}", who=LEAD)
    await expect(page.get_by_role("region", name="Deliveries")).to_contain_text("00340434161094042557")
    await expect(page.get_by_role("row", name="LAMP")).to_contain_text("shipped")
    timeline = page.get_by_role("region", name="Timeline")
    await expect(timeline.get_by_role("listitem").first).to_be_visible()
    await expect(timeline).to_contain_text("Order taken")
    assert await faults(page) == []
    await timeline.get_by_role("button", name="money").click()
    await expect(timeline).not_to_contain_text("Order taken")
    await expect(timeline).to_contain_text("Invoice")
    await timeline.get_by_role("button", name="all").click()

    resend = Steps(2)
    await resend.click(page.get_by_role("button", name="Send again: shipped"))
    await expect(page.get_by_role("status").filter(has_text="sent again")).to_be_visible()

    await page.get_by_role("button", name="Read: shipped").click()
    letter = page.get_by_role("dialog")
    await expect(letter).to_contain_text(order.number)  # word for word as it went out
    assert await faults(page) == []
    await page.keyboard.press("Escape")
    await expect(letter).to_have_count(0)

    site.clock.advance(minutes=1)
    await held(database, order_id, HoldKind.CUSTOMER, "Please wait for my neighbour")
    notice = page.get_by_text("Please wait for my neighbour").first
    await expect(notice).to_be_visible()  # nobody has looked anew
    await expect(timeline).to_contain_text("Held (customer)")
    await page.get_by_role("button", name="Release").click()
    await expect(page.get_by_role("button", name="Release")).to_have_count(0)

    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.keyboard.press("c")
    await expect(page.get_by_role("status").filter(has_text="clipboard")).to_be_visible()
    copied: str = await page.evaluate("navigator.clipboard.readText()")
    assert order.number in copied
    assert "00340434161094042557: on its way" in copied
    await timeline.locator("summary").first.focus()
    await page.keyboard.press("Enter")
    await expect(timeline.locator("details[open]")).to_contain_text("Clara Behrens")
    assert await faults(page) == []


async def test_two_agents_never_share_a_case_and_work_a_queue_by_keys(
    database: Database, site: Site, company: Company, drain: Drain
) -> None:
    order_id = await confirmed(database, company, ("LAMP", 1))
    await held(database, order_id, HoldKind.RISK, "First order, high amount")
    async with database.unit_of_work() as db:
        tasks = [NewCase(CaseKind.MANUAL, str(new_id()), None, {"text": f"Call number {each}"}) for each in (1, 2)]
        await care.open_cases(db, tasks, now=db.now)
    await drain()
    one = await opened(site, "/care/queues?queue=RISK", who=LEAD)
    await expect(one.get_by_role("row", name="Risk to be reviewed")).to_be_visible()
    assert await faults(one) == []
    work = Steps(3)
    await work.press(one, "t")
    panel = one.get_by_role("complementary", name="Risk to be reviewed")
    await expect(panel).to_contain_text("First order, high amount")
    await expect(panel).to_contain_text("taken, Clara Behrens")
    assert await faults(one) == []
    other = await opened(site, one.url.removeprefix(site.address))
    await expect(other.get_by_text("Clara Behrens looks after it.")).to_be_visible()
    for name in ("Done and next", "Release the order"):  # who may not decide about risks is not asked to
        await expect(other.get_by_role("button", name=name)).to_have_count(0)
    await work.click(panel.get_by_role("button", name="Release the order"))
    await expect(one.get_by_role("status").filter(has_text="hold is released")).to_be_visible()
    site.clock.advance(minutes=1)
    await drain()
    await expect(panel).to_contain_text("done")
    await one.goto("/care/queues")
    await expect(one.get_by_role("row", name="Task", exact=False).first).to_be_visible()
    await one.keyboard.press("t")
    await expect(one.get_by_role("complementary", name="Task")).to_contain_text("Call number")
    mine = await one.get_by_role("complementary", name="Task").inner_text()
    await other.goto("/care/queues")
    await expect(other.get_by_role("row", name="Task", exact=False).first).to_be_visible()
    await other.keyboard.press("t")
    theirs = other.get_by_role("complementary", name="Task")
    await expect(theirs).to_contain_text("Call number 1" if "Call number 2" in mine else "Call number 2")
    await one.get_by_label("Note").fill("Called back")
    await one.keyboard.press("Control+Enter")
    await expect(one.get_by_role("status").filter(has_text="Nothing is free here")).to_be_visible()
    await expect(one.get_by_role("table", name="Tasks").get_by_role("row", name="Cem Aydin")).to_be_visible()
    await other.keyboard.press("Control+Enter")
    await expect(other.get_by_role("heading", name="All done")).to_be_visible()
    assert await faults(other) == []


async def test_why_is_one_step_away_and_work_goes_elsewhere(database: Database, site: Site, company: Company) -> None:
    async with database.unit_of_work() as db:
        bulb = await make_variant(db, sku="BULB")
        graz = await make_location(db, code="graz", name="Graz", latitude=47.07, longitude=15.44)
        await make_tariff(db, location_id=graz.id, parcel_cents=900)
    for place in (graz.id, company.warehouse.id):
        await put_stock(database, place, bulb.id, 5)
    order_id, _ = await released(database, company, ("BULB", 1))
    number = (await order_of(database, order_id)).number
    page = await opened(site, f"/care/orders/{number}", who=LEAD)
    await expect(page.get_by_role("heading", name=number)).to_be_visible()
    why = Steps(1)
    await why.press(page, "w")
    await expect(page.get_by_role("heading", name="2 places considered")).to_be_visible()
    await expect(page.get_by_role("table", name="What it costs").last).to_contain_text("shipping")
    await expect(page.get_by_role("img", name="Map: comes from")).to_be_visible()
    places = page.get_by_role("table", name="Places on the map")
    await expect(places.get_by_role("row", name="Graz")).to_contain_text("second best")
    await expect(places.get_by_role("row", name="Hamburg").first).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("button", name="What if elsewhere?").click()
    await expect(page.get_by_role("button", name="Send to Graz")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("button", name="Send to Graz").click()
    await expect(page.get_by_role("button", name="Round 2")).to_have_attribute("aria-pressed", "true")
    rows = await rows_of(database, order_id)
    assert {(row.location_id, row.state is FulfillmentState.CANCELED) for row in rows} == {
        (company.warehouse.id, True),
        (graz.id, False),
    }
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("button", name="Round 1")).to_have_attribute("aria-pressed", "true")
    await in_german(database)
    narrow = await opened(site, f"/care/orders/{number}/why", who=AGENT, dark=True, size=NARROW, language="de-AT")
    await whole(narrow, "Gewählt")
    for path, heading in ((f"/care/orders/{number}", "Verlauf"), ("/care/queues", "Warteschlangen und Sperren")):
        await narrow.goto(path)
        await whole(narrow, heading)


async def whole(page: Page, heading: str) -> None:
    """The page is shown, without a fault, and no wider than its window."""
    await expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert (await faults(page), await overflows(page)) == ([], False)
