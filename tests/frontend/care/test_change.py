"""The change workbench: what is previewed is done, in few steps, by pointer and by keys; what moved is told."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.async_api import Page, expect

from factories.catalog import make_product, make_variant
from factories.changes import changed, lines_of, money_of, sound
from factories.fulfillment import confirmed, order_of, rows_of, shipped, sourced
from factories.intake import Company, put_stock
from factories.locations import make_location
from factories.pricing import make_price
from frontend.care.desk import LEAD, Steps, opened
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.core.db import Database
from kontor.fulfillment.answering import Acceptance, accept
from kontor.orders.intake import ChargeInput, LineInput

pytestmark = pytest.mark.engine("sqlite")


async def stocked(database: Database, company: Company) -> None:
    """Shirts in three sizes, and a store that hands over."""
    async with database.unit_of_work() as db:
        shirt = await make_product(db, name="Shirt")
        variants = [await make_variant(db, sku=f"SHIRT-{size}", product=shirt) for size in ("S", "M", "L")]
        for variant in variants:
            await make_price(db, company.channel, variant, 2000)
        store = await make_location(db, kind="STORE", can_pickup=True, name="Store Linz")
    for variant in variants[:2]:
        await put_stock(database, company.warehouse.id, variant.id, 5)
        await put_stock(database, store.id, variant.id, 5)


async def seen(page: Page, name: str) -> None:
    """Free of faults in the state it is in; a picture of it where somebody wants to look."""
    assert (await faults(page), await overflows(page)) == ([], False)
    if folder := os.environ.get("KONTOR_PICTURES"):
        await page.screenshot(path=f"{folder}/change-{name}.png", full_page=True)


async def test_agent_takes_a_piece_off_and_swaps_a_size(database: Database, site: Site, company: Company) -> None:
    await stocked(database, company)
    order_id = await confirmed(
        database, company, LineInput("LAMP", 2, 1000), LineInput("SHIRT-S", 1, 2000),
        charges=(ChargeInput("SHIPPING", "DHL", 490),),
    )  # fmt: skip
    number = (await order_of(database, order_id)).number
    page = await opened(site, f"/care/orders/{number}/change")
    preview = page.get_by_role("region", name="Preview")
    await expect(preview.get_by_text("Nothing is changed yet.")).to_be_visible()
    await seen(page, "empty")
    steps = Steps(4)
    await steps.click(page.get_by_role("button", name="one less").first)
    await expect(preview.get_by_text("€34.90", exact=False)).to_be_visible()
    await expect(preview.get_by_text("Message to the customer:")).to_be_visible()
    sentence = page.get_by_label("Personal sentence")
    await sentence.fill("Sorry that it took so long.")
    await expect(preview.locator(".letter")).to_contain_text("Sorry that it took so long.")
    await seen(page, "piece")
    await steps.click(page.get_by_role("button", name="Confirm the change"))
    await expect(page.get_by_text("The order is changed.")).to_be_visible()
    await expect(sentence).to_have_value("")
    assert [line.canceled for line in await lines_of(database, order_id)] == [1, 0]
    steps = Steps(4)
    await steps.click(page.get_by_role("button", name="Swap").nth(1))
    choice = page.get_by_label("Instead")
    await expect(choice.locator("option")).to_have_count(2)  # size L is not to be had
    await choice.select_option("SHIRT-M")
    await expect(preview.get_by_text("wurde geändert", exact=False)).to_be_visible()
    await expect(preview.get_by_text("Still to pay")).to_have_count(0)
    await seen(page, "swap")
    await steps.click(page.get_by_role("button", name="Confirm the change"))
    await expect(preview.get_by_text("Nothing is changed yet.")).to_be_visible()
    assert [(line.sku, line.ordered - line.canceled) for line in await lines_of(database, order_id)] == [
        ("LAMP", 1), ("SHIRT-S", 0), ("SHIRT-M", 1),
    ]  # fmt: skip
    assert (await money_of(database, order_id)).owed == 3490
    await sound(database)


async def test_what_moved_meanwhile_is_told_and_keys_do_it_all(
    database: Database, site: Site, company: Company
) -> None:
    await stocked(database, company)
    order_id = await confirmed(database, company, LineInput("LAMP", 5, 1000))
    number = (await order_of(database, order_id)).number
    page = await opened(site, f"/care/orders/{number}", who=LEAD, dark=True, size=NARROW)
    await expect(page.get_by_role("heading", name=number)).to_be_visible()
    await page.get_by_role("link", name="Change").press("Enter")
    await expect(page).to_have_url(f"{page.url.split('/care')[0]}/care/orders/{number}/change")
    await page.get_by_role("button", name="one less").focus()
    await page.keyboard.press("Enter")
    preview = page.get_by_role("region", name="Preview")
    await expect(preview.get_by_text("€40.00", exact=False)).to_be_visible()
    await changed(database, order_id, add=[("SHIRT-S", 1)])
    await page.keyboard.press("Control+Enter")
    await expect(preview.get_by_text("Something has moved meanwhile", exact=False)).to_be_visible()
    await expect(preview.get_by_text("€40.00 → €60.00", exact=False)).to_be_visible()
    await seen(page, "stale")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("The order is changed.")).to_be_visible()
    assert [line.ordered - line.canceled for line in await lines_of(database, order_id)] == [4, 1]


async def test_a_place_that_has_begun_is_asked_and_an_ended_order_says_why(
    database: Database, site: Site, company: Company
) -> None:
    order_id = await confirmed(database, company, LineInput("LAMP", 3, 1000))
    number = (await order_of(database, order_id)).number
    await sourced(database, order_id)
    (row,) = await rows_of(database, order_id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row.id), now=db.now)
    page: Any = await opened(site, f"/care/orders/{number}/change")
    await page.get_by_role("button", name="one less").click()
    await expect(page.get_by_text("is asked about 1 piece", exact=False)).to_be_visible()
    await page.get_by_role("button", name="Confirm the change").click()
    await expect(page.get_by_text("A change waits until", exact=False)).to_be_visible()
    await seen(page, "waiting")
    await page.get_by_role("button", name="Wait no more").click()
    await expect(page.get_by_role("heading", name="Articles")).to_be_visible()
    gone, _ = await shipped(database, company, LineInput("LAMP", 1, 1000))
    await page.goto(f"/care/orders/{(await order_of(database, gone)).number}/change")
    await expect(page.get_by_role("heading", name="Exchange delivered goods")).to_be_visible()
    over = await confirmed(database, company, LineInput("LAMP", 1, 1000))
    await changed(database, over, keep={"LAMP": 0})
    await page.goto(f"/care/orders/{(await order_of(database, over)).number}/change")
    await expect(page.get_by_role("heading", name="Nothing can be changed here")).to_be_visible()
    await seen(page, "ended")
