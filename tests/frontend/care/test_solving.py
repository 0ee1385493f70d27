"""From a case to where it is decided: what is not available, came back, or could not be refunded, in few steps."""

from __future__ import annotations

import os
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, Route, expect

from factories.catalog import make_product, make_variant
from factories.changes import lines_of
from factories.fulfillment import confirmed
from factories.intake import Company, make_company, put_stock
from factories.pricing import make_price
from frontend.care.desk import Steps, opened, people
from frontend.visiting import Site, faults, overflows
from kontor.care import service
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.care.values import CaseKind, NewCase
from kontor.changes.models import OrderChange
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.orders.intake import CustomerInput, LineInput
from support import Drain

pytestmark = pytest.mark.engine("sqlite")
GRETA = CustomerInput("Greta Fock", "greta@fock.example")


async def seen(page: Page, name: str) -> None:
    """Free of faults in the state it is in; a picture of it where somebody wants to look."""
    assert (await faults(page), await overflows(page)) == ([], False)
    if folder := os.environ.get("KONTOR_PICTURES"):
        await page.screenshot(path=f"{folder}/solving-{name}.png", full_page=True)


async def shirts(database: Database) -> Company:
    """A shop that takes orders without stock: size S is gone, M is there, and a store has S to be collected."""
    company = await make_company(database, shortage=ShortagePolicy.TAKE)
    async with database.unit_of_work() as db:
        shirt = await make_product(db, name="Shirt")
        small, middle = [await make_variant(db, sku=f"SHIRT-{size}", product=shirt) for size in ("S", "M")]
        for variant in (small, middle):
            await make_price(db, company.channel, variant, 2000)
    await put_stock(database, company.warehouse.id, middle.id, 5)
    await people(database)
    return company


async def lacking(database: Database, order_id: UUID, kind: CaseKind, **facts: str) -> UUID:
    async with database.unit_of_work() as db:
        wanted = NewCase(kind, facts.get("parcel_id", str(order_id)), order_id, facts)
        return (await service.open_case(db, wanted, now=db.now)).id


async def state_of(database: Database, case_id: UUID) -> CaseState:
    async with database.read_only() as db:
        return (await db.get_one(Case, case_id)).state


async def test_what_is_not_available_is_swapped_and_canceled_beside_its_case(
    database: Database, site: Site, drain: Drain
) -> None:
    company = await shirts(database)
    order_id = await confirmed(database, company, LineInput("SHIRT-S", 3, 2000), customer=GRETA)
    case_id = await lacking(database, order_id, CaseKind.UNALLOCATED)
    page = await opened(site, f"/care/queues?case={case_id}")
    offers = page.get_by_role("region", name="What can be offered")
    await expect(offers.get_by_text("3 × Shirt")).to_be_visible()
    await expect(page.get_by_role("link", name="Change the order")).to_be_visible()
    await seen(page, "offers")
    steps = Steps(3)  # another article for it
    await steps.click(offers.get_by_role("button", name="Another article for"))
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Instead")).to_have_value("SHIRT-M")
    await expect(dialog.get_by_text("0 → 3").first).to_be_visible()
    await seen(page, "swap")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    # Given up by keyboard alone: the case stays, and its own Ctrl Enter is not meant.
    await offers.get_by_role("button", name="Cancel").focus()
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_text("3 → 0").first).to_be_visible()
    await expect(dialog.get_by_text("Message:")).to_be_visible()
    await seen(page, "cancel")
    await dropped(page, "confirmOrderChange")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("The order is changed.")).to_be_visible()
    await expect(dialog).to_have_count(0)
    assert [line.canceled for line in await lines_of(database, order_id)] == [3]
    async with database.read_only() as db:  # the answer to the first try was lost, and nothing was done twice
        assert await db.scalar(sa.select(sa.func.count()).select_from(OrderChange)) == 1
    await expect(offers.get_by_text("Every piece has its stock by now.")).to_be_visible()


async def dropped(page: Page, operation: str) -> None:
    """The first answer to a mutation is lost after the server has acted."""
    lost: list[str] = []

    async def answer(route: Route) -> None:
        if operation in (route.request.post_data or "") and not lost:
            lost.append(operation)
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.route("**/graphql", answer)
