"""Partners from the administration: invited, agreed with, measured, switched off and on; each task within its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.async_api import Locator, Page, expect

from factories.auth import make_user
from factories.catalog import make_variant
from factories.fulfillment import released, rows_of
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.auth.permissions import Role
from kontor.catalog.models import CatalogOffer
from kontor.catalog.states import OfferState
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.dropship.states import Measure
from kontor.fulfillment.answering import Acceptance, accept
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import FulfillmentState
from kontor.locations.models import LocationKind
from kontor.partners import queries
from kontor.partners.agreements import agree
from kontor.partners.models import Partner
from kontor.partners.states import PartnerState

pytestmark = pytest.mark.engine("sqlite")


@dataclass
class Steps:
    """Counts what a person does by pointer or Enter."""

    taken: int = 0

    async def click(self, what: Locator) -> None:
        self.taken += 1
        await what.click()


async def world(database: Database, language: str = "en") -> tuple[Company, UUID]:
    """A dropshipper with lamps and an agreement, somebody who runs operations, and somebody in finance."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        partner = await make_partner(db, code="nord", name="Nordlicht")
        place = await make_location(db, kind=LocationKind.DROPSHIPPER, code="ds", partner_id=partner.id)
        await make_tariff(db, location_id=place.id, parcel_cents=100)
        locked = await queries.lock_partner(db, id=partner.id)
        await agree(db, locked, {"answer_hours": 8, "ship_hours": 24}, valid_from=db.now.date())
        for role, email in ((Role.OPERATIONS, "ops@shop.example"), (Role.FINANCE, "fin@shop.example")):
            await make_user(db, role=role, email=email, language=language)
        await make_user(db, role=Role.DROPSHIPPER, partner_id=partner.id, email="kim@ds.example", language=language)
    await put_stock(database, place.id, variant.id, 100)
    await put_stock(database, company.warehouse.id, variant.id, 1)
    return company, partner.id


async def ten_orders(database: Database, company: Company) -> list[UUID]:
    """Ten accepted orders, of which nine were sent."""
    rows = [(await released(database, company, ("LAMP", 1)))[1] for _ in range(10)]
    for number, row_id in enumerate(rows):
        async with database.unit_of_work() as db:
            await accept(db, Acceptance(row_id), now=db.now)
            if number:
                await ship(db, Shipping(row_id), now=db.now, how=How(accepts_open=True))
    return rows


async def state_of(database: Database, partner_id: UUID) -> PartnerState:
    async with database.read_only() as db:
        return (await db.get_one(Partner, partner_id)).state


async def opened(site: Site, email: str, path: str, **looks: Any) -> Page:
    page = await site.visit(path, **looks)
    await site.sign_in(page, email)
    return page


async def test_partners_are_invited_agreed_with_and_switched_off_and_on(database: Database, site: Site) -> None:
    company, partner_id = await world(database)
    moved, _ = await released(database, company, ("LAMP", 1))
    await released(database, company, ("LAMP", 5))
    page = await opened(site, "ops@shop.example", "/admin")
    row = page.get_by_role("row", name="Nordlicht")
    await expect(row).to_contain_text("8 h / 24 h")
    assert await faults(page) == []

    invite = Steps()
    await invite.click(page.get_by_role("link", name="Invite partner"))
    await page.get_by_label("Company").fill("Süd & Söhne")
    await page.get_by_role("textbox", name="Email").fill("hallo@sued.example")
    await page.reload()
    await expect(page.get_by_label("Company")).to_have_value("Süd & Söhne")
    assert await faults(page) == []
    await invite.click(page.get_by_role("button", name="Send invitation"))
    await expect(page.get_by_role("heading", name="Süd & Söhne")).to_be_visible()
    assert invite.taken <= 4

    off = Steps()
    await off.click(row)
    await off.click(page.get_by_role("button", name="Suspend …"))
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("2 open orders")
    await dialog.get_by_label("Reason").fill("Company holidays")
    assert await faults(page) == []
    await off.click(dialog.get_by_role("button", name="Suspend", exact=True))
    await expect(page.get_by_role("status").filter(has_text="no new orders")).to_be_visible()
    assert await state_of(database, partner_id) is PartnerState.SUSPENDED
    assert off.taken <= 4

    await page.get_by_role("link", name="Open work").click()
    await page.get_by_label("Choose all").check()
    await page.get_by_label("Reason").fill("The partner is away")
    await page.get_by_role("button", name="Move to other places").click()
    await expect(page.get_by_text("No other place can serve")).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="1 order moved")).to_be_visible()
    assert (await rows_of(database, moved))[0].state is FulfillmentState.CANCELED
    assert await faults(page) == []

    await page.get_by_role("link", name="×").or_(page.get_by_label("Close")).first.click()
    on = Steps()
    await on.click(row)
    await on.click(page.get_by_role("button", name="Activate"))
    await expect(page.get_by_role("status").filter(has_text="from now on")).to_be_visible()
    assert await state_of(database, partner_id) is PartnerState.ACTIVE
    assert on.taken <= 2

    await page.get_by_role("link", name="Agreements").click()
    await page.get_by_role("button", name="New agreement").click()
    await page.get_by_label("Hours to answer").fill("6")
    assert await faults(page) == []
    await page.get_by_role("button", name="Agree").click()
    await expect(row).to_contain_text("6 h / 24 h")


