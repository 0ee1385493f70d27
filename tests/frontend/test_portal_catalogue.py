"""What a partner offers: by file in three steps, one by one by keyboard, sent back with why, changed by two at once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.async_api import FilePayload, Page, expect

from frontend.test_portal_orders import inbox, supplier
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.catalog.models import CatalogOffer
from kontor.catalog.states import OfferState
from kontor.core.db import Database
from support import Drain

pytestmark = pytest.mark.engine("sqlite")

FILE = """Unsere Nr;Gruppe;EAN;Bezeichnung;Größe;Preis
PK-S;PK;4006381333931;Parka;S;89,90
PK-M;PK;;Parka;M;89,90
PK-L;PK;4006381333931;Parka;L;89,90
PK-X;PK;;Parka;X;
"""


def csv_file(text: str) -> FilePayload:
    return {"name": "artikel.csv", "mimeType": "text/csv", "buffer": text.encode("cp1252")}


async def offers(database: Database) -> dict[str, tuple[OfferState, int | None]]:
    async with database.read_only() as db:
        return {row.sku: (row.state, row.price) for row in await db.scalars(sa.select(CatalogOffer))}


async def choose(page: Page, label: str, text: str, checking: str, drain: Drain) -> None:
    await page.get_by_label(label).set_input_files(csv_file(text))
    await expect(page.get_by_text(checking)).to_be_visible()
    await drain()


async def test_file_is_matched_checked_and_sent_and_a_second_one_takes_three_clicks(
    database: Database, site: Site, drain: Drain
) -> None:
    _, email = await supplier(database)
    page = await inbox(site, email)
    await page.locator("nav a[href='/portal/catalogue']").click()
    await expect(page.get_by_role("heading", name="Nothing offered yet")).to_be_visible()
    assert await faults(page) == []
    await choose(page, "Choose a file", FILE, "match the columns", drain)
    await page.reload()  # left and come back to
    flow = page.get_by_role("region", name="Upload a file")
    await flow.get_by_label("Unsere Nr").select_option("Article number")
    await expect(page.locator(".steps [aria-current]")).to_contain_text("Match columns")
    assert await faults(page) == []
    await flow.get_by_role("button", name="Check the file").click()
    await expect(flow).to_contain_text("is being checked")
    await drain()
    await expect(flow).to_contain_text("2 incomplete or wrong")
    await expect(flow.get_by_role("row", name="PK-X")).to_contain_text("(Price)")
    await expect(flow.get_by_role("row", name="PK-L")).to_contain_text("(GTIN (EAN))")
    await flow.get_by_role("button", name="Save 2 lines as drafts").click()
    await expect(flow).to_contain_text("is being applied")
    await drain()
    await expect(page.locator(".steps [aria-current]")).to_contain_text("Send")
    await page.get_by_role("button", name="Send all 2 drafts to review").click()
    await expect(page.get_by_role("link", name="In review (2)")).to_be_visible()
    assert await offers(database) == {"PK-S": (OfferState.IN_REVIEW, 8990), "PK-M": (OfferState.IN_REVIEW, 8990)}
    second = FILE.replace("M;89,90", "M;79,90").replace("X;\n", "X;99,90\n")
    await choose(page, "Choose a file", second, "is being checked", drain)  # the first click
    await flow.get_by_role("button", name="Save 2 lines as drafts").click()
    await expect(flow).to_contain_text("is being applied")
    await drain()
    await page.get_by_role("button", name="Send all 2 drafts to review").click()
    await expect(page.get_by_role("link", name="In review (3)")).to_be_visible()
    assert await offers(database) == {
        "PK-S": (OfferState.IN_REVIEW, 8990),
        "PK-M": (OfferState.IN_REVIEW, 7990),
        "PK-X": (OfferState.IN_REVIEW, 9990),
    }


async def test_article_is_made_returned_changed_and_withdrawn_by_keyboard_in_german_at_night(
    database: Database, site: Site
) -> None:
    _, email = await supplier(database, "de")
    page = await inbox(site, email, size=NARROW, dark=True, language="de-DE")
    await page.keyboard.press("g")
    await page.keyboard.press("a")
    await expect(page.get_by_role("heading", name="Noch nichts angeboten")).to_be_visible()
    await page.keyboard.press("n")
    await expect(page.get_by_role("heading", name="Neuer Artikel")).to_be_focused()
    for name, text in (("Artikelnummer", "MÜTZE-1"), ("Bezeichnung", "Mütze"), ("Preis", "zwölf")):
        await page.get_by_label(name, exact=True).fill(text)
    await page.get_by_label("Links zu Bildern").fill("https://bilder.example/1.jpg")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("alert").get_by_role("link", name="Preis: Bitte einen Preis")).to_be_visible()
    assert await faults(page) == []
    assert not await overflows(page)
    await page.reload()
    await expect(page.get_by_label("Bezeichnung", exact=True)).to_have_value("Mütze")
    await page.get_by_label("Preis", exact=True).fill("1.012,9")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("link", name="In Prüfung (1)")).to_be_visible()
    assert await offers(database) == {"MÜTZE-1": (OfferState.IN_REVIEW, 101290)}
    async with database.unit_of_work() as db:
        await db.execute(sa.update(CatalogOffer).values(state=OfferState.RETURNED, reason="Bild fehlt."))
    await page.goto("/portal/catalogue?tab=RETURNED")
    row = page.get_by_role("row", name="Mütze")
    await expect(row).to_contain_text("Bild fehlt.")
    assert await faults(page) == []
    assert not await overflows(page)
    await row.focus()
    await page.keyboard.press("e")
    await expect(page.get_by_label("Größe")).to_be_visible()
    await page.get_by_label("Größe").fill("M")
    async with database.unit_of_work() as db:  # somebody else
        await db.execute(sa.update(CatalogOffer).values(brand="Nord", category="Winter", version=7))
    await page.keyboard.press("Control+Enter")
    both = page.get_by_role("alert")
    await expect(both.get_by_role("row", name="Marke")).to_contain_text("Nord")
    assert await faults(page) == []
    await page.get_by_label("Marke", exact=True).fill("Süd")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("link", name="In Prüfung (1)")).to_be_visible()
    await page.goto("/portal/catalogue?tab=IN_REVIEW")
    await row.focus()
    await page.keyboard.press("x")
    await page.get_by_role("button", name="1 zurückziehen …").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="1 Angebot zurückziehen").focus()
    assert await faults(page) == []
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Zurückgezogen (1)")).to_be_visible()
    async with database.read_only() as db:
        found = (await db.scalars(sa.select(CatalogOffer))).one()
    assert (found.state, found.brand, found.category) == (OfferState.WITHDRAWN, "Süd", "Winter")
    assert found.attributes == {"size": "M"}
