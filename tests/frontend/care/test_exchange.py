"""Goods that arrived given for others: another size, and the right article for a wrong one, in their steps."""

from __future__ import annotations

import os

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from factories.changes import lines_of, sound
from factories.fulfillment import order_of
from factories.intake import Company
from factories.returns import delivered
from frontend.care.desk import Steps, opened
from frontend.care.test_change import stocked
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.core.db import Database
from kontor.exchanges.models import Exchange
from kontor.orders.intake import LineInput
from kontor.payments.models import Refund

pytestmark = pytest.mark.engine("sqlite")


async def seen(page: Page, name: str) -> None:
    """Free of faults in the state it is in; a picture of it where somebody wants to look."""
    assert (await faults(page), await overflows(page)) == ([], False)
    if folder := os.environ.get("KONTOR_PICTURES"):
        await page.screenshot(path=f"{folder}/exchange-{name}.png", full_page=True)


async def test_a_size_is_exchanged_and_a_wrong_article_replaced(
    database: Database, site: Site, company: Company
) -> None:
    await stocked(database, company)
    order_id = await delivered(database, company, LineInput("SHIRT-S", 2, 2000))
    number = (await order_of(database, order_id)).number
    page = await opened(site, f"/care/orders/{number}/change")
    steps = Steps(5)  # one of them says why
    await steps.click(page.get_by_role("button", name="Exchange Shirt"))
    choice = page.get_by_label("New article")
    await expect(choice.get_by_role("option", name="SHIRT-L")).to_have_count(0)  # is not to be had
    steps.taken += 1
    await choice.select_option("SHIRT-M")
    steps.taken += 1
    await page.get_by_label("Reason").select_option("too large")
    preview = page.get_by_role("region", name="Preview of the exchange")
    await expect(preview.get_by_text("€20.00 of it pays for the new goods")).to_be_visible()
    await expect(preview.get_by_text("kept until", exact=False)).to_be_visible()
    await seen(page, "size")
    await steps.click(preview.get_by_role("button", name="Agree to the exchange"))
    await expect(page.get_by_text("is agreed.", exact=False)).to_be_visible()
    assert [line.sku for line in await lines_of(database, order_id)] == ["SHIRT-S"]
    steps = Steps(4)
    await page.keyboard.press("x")
    steps.taken += 3  # the key, the article, and that nothing comes back
    await page.get_by_label("New article").select_option("SHIRT-S")
    await page.get_by_label("How").select_option("WITHOUT_RETURN")
    await expect(preview.get_by_text("Goods back by")).to_have_count(0)
    await expect(preview.get_by_text("€0.00").first).to_be_visible()
    await steps.click(preview.get_by_role("button", name="Agree to the exchange"))
    await expect(page.get_by_text("X" + number + "-2", exact=False)).to_be_visible()
    assert [line.sku for line in await lines_of(database, order_id)] == ["SHIRT-S", "SHIRT-S"]
    async with database.read_only() as db:
        reasons = await db.scalars(sa.select(Exchange.reason).order_by(Exchange.number))
        assert [str(each) for each in reasons] == ["TOO_LARGE", "WRONG_ITEM"]
        assert await db.scalar(sa.select(sa.func.count(Refund.id))) == 0
    await sound(database)
    page = await opened(site, f"/care/orders/{number}", dark=True, size=NARROW)
    part = page.get_by_role("region", name="Exchanges")
    await expect(part.get_by_text("agreed")).to_have_count(2)
    await seen(page, "order")
    await part.get_by_role("button", name="Call the exchange off").press("Enter")
    await expect(part.get_by_text("called off")).to_be_visible()
