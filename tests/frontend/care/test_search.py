"""Finding a caller and knowing them, in the browser: steps counted, by keyboard alone, narrow, dark and in German."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.async_api import expect

from factories.intake import Company, order_input, place
from frontend.care.desk import LEAD, Steps, opened
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.auth.models import User
from kontor.core.db import Database
from kontor.orders.intake import CustomerInput
from kontor.orders.models import Order
from kontor.orders.states import OrderState

pytestmark = pytest.mark.engine("sqlite")

GRETA = CustomerInput("Greta Fock", "greta@fock.example", phone="+49 40 778899")
TWIN = CustomerInput("Greta Fock", "g.fock@mail.example")


async def orders(database: Database, company: Company, *, closed: bool = False) -> list[str]:
    """Two orders of Greta and one of somebody of the same name; their numbers."""
    given = [
        order_input(company.channel, ("LAMP", 1), customer=who, external_id=f"web-{n}")
        for n, who in enumerate((GRETA, GRETA, TWIN))
    ]
    await place(database, company, *given)
    async with database.unit_of_work() as db:
        if closed:
            await db.execute(sa.update(Order).values(state=OrderState.CLOSED))
        return list(await db.scalars(sa.select(Order.number).order_by(Order.number)))


async def test_a_caller_is_found_in_one_step_by_whatever_they_know(
    database: Database, site: Site, company: Company
) -> None:
    numbers = await orders(database, company)
    page = await opened(site)
    await expect(page.get_by_role("heading", name="Who is calling?")).to_be_visible()
    assert await faults(page) == []
    box = page.get_by_role("searchbox")
    # A number and Enter: the order.
    step = Steps(1)
    await box.fill(numbers[0])
    await step.press(page, "Enter")
    await expect(page.get_by_role("heading", name=numbers[0])).to_be_visible()
    # A name with a slip: everybody it may be, with their orders below; one click opens the order.
    await page.goto("/care")
    step = Steps(1)
    await box.fill("greta fok")
    await expect(page.get_by_text("It stands nowhere like this")).to_be_visible()
    assert await faults(page) == []
    await step.click(page.get_by_role("link", name=f"Order {numbers[1]}"))
    await expect(page.get_by_role("heading", name=numbers[1])).to_be_visible()
    # What the telephone system opens: nothing is to be done at all.
    await page.goto("/care/?q=%2B494077%2088-99")
    await expect(page.get_by_role("heading", name="Greta Fock")).to_be_visible()
    await expect(page.get_by_text("Nothing was said yet.")).to_be_visible()  # the latest contacts are there, too
    await page.goto("/care")
    await expect(page.get_by_role("link", name="Greta Fock greta@fock.example")).to_be_visible()
    # Nobody: what else to ask for.
    await box.fill("nobody at all")
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await box.fill("%%%")
    await expect(page.get_by_text("at least two letters")).to_be_visible()
    assert await faults(page) == []


async def test_search_by_keyboard_narrow_dark_and_german(database: Database, site: Site, company: Company) -> None:
    await orders(database, company)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(User).values(language="de"))
    page = await opened(site, size=NARROW, dark=True, language="de-DE")
    await page.keyboard.type("fock")
    await expect(page.get_by_role("link", name="Greta Fock")).to_have_count(2)
    assert (await faults(page), await overflows(page)) == ([], False)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Greta Fock")).to_be_visible()
    await expect(page.get_by_role("heading", name="Bestellungen")).to_be_visible()
    assert (await faults(page), await overflows(page)) == ([], False)
    await page.keyboard.press("o")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/care/orders/"))


async def test_a_lead_merges_exports_lists_and_erases_a_customer(
    database: Database, site: Site, company: Company
) -> None:
    await orders(database, company, closed=True)
    page = await opened(site, "/care/?q=greta@fock.example", who=LEAD)
    await expect(page.get_by_role("heading", name="Greta Fock", exact=True)).to_be_visible()
    await expect(page.get_by_text("2 orders")).to_be_visible()
    # Merge: open, search, choose, confirm.
    step = Steps(4)
    await step.click(page.get_by_role("button", name="Merge …"))
    await expect(page.get_by_role("dialog").get_by_role("searchbox")).to_be_focused()
    await step.press(page, "Enter")
    await step.click(page.get_by_role("dialog").get_by_role("button", name="g.fock@mail.example"))
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("group", name="Email")).to_be_visible()
    assert await faults(page) == []
    await step.click(dialog.get_by_role("button", name="Merge"))
    await expect(page.get_by_text("3 orders")).to_be_visible()
    await expect(page.get_by_text("Merged from")).to_be_visible()
    # A consent is given by one click and taken back by the toast.
    await page.get_by_role("button", name="Give Newsletter").click()
    await expect(page.get_by_text("Newsletter: given", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Undo").first.click()
    await expect(page.get_by_text("Newsletter: taken back", exact=True)).to_be_visible()
    # Block with a reason.
    await page.get_by_role("button", name="Block or trust …").click()
    await dialog.get_by_label("Reason").fill("three parcels refused")
    assert await faults(page) == []
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Mail address blocked: three parcels refused")).to_be_visible()
    # Erasing asks, says what goes and what stays; then nobody is found.
    await page.get_by_role("button", name="Erase …").click()
    await expect(dialog.get_by_text("This cannot be taken back.")).to_be_visible()
    assert await faults(page) == []
    await dialog.get_by_label("Reason").fill("asked by mail")
    await dialog.get_by_role("button", name="Erase for good").click()
    await expect(page.get_by_role("heading", name="Erased customer")).to_be_visible()
    assert await faults(page) == []
    await page.goto("/care/?q=greta@fock.example")
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
