"""The frame of care: who may come in, where the keys lead, what stands where nothing is."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from factories.fulfillment import confirmed, order_of
from factories.intake import Company
from frontend.care.desk import OTHER, opened
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.core.db import Database

pytestmark = pytest.mark.engine("sqlite")


async def test_care_is_for_its_people_and_led_by_keys(database: Database, site: Site, company: Company) -> None:
    order = await order_of(database, await confirmed(database, company, ("LAMP", 2)))
    page = await opened(site, "/care/queues")
    await expect(page.get_by_role("heading", name="All done")).to_be_visible()
    assert await faults(page) == []
    await page.keyboard.press("g")
    await page.keyboard.press("s")
    await expect(page.get_by_role("heading", name="Who is calling?")).to_be_visible()
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.goto(f"/care/orders/{order.number}")
    await expect(page.get_by_role("heading", name=order.number)).to_be_visible()
    await expect(page).to_have_title(f"{order.number} · Kontor")
    await page.goto("/care/orders/nowhere")
    await expect(page.get_by_role("heading", name="There is no such order")).to_be_visible()
    await page.goto("/care/nothing/of/this")
    await expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    assert await faults(page) == []
    other = await opened(site, "/care/queues", who=OTHER, dark=True, size=NARROW)
    await expect(other.get_by_role("heading", name="You may not see this")).to_be_visible()
    assert (await faults(other), await overflows(other)) == ([], False)
