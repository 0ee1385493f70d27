"""Stock in the portal: kept true in place and by file, by pointer and by keyboard."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import FilePayload, Page, expect

from factories.catalog import make_variant
from factories.intake import put_stock
from frontend.test_portal_orders import supplier
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.catalog.models import ProductVariant
from kontor.core.db import Database
from kontor.inventory.models import StockLevel
from kontor.locations.models import StockLocation
from support import Drain

pytestmark = pytest.mark.engine("sqlite")


async def shelves(database: Database, **pieces: int) -> None:
    async with database.unit_of_work() as db:
        place = (await db.scalars(sa.select(StockLocation.id).where(StockLocation.code == "ds"))).one()
        ids = {sku: (await make_variant(db, sku=sku)).id for sku in pieces}
    for sku, count in pieces.items():
        await put_stock(database, place, ids[sku], count)


async def stock(database: Database) -> dict[str, tuple[int, int, bool]]:
    """By SKU: pieces, buffer, and whether it is paused."""
    async with database.read_only() as db:
        found = sa.select(ProductVariant.sku, StockLevel).join(StockLevel, StockLevel.variant_id == ProductVariant.id)
        return {
            sku: (
                row.on_hand,
                row.safety if row.paused_safety is None else row.paused_safety,
                row.paused_safety is not None,
            )
            for sku, row in await db.execute(found)
        }


async def opened(site: Site, email: str, **looks: Any) -> Page:
    page = await site.visit("/portal/stock", **looks)
    await site.sign_in(page, email)
    return page


def csv_file(text: str) -> FilePayload:
    return {"name": "bestand.csv", "mimeType": "text/csv", "buffer": text.encode("cp1252")}


async def test_figures_are_changed_in_place_with_one_click_and_the_keyboard(database: Database, site: Site) -> None:
    _, email = await supplier(database)
    await shelves(database, CAP=5, ROPE=4)
    page = await opened(site, email)
    cap, lamp, rope = (page.get_by_role("textbox", name=f"Free of {sku}") for sku in ("CAP", "LAMP", "ROPE"))
    await cap.click()
    await page.keyboard.type("8")
    await page.keyboard.press("Enter")
    await expect(lamp).to_be_focused()
    await page.keyboard.type("77")
    await page.keyboard.press("Escape")
    await expect(lamp).to_have_value("100")
    await page.keyboard.press("ArrowDown")
    await expect(rope).to_be_focused()
    await page.keyboard.type("0")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row", name="CAP")).to_contain_text("Kim")
    await page.get_by_role("textbox", name="Buffer of LAMP").fill("3")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Pause ROPE").click()
    await expect(page.get_by_role("row", name="ROPE")).to_contain_text("paused")
    assert await stock(database) == {"CAP": (8, 0, False), "LAMP": (100, 3, False), "ROPE": (0, 0, True)}
    await page.get_by_role("status").get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("row", name="ROPE")).to_contain_text("on sale")
    assert (await stock(database))["ROPE"] == (0, 0, False)
    assert await faults(page) == []


async def test_pasted_column_fills_and_a_figure_changed_elsewhere_shows_both(database: Database, site: Site) -> None:
    _, email = await supplier(database)
    await shelves(database, CAP=5, ROPE=4)
    page = await opened(site, email)
    await expect(page.get_by_role("textbox", name="Free of ROPE")).to_have_value("4")
    async with database.unit_of_work() as db:
        await db.execute(sa.update(StockLevel).where(StockLevel.on_hand == 4).values(on_hand=2))
    await page.evaluate(
        """() => { const clipboardData = new DataTransfer(); clipboardData.setData("text", "6\\n101\\n9");
        document.querySelector("input[name=free]").dispatchEvent(new ClipboardEvent("paste", {clipboardData})); }"""
    )
    notice = page.get_by_role("row", name="ROPE").get_by_role("alert")
    await expect(notice).to_contain_text("By now there are 2. You typed 9.")
    found = {sku: row[0] for sku, row in (await stock(database)).items()}
    assert found == {"CAP": 6, "LAMP": 101, "ROPE": 2}
    await notice.get_by_role("button", name="Set to 9").click()
    await expect(notice).to_have_count(0)
    assert (await stock(database))["ROPE"][0] == 9


async def test_file_is_checked_and_applied_in_two_clicks_and_bad_lines_come_back(
    database: Database, site: Site, drain: Drain
) -> None:
    _, email = await supplier(database)
    await shelves(database, CAP=5)
    page = await opened(site, email, size=NARROW, dark=True)
    chooser = page.get_by_label("Choose a file")
    await chooser.set_input_files(csv_file("Artikelnummer;Bestand\nLAMP;7\nCAP;5\nMÖWE;1\n"))
    flow = page.get_by_role("region", name="Upload a file")
    await expect(flow).to_contain_text("is being checked")  # the file has arrived
    await drain()
    await expect(flow).to_contain_text("1 unknown")
    assert await faults(page) == []
    assert not await overflows(page)
    await page.reload()  # left and come back to
    async with page.expect_download() as download:
        await flow.get_by_role("link", name="1 bad line as a file").click()
    back = (await (await download.value).path()).read_text(encoding="utf-8-sig")
    assert [line[:3] for line in csv.reader(io.StringIO(back))] == [
        ["Artikelnummer", "Bestand", "Line"],
        ["MÖWE", "1", "4"],
    ]
    await flow.get_by_role("button", name="Apply 2 lines").click()
    await expect(flow).to_contain_text("is being applied")
    await drain()
    await expect(flow.get_by_role("status")).to_contain_text("applied, 3 lines")
    assert {sku: row[0] for sku, row in (await stock(database)).items()} == {"LAMP": 7, "CAP": 5}
    await expect(page.get_by_role("textbox", name="Free of LAMP")).to_have_value("7")


async def test_columns_are_matched_and_much_falling_to_zero_is_asked_about(
    database: Database, site: Site, drain: Drain
) -> None:
    _, email = await supplier(database, "de")
    page = await opened(site, email, language="de-DE")
    await page.get_by_label("Datei wählen").set_input_files(csv_file("Unsere;Da\nLAMP;0\n"))
    await page.get_by_label("Unsere").select_option("Artikelnummer")
    await page.get_by_label("Da", exact=True).select_option("Freie Stücke")
    assert await faults(page) == []
    await page.get_by_role("button", name="Datei prüfen").click()
    await expect(page.get_by_text("wird geprüft")).to_be_visible()
    await drain()
    button = page.get_by_role("button", name="1 Zeile übernehmen")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await page.get_by_label("so gemeint").check()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("wird übernommen")).to_be_visible()
    await drain()
    await expect(page.get_by_text("übernommen, 1 Zeile")).to_be_visible()
    assert (await stock(database))["LAMP"][0] == 0
