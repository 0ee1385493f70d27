"""The dropshipper's inbox: see, decide and send without leaving the list, by pointer and by keyboard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from factories.auth import make_user
from factories.catalog import make_variant
from factories.fulfillment import released, rows_of
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from frontend.visiting import NARROW, WIDE, Site, faults, overflows
from kontor.auth.permissions import Role
from kontor.core.db import Database
from kontor.fulfillment.states import FulfillmentState
from kontor.locations.models import LocationKind

pytestmark = pytest.mark.engine("sqlite")


async def supplier(database: Database, language: str = "en") -> tuple[Company, str]:
    """A partner with lamps and somebody who signs in for it: the company and the email."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        partner = await make_partner(db)
        place = await make_location(db, kind=LocationKind.DROPSHIPPER, code="ds", partner_id=partner.id)
        await make_tariff(db, location_id=place.id)
        user = await make_user(
            db, role=Role.DROPSHIPPER, partner_id=partner.id, name="Kim", email="kim@ds.example", language=language
        )
    await put_stock(database, place.id, variant.id, 100)
    return company, user.email


async def state_of(database: Database, order_id: UUID) -> list[FulfillmentState]:
    return [row.state for row in await rows_of(database, order_id)]


async def inbox(site: Site, email: str, **looks: Any) -> Page:
    page = await site.visit("/portal", **looks)
    await site.sign_in(page, email)
    return page


async def test_wrong_password_is_said_at_the_form_and_the_right_one_leads_to_the_inbox(
    database: Database, site: Site
) -> None:
    _, email = await supplier(database)
    site.expected = ("401",)
    page = await site.visit("/portal")
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("alert")).to_contain_text("password")
    assert await faults(page) == []
    await expect(page.get_by_label("Email")).to_have_value(email)
    await site.sign_in(page, email)
    await expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    await expect(page).to_have_url(f"{site.address}/portal/orders")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Password")).to_be_visible()


async def test_order_is_accepted_and_shipped_in_four_clicks(database: Database, site: Site) -> None:
    company, email = await supplier(database)
    order_id, _ = await released(database, company, ("LAMP", 2))
    page = await inbox(site, email)
    await page.get_by_role("row", name="Hamburg").click()
    await page.get_by_role("button", name="Accept all").click()
    await expect(page.get_by_role("status").filter(has_text="accepted")).to_be_visible()
    assert await state_of(database, order_id) == [FulfillmentState.ACCEPTED]
    await page.get_by_label("Carrier").fill("DHL")
    await page.get_by_label("Tracking number").fill("00340434161094042557")
    await page.get_by_role("button", name="Ship", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="leaves in 60 seconds")).to_be_visible()
    await expect(page.get_by_text("00340434161094042557")).to_be_visible()
    assert await state_of(database, order_id) == [FulfillmentState.SHIPPED]
    await page.get_by_role("button", name="Undo").last.click()
    await expect(page.get_by_role("status").filter(has_text="Taken back")).to_be_visible()
    assert await state_of(database, order_id) == [FulfillmentState.PACKED]


async def test_order_is_accepted_and_shipped_by_keyboard_alone(database: Database, site: Site) -> None:
    company, email = await supplier(database)
    for _ in range(2):
        await released(database, company, ("LAMP", 1))
    page = await inbox(site, email)
    rows = page.get_by_role("row", name="Hamburg")
    await expect(rows).to_have_count(2)
    await rows.first.focus()
    await page.keyboard.press("j")
    await expect(rows.nth(1)).to_be_focused()
    await page.keyboard.press("k")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    heading = page.get_by_role("complementary").get_by_role("heading").first
    await expect(heading).to_be_focused()
    for _ in range(3):
        await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Accept all")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Carrier")).to_be_visible()
    await page.get_by_label("Tracking number").focus()
    await page.keyboard.type("7777")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("7777")).to_be_visible()


async def test_some_pieces_are_rejected_with_a_reason(database: Database, site: Site) -> None:
    company, email = await supplier(database)
    order_id, _ = await released(database, company, ("LAMP", 3))
    page = await inbox(site, email)
    await page.get_by_role("row", name="Hamburg").click()
    await page.get_by_role("button", name="Piece by piece …").click()
    await page.get_by_role("textbox", name="Reject").fill("2")
    await expect(page.get_by_role("textbox", name="Send now")).to_have_value("1")
    await page.get_by_role("button", name="Send now: one less").click()
    await page.get_by_label("Why?").select_option("DAMAGED")
    assert await faults(page) == []
    await page.get_by_role("button", name="Answer like this").click()
    await expect(page.get_by_role("status").filter(has_text="answered")).to_be_visible()
    rows = await rows_of(database, order_id)
    assert FulfillmentState.REJECTED in [row.state for row in rows]
    assert FulfillmentState.OPEN in [row.state for row in rows]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_inbox_and_panel_are_free_of_faults(database: Database, site: Site, dark: bool, size: Any) -> None:
    company, email = await supplier(database, language="de")
    await released(database, company, ("LAMP", 3))
    page = await inbox(site, email, dark=dark, size=size, language="de-AT")
    await expect(page.get_by_role("heading", name="Aufträge")).to_be_visible()
    await expect(page.get_by_role("row", name="Hamburg")).to_be_visible()
    assert await faults(page) == []
    assert not await overflows(page)
    await page.get_by_role("row", name="Hamburg").click()
    await expect(page.get_by_role("button", name="Alles annehmen")).to_be_visible()
    assert await faults(page) == []
    assert not await overflows(page)


async def test_search_that_finds_nothing_says_what_hides_the_orders(database: Database, site: Site) -> None:
    company, email = await supplier(database)
    await released(database, company, ("LAMP", 1))
    page = await inbox(site, email)
    await page.get_by_label("Order number").fill("nowhere")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="No order found")).to_be_visible()
    await page.get_by_role("link", name="Clear search").click()
    await expect(page.get_by_role("row", name="Hamburg")).to_be_visible()


async def test_server_that_is_away_is_said_and_asked_again(database: Database, site: Site) -> None:
    company, email = await supplier(database)
    await released(database, company, ("LAMP", 1))
    page = await inbox(site, email)
    await expect(page.get_by_role("row", name="Hamburg")).to_be_visible()
    site.expected = ("ERR_FAILED",)
    await page.route("**/graphql", lambda route: route.abort())
    await page.get_by_role("link", name="All").click()
    await expect(page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()
    assert await faults(page) == []
    await page.unroute("**/graphql")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("row", name="Hamburg")).to_be_visible()
