"""What a company sets for itself: a week closed in four clicks, people, and the parts each role sees."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.async_api import expect

from factories.auth import make_user
from factories.locations import make_location
from factories.partners import make_partner
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.auth.permissions import Role
from kontor.core.db import Database
from kontor.locations.models import LocationKind, StockLocation

pytestmark = pytest.mark.engine("sqlite")


async def company(database: Database, language: str = "en", role: Role = Role.DROPSHIPPER) -> str:
    async with database.unit_of_work() as db:
        partner = await make_partner(db)
        await make_location(db, kind=LocationKind.DROPSHIPPER, code="ds", name="Lager", partner_id=partner.id)
        user = await make_user(
            db, role=role, partner_id=partner.id, name="Kim", email="k@ds.example", language=language
        )
    return user.email


async def test_a_week_is_closed_in_four_clicks_and_opened_again(database: Database, site: Site) -> None:
    email = await company(database)
    page = await site.visit("/portal")
    await site.sign_in(page, email)
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("link", name="Closed days").click()
    await page.get_by_label("First day").fill("2026-12-24")
    await page.get_by_label("Last day").fill("2026-12-20")
    await page.get_by_role("button", name="Close these days").click()
    await expect(page.get_by_role("alert").filter(has_text="before")).to_be_focused()
    assert await faults(page) == []
    await page.get_by_label("Last day").fill("2026-12-31")
    await page.get_by_role("button", name="Close these days").click()  # the third of three
    await expect(page.get_by_text("24 Dec 2026 – 31 Dec 2026")).to_be_visible()
    async with database.read_only() as db:
        closures = (await db.scalars(sa.select(StockLocation.closures))).one()
    assert (closures[0], closures[-1], len(closures)) == ("2026-12-24", "2026-12-31", 8)
    # Undoing a longer closure leaves closed what was closed before it.
    await page.get_by_label("First day").fill("2026-12-22")
    await page.get_by_label("Last day").fill("2027-01-02")
    await page.get_by_role("button", name="Close these days").click()
    await expect(page.get_by_text("22 Dec 2026 – 2 Jan 2027")).to_be_visible()
    await page.get_by_role("button", name="Undo").last.click()
    await expect(page.get_by_text("24 Dec 2026 – 31 Dec 2026")).to_be_visible()
    async with database.read_only() as db:
        assert (await db.scalars(sa.select(StockLocation.closures))).one() == closures
    await page.get_by_role("button", name="Open again from").click()
    await expect(page.get_by_text("No closed days.")).to_be_visible()


async def test_every_part_is_free_of_faults_narrow_dark_and_in_german(database: Database, site: Site) -> None:
    email = await company(database, "de")
    page = await site.visit("/portal", size=NARROW, dark=True, language="de-DE")
    await site.sign_in(page, email)
    await page.get_by_role("link", name="Einstellungen").click()
    for name in (
        "Firma",
        "Versandadressen",
        "Geschlossene Tage",
        "Personen",
        "Sprache",
        "Sicherheit",
        "Firmenanmeldung",
    ):
        await page.get_by_role("navigation", name="Teile").get_by_role("link", name=name).click()
        await page.locator("main form, main li").first.wait_for()
        assert await faults(page) == [], name
        assert not await overflows(page), name
    await page.get_by_role("link", name="Personen").click()
    await page.get_by_label("Name", exact=True).fill("Jo")
    await page.reload()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("Jo")
    await page.get_by_label("E-Mail").fill("jo@ds.example")
    await page.get_by_role("button", name="Einladung schicken").click()
    await expect(page.get_by_text("jo@ds.example · eingeladen")).to_be_visible()


async def test_who_packs_sees_neither_people_nor_company(database: Database, site: Site) -> None:
    email = await company(database, role=Role.DROPSHIPPER_STAFF)
    page = await site.visit("/portal/settings")
    await site.sign_in(page, email)
    await expect(page.get_by_role("navigation", name="Parts").get_by_role("link")).to_have_text(
        ["Language and zone", "Security"]
    )
    await page.get_by_label("Language").select_option("de")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Einstellungen")).to_be_visible()
