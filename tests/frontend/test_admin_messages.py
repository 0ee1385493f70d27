"""Messages to customers from the administration: written with a real order in view, published, taken back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.async_api import expect

from factories.auth import make_user
from factories.catalog import make_variant
from factories.fulfillment import confirmed, order_of
from factories.intake import make_company, put_stock
from frontend.care.desk import Steps
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.auth.permissions import Role
from kontor.core.db import Database
from kontor.core.outbox import OutboxRow
from kontor.notifications.models import MessageTemplate
from kontor.orders.intake import CustomerInput
from kontor.orders.models import Order

pytestmark = pytest.mark.engine("sqlite")
OPS, FINANCE = "ops@shop.example", "fin@shop.example"
# The clock of the test is a script, which the frame of the mail does not run; nor does it answer who looks for faults.
CAGED = ("Blocked script execution", "Failed to execute 'postMessage'")
GRETA = CustomerInput("Greta Fock", "greta@fock.example")


async def world(database: Database, language: str = "en") -> Order:
    """An order of two lamps, somebody who runs operations, and somebody in finance."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        for role, email in ((Role.OPERATIONS, OPS), (Role.FINANCE, FINANCE)):
            await make_user(db, role=role, email=email, language=language)
    await put_stock(database, company.warehouse.id, variant.id, 9)
    return await order_of(database, await confirmed(database, company, ("LAMP", 2), customer=GRETA))


async def subjects(database: Database) -> list[str | None]:
    """The subjects of all versions in the order they were made."""
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(MessageTemplate.subject).order_by(MessageTemplate.version)))


async def test_message_is_written_anew_looked_at_published_and_taken_back(database: Database, site: Site) -> None:
    order = await world(database)
    site.expected = CAGED
    page = await site.visit("/admin/messages")
    await site.sign_in(page, OPS)
    row = page.get_by_role("row", name="Order confirmed")
    await expect(row).to_contain_text("Our words")
    assert await faults(page) == []

    steps = Steps(3)
    await steps.click(row.get_by_role("link", name="English"))
    subject = page.get_by_label("Subject")
    preview = page.get_by_label("Preview", exact=True)
    await expect(preview).to_contain_text(f"Your order {order.number}")
    mail = page.frame_locator("iframe")
    await expect(mail.locator("body")).to_contain_text("2 × ")
    await subject.fill("Thanks, {{ order_nmuber }}")
    await expect(page.locator("#message-subject-fault")).to_contain_text("order_nmuber")
    await expect(subject).to_be_focused()
    assert await faults(page) == []
    await page.reload()
    await expect(subject).to_have_value("Thanks, {{ order_nmuber }}")
    await subject.fill("Thanks for ")
    await page.get_by_text("Placeholders").click()
    await steps.click(page.get_by_role("button", name="order_number"))
    await expect(subject).to_have_value("Thanks for {{ order_number }}")
    await expect(preview.get_by_role("definition")).to_have_text(f"Thanks for {order.number}")
    frame = page.locator("iframe")
    assert await frame.evaluate("each => [each.offsetWidth, each.getAttribute('sandbox')]") == [360, ""]
    await page.get_by_role("button", name="Window, 700 px").click()
    assert await frame.evaluate("each => each.offsetWidth") == 700
    await expect(mail.locator("body")).to_contain_text("2 × ")
    assert await faults(page) == []
    await steps.press(page, "Control+Enter")
    await expect(page.get_by_text("Version 1 counts from now on.")).to_be_visible()
    await expect(page.get_by_text("Version 1 is in force")).to_be_visible()
    assert await subjects(database) == ["Thanks for {{ order_number }}"]
    await page.get_by_role("button", name="Test to me").click()
    await expect(page.get_by_text(f"A test goes to {OPS}.")).to_be_visible()
    async with database.read_only() as db:
        (job,) = await db.scalars(sa.select(OutboxRow).where(OutboxRow.job == "notifications.send_test"))
    assert (job.args or {}).get("subject") == f"[Test] Thanks for {order.number}"

    await page.get_by_role("button", name="Back to our words").click()
    await expect(page.get_by_text("Our words are in force.")).to_be_visible()
    await page.get_by_text("2 versions").click()
    await page.get_by_role("button", name="Version 1 into the editor").click()
    await expect(subject).to_have_value("Thanks for {{ order_number }}")
    assert await faults(page) == []
    await page.get_by_label("Text", exact=True).fill("{{ total|money(currency) }} <b>")
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("alert").get_by_role("link", name="Text:")).to_be_visible()
    assert (await subjects(database))[2:] == []


async def test_keyboard_is_enough_and_a_phone_in_german_and_dark_is_too(database: Database, site: Site) -> None:
    order = await world(database, "de")
    site.expected = CAGED
    page = await site.visit("/admin/messages?own=yes", size=NARROW, dark=True, language="de-DE")
    await site.sign_in(page, OPS)
    await expect(page.get_by_role("heading", name="Keine Nachricht passt")).to_be_visible()
    assert (await faults(page), await overflows(page)) == ([], False)
    await page.get_by_role("link", name="Filter löschen").last.press("Enter")
    await page.get_by_role("searchbox").fill("abholbereit")
    await page.keyboard.press("Enter")
    row = page.get_by_role("row", name="Abholbereit")
    await row.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Diese Bestellung hat so etwas nicht.")).to_be_visible()
    subject = page.get_by_label("Betreff")
    await subject.focus()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("Liegt bereit: {{ order_number }}")
    await expect(page.get_by_role("definition")).to_have_text(f"Liegt bereit: {order.number}")
    assert (await faults(page), await overflows(page)) == ([], False)
    await page.get_by_label("Mit den Daten der Bestellung").fill("NIX")
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("Eine Bestellung NIX gibt es nicht.")).to_be_visible()
    await subject.press("Control+Enter")
    undo = page.get_by_role("button", name="Rückgängig")
    await expect(page.get_by_text("Es gelten unsere Worte.")).to_have_count(0)
    await undo.press("Enter")
    await expect(page.get_by_text("Es gelten unsere Worte.")).to_be_visible()
    assert await subjects(database) == ["Liegt bereit: {{ order_number }}", None]

    other = await site.visit("/admin/messages", language="de-DE")
    await site.sign_in(other, FINANCE)
    await expect(other.get_by_role("heading", name="Das dürfen Sie nicht sehen")).to_be_visible()
