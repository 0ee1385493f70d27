"""The contacts of an order: a call in three steps, a mail from a template, a follow-up, a mail that came back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from factories.fulfillment import confirmed, order_of
from factories.intake import Company
from frontend.care.desk import Steps, opened
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.contacts.models import Contact
from kontor.core.db import Database
from kontor.notifications import service
from kontor.notifications.models import Notification
from kontor.notifications.rendering import TEMPLATES, MessageBrand, facts_of, render_message
from kontor.notifications.samples import sample
from kontor.orders.intake import CustomerInput

pytestmark = pytest.mark.engine("sqlite")
GRETA = CustomerInput("Greta Fock", "greta@fock.example")


async def contacts(database: Database) -> list[Contact]:
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(Contact).order_by(Contact.id)))


async def log_a_call(page: Page, topic: str) -> None:
    await page.get_by_label("Topic").fill(topic)
    await page.get_by_label("Text", exact=True).fill("She works until five.\nPlease ring twice.")


async def test_calls_mails_and_follow_ups(database: Database, site: Site, company: Company) -> None:
    order = await order_of(database, await confirmed(database, company, ("LAMP", 2), customer=GRETA))
    page = await opened(site, f"/care/orders/{order.number}")
    await expect(page.get_by_role("heading", name=order.number)).to_be_visible()
    steps = Steps(3)
    await steps.press(page, "n")
    await log_a_call(page, "When will it come?")
    await steps.press(page, "Control+Enter")
    await expect(page.get_by_text("The contact is kept.")).to_be_visible()
    await expect(page.get_by_text("Call: When will it come?")).to_be_visible()
    assert steps.taken <= 3
    assert await faults(page) == []
    # A mistake is put right beside what was said.
    await page.get_by_role("button", name="Correct: When will it come?").click()
    await page.get_by_label("Topic").fill("When will the lamp come?")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_text("corrected since")).to_be_visible()
    await expect(page.get_by_text("Call: When will the lamp come?")).to_be_visible()
    # A mail that begins with a message of the shop, once, however often is clicked.
    await page.get_by_label("Way").select_option("EMAIL")
    await page.get_by_label("Begin with").select_option("order_confirmed")
    await expect(page.get_by_label("Topic")).to_have_value(f"Ihre Bestellung {order.number}")
    await page.get_by_label("Follow up on").fill("2026-06-20")
    assert await faults(page) == []
    await page.get_by_role("button", name="Send").dblclick()
    await expect(page.get_by_text("To be followed up on")).to_be_visible()
    kept = await contacts(database)
    assert [row.channel for row in kept] == ["PHONE", "PHONE", "EMAIL"]
    async with database.read_only() as db:
        mails = list(await db.scalars(sa.select(Notification).where(Notification.template == "personal")))
    assert len(mails) == 1
    assert "angenommen" in kept[2].text
    await page.get_by_role("button", name="Followed up:").click()
    await expect(page.get_by_text("Followed up by Cem Aydin")).to_be_visible()
    async with database.unit_of_work() as db:
        await service.note_bounce(db, mails[0].id, "5.1.1 no such user", now=db.now)
    # It stands once among the messages of the order, with the reason, and an agent sends it again.
    await page.get_by_role("link", name="Order", exact=True).click()
    messages = page.get_by_role("region", name="Messages")
    await expect(messages.get_by_text("greta@fock.example: 5.1.1 no such user")).to_be_visible()
    await expect(messages.get_by_role("listitem")).to_have_count(1)
    assert await faults(page) == []
    await messages.get_by_role("button", name="Send again:").click()
    await expect(page.get_by_text("The message is sent again.")).to_be_visible()
    narrow = await opened(site, f"/care/orders/{order.number}/contacts", size=NARROW, dark=True, language="de-DE")
    await expect(narrow.get_by_text("5.1.1 no such user")).to_be_visible()
    assert (await faults(narrow), await overflows(narrow)) == ([], False)


async def test_what_was_typed_survives_and_the_keyboard_is_enough(
    database: Database, site: Site, company: Company
) -> None:
    order = await order_of(database, await confirmed(database, company, ("LAMP", 2), customer=GRETA))
    page = await opened(site, f"/care/orders/{order.number}/contacts")
    await page.get_by_label("Topic").focus()
    await page.keyboard.type("Half a sent")
    await page.reload()
    await expect(page.get_by_label("Topic")).to_have_value("Half a sent")
    await page.get_by_label("Topic").focus()
    await page.keyboard.press("End")
    await page.keyboard.type("ence")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("Call: Half a sentence")).to_be_visible()
    await expect(page.get_by_label("Topic")).to_have_value("")
    await page.keyboard.press("Control+Enter")
    assert len(await contacts(database)) == 1


async def test_mails_fit_a_phone_and_a_window(site: Site) -> None:
    """Each message in both languages, 360 and 700 pixels wide, as Chromium lays it out."""
    brand = MessageBrand(name="Nordlicht", color="#0b5c4a", legal_lines=("Nordlicht Handels GmbH · Speicherstraße 12",))
    context = await site.browser.new_context()
    page = await context.new_page()
    for width in (360, 700):
        await page.set_viewport_size({"width": width, "height": 900})
        for template in TEMPLATES:
            facts = facts_of(template)
            names = (facts.required | facts.optional) - {"link_url", "link_until", "company"}
            for language in ("de", "en"):
                given = {**sample(names, language), "brand": brand}
                if "link_url" in facts.required:
                    given |= {"link_url": "https://shop.example/link", "link_until": "2026-12-09"}
                await page.set_content(render_message(template, language, given).html)
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, (template, language)
    await context.close()


async def test_contact_about_no_order_with_somebody_known_or_not(
    database: Database, site: Site, company: Company
) -> None:
    await confirmed(database, company, ("LAMP", 1), customer=GRETA)
    page = await opened(site)
    steps = Steps(4)
    await steps.click(page.get_by_role("button", name="New contact"))
    await page.get_by_label("With whom?").fill("greta fock")
    await steps.press(page, "Enter")
    dialog = page.get_by_role("dialog")
    await steps.click(dialog.get_by_role("button", name="Greta Fock"))
    await expect(dialog.get_by_label("Topic")).to_be_focused()
    await page.keyboard.type("Asks for our hours")
    assert await faults(page) == []
    await steps.press(page, "Control+Enter")
    await expect(page.get_by_role("heading", name="Greta Fock")).to_be_visible()
    await expect(page.get_by_text("Asks for our hours")).to_be_visible()
    await page.get_by_role("button", name="New contact").click()  # and once more from the customer
    await dialog.get_by_label("Way").select_option("NOTE")
    await dialog.get_by_label("Topic").fill("Collects lamps")
    await page.reload()
    await page.get_by_role("button", name="New contact").click()
    await expect(dialog.get_by_label("Topic")).to_have_value("Collects lamps")
    await dialog.get_by_role("button", name="Keep").dblclick()
    await expect(page.get_by_text("Collects lamps")).to_be_visible()
    assert [(each.order_id, str(each.channel)) for each in await contacts(database)] == [
        (None, "PHONE"),
        (None, "NOTE"),
    ]
    assert await faults(page) == []

    await page.goto("/care")
    await page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    await page.emulate_media(color_scheme="dark")
    await page.get_by_role("button", name="New contact").press("Enter")
    await page.get_by_label("With whom?").fill("nobody of this name")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_text("Nobody found.")).to_be_visible()
    await dialog.get_by_role("button", name="Not known yet").press("Enter")
    await expect(dialog.get_by_label("Name")).to_be_focused()
    await page.keyboard.type("Ida Lund")
    await dialog.get_by_label("Phone").fill("+45 33 11 22 33")
    assert (await faults(page), await overflows(page)) == ([], False)
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_label("Topic")).to_be_focused()
    await page.keyboard.type("Wants a catalogue")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Ida Lund")).to_be_visible()
    await expect(page.get_by_text("Wants a catalogue")).to_be_visible()
    assert (await faults(page), await overflows(page)) == ([], False)
