"""A dropshipper's day by pointer and by keyboard: decide many at once, walk the shelves, pack by scanner."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect
from pypdf import PdfReader

from factories.catalog import make_variant
from factories.fulfillment import pieces_of, released, rows_of, stock_of
from factories.intake import Company, put_stock
from frontend.test_portal_orders import inbox, state_of, supplier
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.core.db import Database
from kontor.fulfillment.answering import Acceptance, accept
from kontor.fulfillment.canceling import answer_cancellation
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.inventory.service import set_shelf
from kontor.locations.models import StockLocation
from kontor.orders import queries as orders
from kontor.orders import service
from kontor.orders.states import HoldKind
from support import Drain

pytestmark = pytest.mark.engine("sqlite")
S = FulfillmentState
GTIN = "4006381333931"
SSCC = ("00006141411234567890", "00340434161094042557", "RR473124829GB")
_COUNT = "() => { window.steps = 0; addEventListener('pointerdown', () => { window.steps += 1; }, true); }"


async def two_articles(database: Database, *, orders: int) -> tuple[Company, str, list[tuple[UUID, UUID]]]:
    """A partner with orders of two lamps and a cap each: the company, the email, (order, work) of each."""
    company, email = await supplier(database)
    async with database.unit_of_work() as db:
        cap = await make_variant(db, sku="CAP", gtin=GTIN)
        place = (await db.scalars(sa.select(StockLocation.id).where(StockLocation.code == "ds"))).one()
    await put_stock(database, place, cap.id, 100)
    return company, email, [await released(database, company, ("LAMP", 2), ("CAP", 1)) for _ in range(orders)]


async def taken_on(database: Database, work: list[tuple[UUID, UUID]]) -> None:
    async with database.unit_of_work() as db:
        for _, row_id in work:
            await accept(db, Acceptance(row_id), now=db.now)


async def number_of(database: Database, row_id: UUID) -> str:
    async with database.read_only() as db:
        return (await db.get_one(FulfillmentOrder, row_id)).number


async def steps(page: Page) -> int:
    """Presses of the pointer since they are counted."""
    counted: int = await page.evaluate("window.steps")
    return counted


async def printed(page: Page, popup: Page, drain: Drain) -> PdfReader:
    """The file in the tab that opened."""
    await popup.wait_for_url("**/files/print/**", wait_until="commit")
    assert await drain() == []
    answer = await page.context.request.get(popup.url)
    assert answer.headers["content-type"] == "application/pdf"
    return PdfReader(io.BytesIO(await answer.body()))


async def scan(page: Page, *codes: str, delay: float = 5, enter: bool = True) -> None:
    for code in codes:
        await page.keyboard.type(code, delay=delay)
        if enter:
            await page.keyboard.press("Enter")


async def test_twenty_orders_are_accepted_and_printed_in_three_steps_and_taken_back(
    database: Database, site: Site, drain: Drain
) -> None:
    _, email, work = await two_articles(database, orders=20)
    page = await inbox(site, email)
    await expect(page.get_by_role("row", name="Hamburg")).to_have_count(20)
    await taken_on(database, work[:1])  # somebody else was quicker
    await page.evaluate(_COUNT)
    await page.get_by_label("Select all").check()
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Accept and print").click()
    assert await steps(page) + 1 <= 3  # the print dialog counts one
    assert await faults(page) == []
    await expect(page.get_by_role("status").filter(has_text="19 orders are accepted")).to_be_visible()
    await expect(page.get_by_role("alert").filter(has_text=await number_of(database, work[0][1]))).to_be_visible()
    assert [await state_of(database, order_id) for order_id, _ in work] == [[S.ACCEPTED]] * 20
    await page.get_by_text("Recent action").click()
    await page.locator(".recent").get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("status").filter(has_text="19 orders wait again")).to_be_visible()
    assert [await state_of(database, order_id) for order_id, _ in work] == [[S.ACCEPTED], *[[S.OPEN]] * 19]
    pdf = await printed(page, await opened.value, drain)
    text = "".join(sheet.extract_text() for sheet in pdf.pages)
    numbers = [await number_of(database, row_id) for _, row_id in work]
    assert len(pdf.pages) >= 20
    assert [number for number in numbers if number not in text] == numbers[:1]


async def test_what_fails_stays_selected_with_its_reason(database: Database, site: Site) -> None:
    _, email, work = await two_articles(database, orders=2)
    page = await inbox(site, email)
    rows = page.get_by_role("row", name="Hamburg")
    await expect(rows).to_have_count(2)
    await rows.first.focus()
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.get_by_text("2 selected")).to_be_visible()
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, work[0][0])
        service.place_hold(db, order, kind=HoldKind.MANUAL, reason="stop", now=db.now)
    await page.get_by_role("button", name="Accept", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("1 selected")).to_be_visible()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("on hold")
    await page.keyboard.press("?")
    await expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    assert await faults(page) == []


async def test_line_is_rejected_in_two_steps_and_its_article_is_sold_out(database: Database, site: Site) -> None:
    _, email, work = await two_articles(database, orders=1)
    page = await inbox(site, email)
    await page.get_by_role("row", name="Hamburg").click()
    await expect(page.get_by_role("button", name="Reject CAP …")).to_be_visible()
    await page.evaluate(_COUNT)
    await page.get_by_role("button", name="Reject CAP …").click()
    await expect(page.get_by_text("CAP: 99 → 0")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("button", name="Out of stock").click()
    assert await steps(page) <= 2
    await expect(page.get_by_role("status").filter(has_text="rejected")).to_be_visible()
    rows = await rows_of(database, work[0][0])
    assert [row.state for row in rows] == [S.OPEN, S.REJECTED]
    (line,) = await pieces_of(database, rows[1].id)
    assert await stock_of(database, rows[1].location_id, line.variant_id) == (0, 0, 0)
    await page.get_by_text("Recent action").click()
    await page.locator(".recent").get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("status").filter(has_text="waits again")).to_be_visible()
    assert await stock_of(database, rows[1].location_id, line.variant_id) == (100, 1, 0)


async def test_view_is_kept_shared_and_counted_and_the_talk_goes_on(database: Database, site: Site) -> None:
    _, email, _ = await two_articles(database, orders=3)
    page = await inbox(site, email)
    await page.get_by_role("button", name="Filters").click()
    await page.get_by_label("Article").fill("CAP")
    await page.get_by_label("Article").press("Tab")
    await expect(page).to_have_url(f"{site.address}/portal/orders?article=CAP")
    await page.get_by_role("button", name="Keep this view").click()
    await page.get_by_label("Name of the view").fill("Caps")
    await page.get_by_label("For the whole team").check()
    assert await faults(page) == []
    await page.keyboard.press("Enter")
    await page.goto("/portal/orders?tab=all")
    await expect(page.get_by_role("link", name="Caps 3")).to_be_visible()
    await page.get_by_role("link", name="Caps 3").click()
    await expect(page.get_by_role("row", name="Hamburg")).to_have_count(3)
    async with page.expect_download() as loaded:
        await page.get_by_label("Select all").check()
        await page.get_by_role("button", name="Save as CSV").click()
    text = (await (await loaded.value).path()).read_text(encoding="utf-8-sig")
    assert text.startswith("Order,Customer order,Status,Due,City")
    assert len(text.splitlines()) == 7
    await page.get_by_role("row", name="Hamburg").first.click()
    await page.get_by_text("Messages (0)").click()
    await page.get_by_label("Message to the retailer").fill("Which color?")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_text("Messages (1)")).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_label("What would you like to do?").fill("pick")
    assert await faults(page) == []
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Pick list")).to_be_visible()


async def test_shelves_are_walked_once_for_all_orders(database: Database, site: Site, drain: Drain) -> None:
    _, email, work = await two_articles(database, orders=3)
    await taken_on(database, work)
    async with database.unit_of_work() as db:
        await set_shelf(db, "ds", "LAMP", shelf="B-02")
        await set_shelf(db, "ds", "CAP", shelf="A-10")
    page = await inbox(site, email)
    await page.evaluate(_COUNT)
    await page.get_by_role("link", name="To pack").click()
    await page.get_by_label("Select all").check()
    await page.get_by_role("button", name="Pick list", exact=True).click()
    assert await steps(page) <= 3
    rows = page.locator(".pick")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("A-10")
    await expect(rows.nth(0)).to_contain_text("×3")
    await expect(rows.nth(1)).to_contain_text("×6")
    async with page.expect_popup() as opened:
        await page.get_by_role("button", name="Print the list").click()
    pdf = await printed(page, await opened.value, drain)
    sheet = pdf.pages[0].extract_text()
    assert sheet.index("A-10") < sheet.index("B-02")
    await rows.nth(1).get_by_role("checkbox").focus()
    await page.keyboard.press("Space")
    await expect(rows.nth(1)).to_contain_text("6/6")
    await scan(page, GTIN, "NONSENSE")
    await expect(rows.nth(0)).to_contain_text("1/3")
    await expect(page.get_by_role("alert").filter(has_text="NONSENSE is not on this list")).to_be_visible()
    assert await faults(page) == []
    await expect(page.get_by_text("7 of 9 pieces")).to_be_visible()
    async with database.unit_of_work() as db:
        row = await db.get_one(FulfillmentOrder, work[0][1])
        row.cancel_requested, row.updated_at = True, db.now
    async with database.unit_of_work() as db:
        await answer_cancellation(db, work[0][1], agreed=True, now=db.now)
    await page.reload()
    await expect(page.get_by_text("Canceled: put 2 pieces back")).to_be_visible()
    await rows.filter(has_text="CAP").filter(has_text="/2").get_by_role("button", name="Some of CAP").click()
    await page.get_by_role("button", name="Damaged").click()
    await expect(page.get_by_role("status").filter(has_text="rejected").first).to_be_visible()


async def test_two_scans_ship_an_order_and_none_of_twenty_is_lost(database: Database, site: Site) -> None:
    company, email, work = await two_articles(database, orders=3)
    work.append(await released(database, company, ("LAMP", 20)))
    await taken_on(database, work)
    page = await inbox(site, email)
    await page.goto("/portal/pack")
    await expect(page.get_by_text("4 to pack")).to_be_visible()
    numbers = [await number_of(database, row_id) for _, row_id in work]
    await page.evaluate(_COUNT)
    await scan(page, numbers[0], SSCC[0])
    await expect(page.get_by_role("status").filter(has_text="leaves in 60 seconds").first).to_be_visible()
    assert await steps(page) == 0
    assert await state_of(database, work[0][0]) == [S.SHIPPED]
    await expect(page.get_by_text("1 shipped")).to_be_visible()
    # The same parcel again, a wrong check digit: said, and nothing leaves.
    await scan(page, numbers[1], SSCC[0], "00006141411234567891")
    await expect(page.get_by_role("alert").filter(has_text="check digit")).to_be_visible()
    await expect(page.locator(".scans")).to_contain_text(f"belongs to {numbers[0]} already")
    assert await state_of(database, work[1][0]) == [S.ACCEPTED]
    assert await faults(page) == []
    # A part leaves, the rest stays open; it is taken back within its minute.
    await scan(page, GTIN)
    await expect(page.get_by_role("button", name="Ship 1 piece")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("2 shipped")).to_be_visible()
    assert await state_of(database, work[1][0]) == [S.SHIPPED, S.ACCEPTED]
    await page.get_by_role("button", name="Undo").last.click()
    await expect(page.get_by_role("status").filter(has_text="Taken back")).to_be_visible()
    assert await state_of(database, work[1][0]) == [S.PACKED, S.ACCEPTED]
    # Twenty scans in a row, the first while the order is still being looked up.
    await scan(page, numbers[3], *["LAMP"] * 20, delay=2)
    await expect(page.get_by_role("textbox", name="LAMP in the box")).to_have_value("20")
    said = await page.locator(".scans li").all_inner_texts()
    assert [text.split(": ")[1].split(" of")[0] for text in said[:20]] == [str(count) for count in range(20, 0, -1)]
    # Without Enter, on another keyboard layout: the number is found all the same.
    await page.evaluate("localStorage.removeItem('scanner')")
    await scan(page, numbers[2].replace("-", "ß"), enter=False, delay=0)
    await expect(page.get_by_role("heading", name=numbers[2])).to_be_visible()
    await page.evaluate("window.steps = 0")
    await page.get_by_role("button", name="Another parcel").click()
    await scan(page, SSCC[1], SSCC[2])
    await expect(page.get_by_text(f"{numbers[2]} leaves in 60 seconds").first).to_be_visible()
    assert await steps(page) <= 3
    async with database.read_only() as db:
        row = await db.get_one(FulfillmentOrder, work[2][1])
    assert row.state is S.SHIPPED


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_pages_of_work_are_free_of_faults_where_it_is_narrow(database: Database, site: Site, dark: bool) -> None:
    _, email, work = await two_articles(database, orders=2)
    async with database.unit_of_work() as db:
        await db.execute(sa.text("UPDATE user_account SET language = 'de'"))
    await taken_on(database, work)
    page = await inbox(site, email, size=NARROW, dark=dark, language="de-DE")
    addresses = ["/portal/orders?tab=pack", "/portal/orders?tab=problems", "/portal/pick", "/portal/pick?by=order"]
    addresses += [f"/portal/pack?order={work[0][1]}", f"/portal/orders?tab=all&q=nix&order={work[1][1]}"]
    for address in addresses:
        await page.goto(address)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await page.wait_for_load_state("networkidle")
        assert (await faults(page), await overflows(page)) == ([], False), address
    row: Any = page.get_by_role("row").filter(has_text="Hamburg").first
    await page.goto("/portal/orders?tab=pack")
    await expect(row.get_by_text("Zu packen")).to_be_in_viewport()
