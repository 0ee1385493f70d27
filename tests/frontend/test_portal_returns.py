"""Returns at the partner: scan, condition, accept; parts, refusals with a photo, parcels nobody announced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from documents.test_images import png
from factories.returns import delivered, requested, return_lines
from factories.suppliers import Supplier, make_supplier
from frontend.test_portal_orders import inbox
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.auth.models import AuditEntry
from kontor.core.db import Database
from kontor.returns.deciding import Condition, Decision, decide_return
from kontor.returns.models import Return, ReturnInspection

pytestmark = pytest.mark.engine("sqlite")


async def coming(database: Database, supplier: Supplier, pieces: int = 1) -> Return:
    order_id = await delivered(database, supplier.company, ("LAMP-ds", pieces))
    return await requested(database, order_id, pieces, location_id=supplier.place.id)


async def returns_page(site: Site, supplier: Supplier, **looks: Any) -> Page:
    page = await inbox(site, supplier.user.email, **looks)
    await page.locator("nav a[href='/portal/returns']").click()
    await expect(page.locator("#scan")).to_be_focused()
    return page


async def found_of(database: Database, found: Return) -> list[tuple[Any, ...]]:
    lines = [line.id for line in await return_lines(database, found.id)]
    async with database.read_only() as db:
        rows = sa.select(ReturnInspection).where(ReturnInspection.return_line_id.in_(lines))
        return [
            (row.quantity, row.condition, row.refundable, row.reason)
            for row in await db.scalars(rows.order_by(ReturnInspection.id))
        ]


async def test_scanned_return_is_accepted_in_two_clicks_and_the_next_label_can_be_scanned(
    database: Database, site: Site
) -> None:
    supplier = await make_supplier(database)
    first, second = await coming(database, supplier), await coming(database, supplier, 2)
    page = await returns_page(site, supplier)
    await expect(page.get_by_role("row", name="Desk lamp")).to_have_count(2)
    assert await faults(page) == []
    await page.keyboard.type(first.number)
    await page.keyboard.press("Enter")
    panel = page.get_by_role("complementary")
    await expect(panel.get_by_role("heading", name=first.number)).to_be_focused()
    await expect(panel.locator("summary")).to_contain_text(f"Message: Ihre Rücksendung {first.number}")
    await panel.get_by_label("New").click()
    await panel.get_by_role("button", name="Accept: customer is refunded").click()
    await expect(page.get_by_role("status").filter(has_text="refunded automatically")).to_be_visible()
    assert await found_of(database, first) == [(1, "NEW", True, None)]
    await expect(page.locator("#scan")).to_be_focused()

    # By keyboard alone: the label, the condition, the decision.
    await page.keyboard.type(second.number)
    await page.keyboard.press("Enter")
    await expect(panel.get_by_role("heading", name=second.number)).to_be_focused()
    await page.keyboard.press("3")
    await page.keyboard.press("a")
    await expect(page.get_by_role("heading", name="Nothing is on the way")).to_be_visible()
    assert await found_of(database, second) == [(2, "BROKEN", True, None)]
    text = json.dumps(await page.evaluate("document.body.innerText"))
    assert "€" not in text


async def test_part_is_refused_with_a_photo_and_the_text_is_seen_before(
    database: Database, site: Site, tmp_path: Path
) -> None:
    supplier = await make_supplier(database)
    found = await coming(database, supplier, 3)
    page = await returns_page(site, supplier)
    await page.get_by_role("row", name=found.number).click()
    panel = page.get_by_role("complementary")
    photo = tmp_path / "worn.png"
    photo.write_bytes(png())
    await panel.locator("input[type=file]").set_input_files(photo)
    await expect(panel.get_by_role("img", name="Photo 1")).to_be_visible(timeout=20_000)
    photo.write_bytes(b"<svg onload=alert(1)>")
    site.expected = ("400",)
    await panel.locator("input[type=file]").set_input_files(photo)
    await expect(page.get_by_role("alert").filter(has_text="JPEG or a PNG")).to_be_visible()
    await panel.get_by_role("button", name="Accept part").click()
    await panel.get_by_label("Accept", exact=True).fill("2")
    await panel.get_by_label("Refuse", exact=True).fill("1")
    await panel.get_by_role("button", name="Decide so").click()
    await expect(panel.get_by_role("alert")).to_have_text("Say why you refuse.")
    await panel.get_by_label("Why not").fill("worn outdoors")
    await panel.locator("summary").click()
    await expect(panel.get_by_text("1 × Desk lamp (worn outdoors)")).to_be_visible()
    assert await faults(page) == []
    await panel.get_by_role("button", name="Decide so").click()
    await expect(page.get_by_role("status").filter(has_text=found.number)).to_be_visible(timeout=20_000)
    assert sorted(await found_of(database, found)) == [(1, "USED", False, "worn outdoors"), (2, "USED", True, None)]


async def test_colleague_who_comes_second_learns_who_decided_and_a_foreign_parcel_is_taken_in(
    database: Database, site: Site
) -> None:
    supplier = await make_supplier(database, language="de")
    found = await coming(database, supplier)
    order_id = await delivered(database, supplier.company, ("LAMP-ds", 1))
    page = await returns_page(site, supplier, language="de-AT", size=NARROW, dark=True)
    assert not await overflows(page)
    await page.get_by_role("row", name=found.number).click()
    panel = page.get_by_role("complementary")
    await panel.get_by_label("Gebraucht").click()
    assert await faults(page) == []
    assert not await overflows(page)
    (line,) = await return_lines(database, found.id)
    decision = Decision(line.id, 1, Condition.NEW, accepted=True)
    async with database.unit_of_work(supplier.principal) as db:
        await decide_return(db, found.id, [decision], now=db.now, principal=supplier.principal)
    await panel.get_by_role("button", name="Annehmen: Geld geht zurück").click()
    await expect(page.get_by_role("alert").filter(has_text="schon entschieden. von Kim")).to_be_visible()
    await panel.get_by_role("link", name="Schließen").click()

    await page.locator("#scan").fill("greta")
    await page.keyboard.press("Enter")
    await expect(panel.get_by_role("form")).to_have_count(2)
    await panel.get_by_role("form", name="100001").get_by_role("button", name="Aufnehmen").click()
    await expect(panel.get_by_role("heading")).to_contain_text("R100001-1")
    assert await faults(page) == []
    async with database.read_only() as db:
        made = (await db.scalars(sa.select(Return).where(Return.order_id == order_id))).one()
        assert str(made.state) == "RECEIVED"
        noted = sa.select(AuditEntry.operation).order_by(AuditEntry.id)
        assert "announceArrivedParcel" in list(await db.scalars(noted))
