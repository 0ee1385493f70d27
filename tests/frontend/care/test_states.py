"""What every page of care says while it waits, when something fails or is offline, and to who may not see it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, Route, expect

from factories.auth import make_user
from factories.fulfillment import confirmed, order_of
from factories.intake import Company
from frontend.care.desk import LEAD, opened
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.auth.permissions import Role
from kontor.core.db import Database

pytestmark = pytest.mark.engine("sqlite")
# Below the address of the order; what stands there when it has come.
OF_ORDER = {"": "Timeline", "/change": "Preview", "/refund": "Nothing can be given back", "/money": "All settled",
            "/contacts": "New contact", "/why": "Not routed yet"}  # fmt: skip
BROKEN = {"errors": [{"message": "It broke.", "path": [], "extensions": {"code": "INTERNAL_ERROR"}}]}


async def pages(database: Database, company: Company) -> dict[str, str]:
    """The addresses of all pages, each with a heading it has."""
    order = await order_of(database, await confirmed(database, company, ("LAMP", 2)))
    found = {f"/care/orders/{order.number}{rest}": heading for rest, heading in OF_ORDER.items()}
    found[f"/care/customers/{order.customer_id}"] = "Who is it"
    return {**found, "/care/queues": "Queues and holds", "/care/?q=lamp": "Nothing found"}


async def led(page: Page, address: str) -> None:
    """To an address as a link does, without loading everything anew."""
    await page.evaluate(
        """address => { const link = document.createElement("a"); link.href = address;
        document.querySelector("main").append(link); link.click(); link.remove(); }""",
        address,
    )


def broken_after(held: asyncio.Event) -> Callable[[Route], Awaitable[None]]:
    """Answers nothing until it is let go, and then that it broke."""

    async def answer(route: Route) -> None:
        await held.wait()
        await route.fulfill(status=200, headers={"x-request-id": "ref-1"}, body=json.dumps(BROKEN))

    return answer


async def test_every_page_says_that_it_waits_that_it_failed_and_that_there_is_no_connection(
    database: Database, site: Site, company: Company
) -> None:
    addresses = await pages(database, company)
    page = await opened(site, who=LEAD)
    site.expected = ("ERR_FAILED", "ERR_INTERNET_DISCONNECTED", "500")
    for address, heading in addresses.items():
        held = asyncio.Event()
        await page.route("**/graphql", broken_after(held))
        await led(page, address)
        await expect(page.locator("main .skeleton")).to_be_visible()
        held.set()
        alert = page.locator("main").get_by_role("alert").first
        await expect(alert).to_contain_text("Nothing was changed")
        await expect(alert).to_contain_text("ref-1")
        await page.unroute("**/graphql")
        await alert.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("heading", name=heading, exact=True).first).to_be_visible()
    await page.context.set_offline(True)
    await expect(page.get_by_text("You are offline.").first).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("searchbox").fill("somebody")
    await expect(page.locator("main").get_by_role("alert")).to_contain_text("You are offline.")
    await page.context.set_offline(False)
    await expect(page.get_by_text("nothing can be changed until")).to_have_count(0)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()


async def test_who_may_not_see_a_page_is_told_whose_it_is(database: Database, site: Site, company: Company) -> None:
    async with database.unit_of_work() as db:
        await make_user(db, role=Role.OPERATIONS, email="olga@ops.example", name="Olga", language="en")
    addresses = list(await pages(database, company))
    page = await opened(site, addresses[0], who="olga@ops.example", size=NARROW, dark=True)
    for rest in ("refund", "money"):
        await led(page, f"{addresses[0]}/{rest}")
        await expect(page.get_by_text("This page is for customer care and administration.")).to_be_visible()
        assert (await faults(page), await overflows(page)) == ([], False)


async def test_a_part_of_an_order_that_cannot_load_says_so_and_the_rest_works(
    database: Database, site: Site, company: Company
) -> None:
    """The question for all of it fails, and the part of the money as well, until it is asked for again."""
    order = await order_of(database, await confirmed(database, company, ("LAMP", 2)))
    page = await opened(site, who=LEAD)

    async def answer(route: Route) -> None:
        text = route.request.post_data or ""
        if "CareOrder(" in text or "CareOrderMoney(" in text:
            await route.fulfill(status=200, headers={"x-request-id": "ref-1"}, body=json.dumps(BROKEN))
        else:
            await route.fallback()

    await page.route("**/graphql", answer)
    await led(page, f"/care/orders/{order.number}")
    money = page.get_by_role("region", name="Money")
    await expect(money.get_by_role("alert")).to_contain_text("ref-1")
    await expect(page.get_by_role("region", name="Timeline")).to_contain_text("Order taken")
    await expect(page.get_by_role("row", name="LAMP")).to_be_visible()
    await expect(page.locator("main").get_by_role("alert")).to_have_count(1)
    assert (await faults(page), await overflows(page)) == ([], False)
    await page.unroute("**/graphql")
    await money.get_by_role("button", name="Try again").press("Enter")
    await expect(money.get_by_role("term").filter(has_text="Captured")).to_be_visible()
    await expect(page.locator("main").get_by_role("alert")).to_have_count(0)
