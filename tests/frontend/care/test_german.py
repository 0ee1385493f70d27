"""Customer care in German, narrow and dark: an order, its change, money back as chosen, claims with photos."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from documents.test_images import png
from factories.fulfillment import confirmed, order_of
from factories.intake import Company
from frontend.care.desk import Steps, opened
from frontend.care.test_order_page import in_german
from frontend.care.test_refund import all_of, arrived
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.claims.models import Claim, Goodwill
from kontor.core.db import Database
from kontor.payments.models import Payment, RefundAllocation
from support import Drain

pytestmark = pytest.mark.engine("sqlite")


async def fine(page: Page) -> None:
    """No fault of accessibility, no wider than its window, and no key of words shown in place of words."""
    assert (await faults(page), await overflows(page)) == ([], False)


async def test_new_address_before_release_in_four_steps(database: Database, site: Site, company: Company) -> None:
    order_id = await confirmed(database, company, ("LAMP", 2))
    number = (await order_of(database, order_id)).number
    await in_german(database)
    page = await opened(site, f"/care/orders/{number}", size=NARROW, dark=True, language="de-DE")
    await expect(page.get_by_role("heading", name="Verlauf")).to_be_visible()
    await expect(page.get_by_role("button", name="Zusammenfassung kopieren")).to_be_visible()
    await fine(page)
    steps = Steps(4)
    await steps.press(page, "e")
    await steps.click(page.get_by_label("An eine andere Anschrift liefern"))
    await page.get_by_label("Straße und Hausnummer").fill("Elbchaussee 1")
    preview = page.get_by_role("region", name="Vorschau")
    await expect(preview.get_by_text("Nachricht an den Kunden:")).to_be_visible()
    await page.get_by_role("button", name="eins mehr").press("+")
    await expect(page.locator("input[inputmode=numeric]")).to_have_value("3")
    await page.keyboard.press("-")
    await fine(page)
    await expect(page.get_by_role("button", name="Änderung bestätigen Strg")).to_have_attribute(
        "aria-disabled", "false"
    )
    await steps.press(page, "Control+Enter")
    await expect(page.get_by_text("Die Bestellung ist geändert.")).to_be_visible()
    address = (await order_of(database, order_id)).shipping_address
    assert address is not None
    assert (address["street"], steps.taken) == ("Elbchaussee 1", 3)


async def test_money_goes_back_as_chosen_and_claims_have_photos(
    database: Database, drain: Drain, site: Site, tmp_path: Path
) -> None:
    order = await arrived(database, drain, "CARD", gift=700)
    await in_german(database)
    page = await opened(
        site, f"/care/orders/{order.number}/refund?do=goodwill", size=NARROW, dark=True, language="de-DE"
    )
    await page.get_by_label("Betrag", exact=True).fill("5,00")
    await page.get_by_label("Selbst aufteilen").click()
    await page.get_by_label("Gutscheinkarte").fill("2,00")
    await expect(page.get_by_text("Zusammen müssen es")).to_be_visible()
    await fine(page)
    await page.get_by_label("Karte", exact=True).fill("3")
    await expect(page.get_by_text("Zusammen müssen es")).to_have_count(0)
    await expect(page.get_by_role("region", name="Was geschieht").get_by_text("Darin Steuer")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("5,00 € gewährt")).to_be_visible()
    [given] = await all_of(database, Goodwill)
    async with database.read_only() as db:
        rows = await db.execute(
            sa.select(Payment.kind, RefundAllocation.amount)
            .join(Payment, Payment.id == RefundAllocation.payment_id)
            .where(RefundAllocation.refund_id == given.refund_id)
        )
        assert {str(kind): amount for kind, amount in rows} == {"CARD": 300, "GIFT_CARD": 200}

    await page.get_by_role("link", name="Problem mit der Ware").click()
    await page.get_by_label("Was nicht stimmt").select_option("DAMAGED")
    await page.get_by_role("checkbox").first.click()
    await page.get_by_label("Stück von").fill("1")
    picture = tmp_path / "cracked.png"
    picture.write_bytes(png())
    await page.get_by_label("Fotos").set_input_files(picture)
    await page.get_by_role("checkbox", name="Die Ware kommt zurück").click()
    await expect(page.get_by_text("Der Kunde erhält das Etikett")).to_be_visible()
    await fine(page)
    await page.get_by_role("button", name="Etikett senden").click()
    claims = page.get_by_role("region", name="Reklamationen")
    await expect(claims.get_by_role("img", name="Foto 1 zu C")).to_be_visible()
    await expect(claims).to_contain_text("beschädigt")
    await fine(page)
    assert [str(each.state) for each in await all_of(database, Claim)] == ["APPROVED"]
