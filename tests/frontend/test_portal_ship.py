"""Shipping by file in the portal: looked at first, sent with one click, the same file again sends nothing."""

from __future__ import annotations

import csv
import io
from uuid import UUID

import pytest
from playwright.async_api import FilePayload, expect

from factories.fulfillment import released, rows_of
from factories.intake import Company
from frontend.test_portal_orders import inbox, state_of, supplier
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.core.db import Database
from kontor.fulfillment.states import FulfillmentState
from support import Drain

pytestmark = pytest.mark.engine("sqlite")


async def waiting(database: Database, company: Company, count: int) -> dict[str, UUID]:
    """Orders that wait to leave: their ids by the number of their work."""
    found: dict[str, UUID] = {}
    for _ in range(count):
        order_id, _ = await released(database, company, ("LAMP", 1))
        found[(await rows_of(database, order_id))[0].number] = order_id
    return found


def csv_file(*lines: str) -> FilePayload:
    text = "\n".join(lines) + "\n"
    return {"name": "pakete.csv", "mimeType": "text/csv", "buffer": text.encode("cp1252")}


async def test_parcels_of_a_file_leave_in_two_clicks_and_never_twice(
    database: Database, site: Site, drain: Drain
) -> None:
    company, email = await supplier(database)
    orders = await waiting(database, company, 4)
    one, two, three, four = orders
    page = await inbox(site, email)
    await page.locator("nav a[href='/portal/pack']").click()
    await page.get_by_role("link", name="Ship by file").click()
    await expect(page.get_by_text("4 orders wait to leave")).to_be_visible()
    assert await faults(page) == []
    file = csv_file("Auftrag;Sendungsnummer", f"{one};T-1", f"{two};T-2", f"{two};T-2", "X-1;T-3", f"{three};")
    clicks = [page.get_by_label("Choose a file").set_input_files(file)]
    await clicks[-1]
    flow = page.get_by_role("region", name="Upload a file")
    await expect(flow).to_contain_text("is being checked")
    await drain()
    for count in ("2 ready", "1 doubled", "1 unknown", "1 without parcel number"):
        await expect(flow).to_contain_text(count)
    assert await faults(page) == []
    clicks.append(flow.get_by_role("button", name="Ship 2 parcels").click())
    await clicks[-1]
    await expect(flow).to_contain_text("is being applied")
    await drain()
    await expect(flow).to_contain_text("2 shipped")
    await expect(page.get_by_text("2 orders wait to leave")).to_be_visible()
    assert len(clicks) <= 3
    states = [(await state_of(database, orders[each]))[0] for each in (one, two, three, four)]
    assert states == [FulfillmentState.SHIPPED] * 2 + [FulfillmentState.OPEN] * 2
    async with page.expect_download() as download:
        await flow.get_by_role("link", name="2 bad lines as a file").click()
    back = (await (await download.value).path()).read_text(encoding="utf-8-sig")
    assert [line[0] for line in csv.reader(io.StringIO(back))] == ["Auftrag", two, "X-1"]
    await page.get_by_label("Choose a file").set_input_files(file)
    await expect(flow).to_contain_text("is being checked")
    await drain()
    await expect(flow).to_contain_text("3 left before")
    await expect(flow.get_by_role("button", name="Ship 0 parcels")).to_have_attribute("aria-disabled", "true")
    await expect(page.get_by_role("row", name="pakete.csv")).to_contain_text("2 bad lines as a file")


async def test_template_is_filled_in_and_shipped_by_keyboard_in_german_at_night(
    database: Database, site: Site, drain: Drain
) -> None:
    company, email = await supplier(database, "de")
    orders = await waiting(database, company, 1)
    page = await inbox(site, email, size=NARROW, dark=True, language="de-DE")
    await page.keyboard.press("g")
    await page.keyboard.press("h")
    await expect(page.get_by_text("1 Auftrag wartet auf Versand")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Vorlage als CSV").focus()
        await page.keyboard.press("Enter")
    header, line = csv.reader(
        io.StringIO((await (await download.value).path()).read_text(encoding="utf-8-sig")), delimiter=";"
    )
    assert ([line[0]], line[2]) == (list(orders), "1 x LAMP")
    filled = io.StringIO()
    csv.writer(filled).writerows([header, [*line[:3], "DHL", "00340434161094042557"]])
    chooser = page.get_by_label("Datei wählen")
    await chooser.focus()
    async with page.expect_file_chooser() as choosing:
        await page.keyboard.press("Space")
    await (await choosing.value).set_files(csv_file(*filled.getvalue().splitlines()))
    await expect(page.get_by_text("wird geprüft")).to_be_visible()
    await drain()
    await expect(page.get_by_role("button", name="1 Paket versenden")).to_be_visible()
    assert await faults(page) == []
    assert not await overflows(page)
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("wird übernommen")).to_be_visible()
    await drain()
    await expect(page.get_by_role("heading", name="Nichts wartet auf Versand")).to_be_visible()
    assert await faults(page) == []
    assert await state_of(database, next(iter(orders.values()))) == [FulfillmentState.SHIPPED]