async def test_figures_lead_to_orders_in_one_click_and_objections_are_decided(database: Database, site: Site) -> None:
    company, partner_id = await world(database)
    portal = await opened(site, "kim@ds.example", "/portal/performance")
    await expect(portal.get_by_role("heading", name="Not enough orders yet")).to_be_visible()
    assert await faults(portal) == []
    await ten_orders(database, company)
    site.clock.advance(hours=25)  # one is late now
    await portal.reload()
    number = Steps()
    await number.click(portal.get_by_role("link", name="On time"))
    late = portal.get_by_role("row", name="not as agreed")
    await expect(late).to_have_count(1)
    assert number.taken == 1
    chart = portal.get_by_role("slider", name="On time")
    await chart.focus()
    await portal.keyboard.press("ArrowLeft")
    await expect(chart).to_have_attribute("aria-valuenow", "11")
    await portal.keyboard.press("End")
    await expect(chart).to_have_attribute("aria-valuetext", "15 Jun 2026: 90.0%")
    await portal.get_by_text("As a table").click()
    await expect(portal.get_by_role("table", name="On time").get_by_role("row")).to_have_count(14)
    await late.get_by_role("button", name="Object").click()
    await portal.keyboard.type("The carrier was on strike.")
    await portal.keyboard.press("Enter")
    await expect(portal.get_by_role("status").filter(has_text="with the retailer")).to_be_visible()
    assert await faults(portal) == []
    async with portal.expect_download() as given:
        await portal.get_by_role("link", name="Export as CSV").click()
    file = (await (await given.value).path()).read_text()
    assert f"{Measure.ON_TIME},2026-06-15,9,10,90.0,95.0,percent" in file.splitlines()

    page = await opened(site, "ops@shop.example", f"/admin/partners?partner={partner_id}&tab=figures&measure=ON_TIME")
    await page.get_by_placeholder("Answer").fill("We saw the strike.")
    assert await faults(page) == []
    await page.get_by_role("button", name="Uphold").click()
    await expect(page.get_by_role("link", name="On time")).to_contain_text("100.0%")


async def test_partner_is_suspended_by_keyboard_alone(database: Database, site: Site) -> None:
    _, partner_id = await world(database)
    page = await opened(site, "ops@shop.example", "/admin")
    row = page.get_by_role("row", name="Nordlicht")
    await row.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Nordlicht")).to_be_focused()
    for _ in range(2):
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Reason")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("button", name="Suspend …")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.type("Holidays")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert await state_of(database, partner_id) is PartnerState.SUSPENDED


async def test_offers_are_approved_or_sent_back_with_what_has_to_change(database: Database, site: Site) -> None:
    _, partner_id = await world(database)
    async with database.unit_of_work() as db:
        for sku in ("PK-1", "PK-2"):
            db.add(offer(partner_id, sku, db.now))
    page = await opened(site, "ops@shop.example", "/admin/catalogue")
    await page.get_by_label("Choose PK-2").check()
    await page.get_by_role("button", name="Send 1 back …").click()
    await page.get_by_role("textbox", name="What has to change?").fill("A picture is missing.")
    assert await faults(page) == []
    await page.get_by_role("button", name="Send back").click()
    await expect(page.get_by_role("status").filter(has_text="went back")).to_be_visible()
    await expect(page.get_by_role("link", name="Returned (1)")).to_be_visible()
    async with database.unit_of_work() as db:  # the partner changes it and sends it again
        await db.execute(sa.update(CatalogOffer).where(CatalogOffer.sku == "PK-1").values(version=3, price=9990))
    await page.get_by_label("Choose PK-1").check()
    await page.get_by_role("button", name="Approve 1").click()
    await expect(page.get_by_text("was changed meanwhile")).to_be_visible()
    await expect(page.get_by_text("€99.90")).to_be_visible()
    await page.get_by_role("button", name="Approve 1").click()
    await expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()
    await page.get_by_role("link", name="Returned (1)").click()
    await expect(page.get_by_text("A picture is missing.")).to_be_visible()
    assert await faults(page) == []


def offer(partner_id: UUID, sku: str, now: Any) -> CatalogOffer:
    return CatalogOffer(
        id=new_id(), partner_id=partner_id, sku=sku, state=OfferState.IN_REVIEW, gtin=None, name=f"Parka {sku}",
        price=4990, currency="EUR", sent_at=now, created_at=now, updated_at=now,
    )  # fmt: skip


async def test_pages_are_whole_in_dark_at_a_phone_in_german_and_closed_to_others(
    database: Database, site: Site
) -> None:
    company, partner_id = await world(database, "de")
    await ten_orders(database, company)
    looks = {"dark": True, "size": NARROW, "language": "de-AT"}
    page = await opened(site, "ops@shop.example", "/admin", **looks)
    await expect(page.get_by_role("row", name="Nordlicht")).to_be_visible()
    assert (await faults(page), await overflows(page)) == ([], False)
    for tab, shown in (
        ("agreements", "Neue Vereinbarung"),
        ("work", "Alle wählen"),
        ("figures&measure=ACCEPTED", "Als Tabelle"),
    ):
        await page.goto(f"/admin/partners?partner={partner_id}&tab={tab}")
        await expect(page.get_by_label(shown).or_(page.get_by_text(shown)).first).to_be_visible()
        assert (await faults(page), await overflows(page)) == ([], False), tab
    portal = await opened(site, "kim@ds.example", "/portal/performance?measure=ACCEPTED", **looks)
    await expect(portal.get_by_role("heading", name="Kennzahlen")).to_be_visible()
    await expect(portal.get_by_text("Als Tabelle")).to_be_visible()
    assert (await faults(portal), await overflows(portal)) == ([], False)
    for email, path in (("fin@shop.example", "/admin"), ("kim@ds.example", "/admin/catalogue")):
        other = await opened(site, email, path, **looks)
        await expect(other.get_by_role("heading", name="Das dürfen Sie nicht sehen")).to_be_visible()
        assert await faults(other) == []
