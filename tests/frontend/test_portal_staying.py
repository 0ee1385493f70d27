"""What is shown, typed and focused in the portal stays: through opening and closing, reading again and refusals."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.async_api import Route, expect

from factories.catalog import make_variant
from factories.fulfillment import released
from factories.intake import put_stock
from frontend.test_portal_orders import inbox, state_of, supplier
from frontend.visiting import Site
from kontor.core.db import Database
from kontor.fulfillment.answering import Acceptance, accept
from kontor.fulfillment.states import FulfillmentState
from kontor.locations.models import StockLocation

pytestmark = pytest.mark.engine("sqlite")
_WATCH = """() => { window.gone = false; new MutationObserver(() => {
  window.gone ||= !document.querySelector("tbody tr"); }).observe(document.body, {childList: true, subtree: true}); }"""


async def test_list_stays_while_an_order_opens_and_escape_leads_back_to_its_row(database: Database, site: Site) -> None:
    company, email = await supplier(database)
    for _ in range(2):
        await released(database, company, ("LAMP", 1))
    page = await inbox(site, email)
    row = page.get_by_role("row", name="Hamburg").nth(1)
    await row.focus()
    await page.evaluate(_WATCH)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("complementary").get_by_role("heading").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("complementary")).to_have_count(0)
    await expect(row).to_be_focused()
    assert await page.evaluate("window.gone") is False


async def test_skip_link_leads_to_the_content(database: Database, site: Site) -> None:
    _, email = await supplier(database)
    page = await inbox(site, email)
    await expect(page.get_by_role("heading", name="All new orders")).to_be_visible()
    await page.get_by_role("link", name="To the content").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()


async def test_focus_is_never_lost_to_a_button_that_goes(database: Database, site: Site) -> None:
    company, email = await supplier(database)
    await released(database, company, ("LAMP", 1))
    page = await inbox(site, email)
    await page.get_by_role("row", name="Hamburg").click()
    heading = page.get_by_role("complementary").get_by_role("heading").first
    await page.get_by_role("button", name="Reject …").click()
    await page.keyboard.press("Escape")
    await expect(heading).to_be_focused()
    await page.get_by_role("button", name="Accept all").click()
    await expect(page.get_by_label("Carrier")).to_be_visible()
    await expect(heading).to_be_focused()


async def test_shipment_is_taken_back_without_the_short_news(database: Database, site: Site) -> None:
    company, email = await supplier(database)
    order_id, _ = await released(database, company, ("LAMP", 1))
    page = await inbox(site, email)
    await page.get_by_role("row", name="Hamburg").click()
    await page.get_by_role("button", name="Accept all").click()
    await page.get_by_role("button", name="Ship", exact=True).click()
    await page.get_by_role("button", name="Take back").click()
    await expect(page.get_by_role("status").filter(has_text="Taken back")).to_be_visible()
    await expect(page.get_by_role("button", name="Take back")).to_have_count(0)
    assert await state_of(database, order_id) == [FulfillmentState.PACKED]


async def test_what_is_typed_stays_when_somebody_else_was_quicker(database: Database, site: Site) -> None:
    company, email = await supplier(database)
    async with database.unit_of_work() as db:
        cap = await make_variant(db, sku="CAP")
        place = (await db.scalars(sa.select(StockLocation.id).where(StockLocation.code == "ds"))).one()
    await put_stock(database, place, cap.id, 10)
    order_id, row_id = await released(database, company, ("LAMP", 3), ("CAP", 2))
    page = await inbox(site, email)
    await page.get_by_label("Order number").fill("typing")
    await page.get_by_role("row", name="Hamburg").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Piece by piece …").click()
    cap_lines = page.get_by_role("group", name="CAP")
    for kind in ("lamp (LAMP)", "lamp (CAP)"):
        await page.get_by_role("group", name=kind).get_by_role("textbox", name="Send now").fill("0")
    await page.get_by_role("button", name="Answer like this").click()
    await expect(page.get_by_role("alert").filter(has_text="at least one")).to_be_visible()
    await cap_lines.get_by_role("textbox", name="Reject").fill("2")
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    await page.get_by_role("button", name="Answer like this").click()
    await expect(page.locator(".toast")).to_be_visible()
    await expect(cap_lines.get_by_role("textbox", name="Reject")).to_have_value("2")
    await expect(page.get_by_label("Order number")).to_have_value("typing")
    assert await state_of(database, order_id) == [FulfillmentState.ACCEPTED]


async def test_who_gets_no_answer_is_told_that_something_may_have_changed(database: Database, site: Site) -> None:
    """The server has accepted, its answer is lost: nothing claims that nothing was changed."""
    company, email = await supplier(database)
    order_id, _ = await released(database, company, ("LAMP", 1))
    page = await inbox(site, email)
    await page.get_by_role("row", name="Hamburg").click()
    accept = page.get_by_role("button", name="Accept all")
    await expect(accept).to_be_visible()
    site.expected = ("ERR_FAILED",)

    async def lost(route: Route) -> None:
        if "PortalAccept" in (route.request.post_data or ""):
            await route.fetch()
        await route.abort()

    await page.route("**/graphql", lost)
    await accept.click()
    panel = page.get_by_role("complementary")
    await expect(panel.get_by_role("alert")).to_contain_text("may have been changed")
    await expect(page.locator(".toasts")).to_contain_text("may have been changed")
    await expect(panel.get_by_text("Nothing was changed")).to_have_count(0)
    await page.unroute("**/graphql")
    await panel.get_by_role("button", name="Try again").click()
    await expect(page.get_by_label("Carrier")).to_be_visible()
    assert await state_of(database, order_id) == [FulfillmentState.ACCEPTED]


async def test_title_names_the_page_and_a_failed_sign_out_is_told(database: Database, site: Site) -> None:
    _, email = await supplier(database)
    page = await inbox(site, email)
    await expect(page).to_have_title("Orders · Kontor")
    site.expected = ("ERR_FAILED",)
    await page.route("**/auth/sign-out", lambda route: route.abort())
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()
    await page.unroute("**/auth/sign-out")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Password")).to_be_visible()
    await expect(page).to_have_title("Kontor")
