"""What is typed stays with whoever typed it: through refusals, failures, changes of colleagues and other sign-ins."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from playwright.async_api import Route, expect

from factories.auth import make_user
from factories.fulfillment import released
from frontend.test_portal_orders import inbox, state_of, supplier
from frontend.test_portal_work import number_of, scan, taken_on, two_articles
from frontend.visiting import Site
from kontor.auth.models import User
from kontor.auth.permissions import Role
from kontor.core.db import Database
from kontor.fulfillment.states import FulfillmentState
from kontor.partners.models import Partner

pytestmark = pytest.mark.engine("sqlite")
S = FulfillmentState


async def test_draft_keeps_what_was_typed_and_neither_reverts_nor_goes_to_others(
    database: Database, site: Site
) -> None:
    _, email = await supplier(database)
    page = await inbox(site, email)
    await page.goto("/portal/settings/company")
    await page.get_by_label("VAT ID").fill("DE136695976")
    async with database.unit_of_work() as db:  # a colleague saves another address and paper meanwhile
        await db.execute(sa.update(Partner).values(email="new@ds.example", settings={"label_paper": "100x150"}))
        partner_id = (await db.scalars(sa.select(User.partner_id).where(User.email == email))).one()
        other = await make_user(db, role=Role.DROPSHIPPER, partner_id=partner_id, name="Lee", email="lee@ds.example")
        await db.execute(sa.update(User).where(User.id == other.id).values(language="en"))
    await page.reload()
    await expect(page.get_by_label("VAT ID")).to_have_value("DE136695976")
    await expect(page.get_by_label("Mail address of the company")).to_have_value("new@ds.example")
    await expect(page.get_by_label("Paper of labels")).to_have_value("100x150")
    await page.context.clear_cookies()  # the session ran out
    site.expected = ("401",)
    await page.reload()
    await site.sign_in(page, email)
    await page.goto("/portal/settings/company")
    await expect(page.get_by_label("VAT ID")).to_have_value("DE136695976")
    await page.context.clear_cookies()
    await page.reload()
    await site.sign_in(page, other.email)
    await page.goto("/portal/settings/company")
    await expect(page.get_by_label("VAT ID")).to_have_value("")


async def test_reason_that_is_typed_stays_when_it_is_refused_and_cannot_be_read_again(
    database: Database, site: Site
) -> None:
    company, email = await supplier(database)
    await released(database, company, ("LAMP", 1))
    page = await inbox(site, email)
    await page.get_by_role("row", name="Hamburg").click()
    await page.get_by_role("button", name="Reject …").click()
    await page.get_by_label("Note", exact=True).fill("The box is wet")
    async with database.unit_of_work() as db:  # a colleague sent it back already
        await db.execute(sa.text("UPDATE fulfillment_order SET state = 'CANCELED'"))

    async def away(route: Route) -> None:
        await (route.abort() if "PortalOrder(" in (route.request.post_data or "") else route.continue_())

    site.expected = ("ERR_FAILED",)
    await page.route("**/graphql", away)
    await page.get_by_role("button", name="Other").click()
    panel = page.get_by_role("complementary")
    await expect(panel.get_by_role("button", name="Try again")).to_be_visible()
    await expect(page.get_by_label("Note", exact=True)).to_have_value("The box is wet")


async def test_undo_stays_as_long_as_pointer_or_focus_rest_on_it(database: Database, site: Site) -> None:
    company, email = await supplier(database)
    order_id, _ = await released(database, company, ("LAMP", 1))
    page = await inbox(site, email)
    await page.clock.install()
    await page.get_by_role("row", name="Hamburg").click()
    await page.get_by_role("button", name="Accept all").click()
    undo = page.locator(".toasts").get_by_role("button", name="Undo")
    await undo.focus()
    await undo.hover()
    await page.mouse.move(1, 1)
    await page.clock.fast_forward(30_000)
    await expect(undo).to_be_focused()
    await page.keyboard.press("Tab")  # to the button beside it
    await page.clock.fast_forward(30_000)
    await expect(undo).to_be_visible()
    await page.get_by_role("complementary").get_by_role("heading").first.focus()
    await page.clock.fast_forward(11_000)
    await expect(undo).to_have_count(0)
    assert await state_of(database, order_id) == [S.ACCEPTED]


async def test_answer_for_one_order_leaves_the_next_on_the_desk(database: Database, site: Site) -> None:
    """The button ships A while B is scanned: B is opened when A has left, and stays."""
    _, email, work = await two_articles(database, orders=2)
    await taken_on(database, work)
    first, second = [await number_of(database, row_id) for _, row_id in work]
    page = await inbox(site, email)
    await page.goto("/portal/pack")
    await expect(page.get_by_text("2 to pack")).to_be_visible()
    await scan(page, first, "4006381333931")
    await expect(page.get_by_role("button", name="Ship 1 piece")).to_be_visible()
    gate = asyncio.Event()

    async def slow(route: Route) -> None:
        if "PortalShip(" in (route.request.post_data or ""):
            await gate.wait()
        await route.continue_()

    await page.route("**/graphql", slow)
    await page.get_by_role("button", name="Ship 1 piece").click()
    await scan(page, second)
    gate.set()
    await expect(page.get_by_role("heading", name=second)).to_be_visible()
    await expect(page.get_by_text("1 shipped")).to_be_visible()
    await expect(page.get_by_role("heading", name=second)).to_be_visible()
    assert await state_of(database, work[0][0]) == [S.SHIPPED, S.ACCEPTED]
