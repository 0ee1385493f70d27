"""The main task of each page of an order without a pointer, by a person who reads German: the focus is never lost."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from factories.changes import lines_of
from frontend.care.desk import Keys, Steps, opened
from frontend.care.lived import lived, people
from frontend.visiting import Site
from kontor.claims.models import Goodwill
from kontor.contacts.models import Contact
from kontor.core.db import Database
from kontor.invoicing.models import DunningPlan
from kontor.notifications.models import Notification
from kontor.payments.models import DisputeAction
from kontor.routing.models import RoutingLock
from support import Drain, StandingClock

pytestmark = pytest.mark.engine("sqlite")


async def test_an_order_is_worked_by_keys_alone(
    database: Database, site: Site, drain: Drain, clock: StandingClock
) -> None:
    it = await lived(database, drain, clock)
    await people(database)
    page = await opened(site, f"/care/orders/{it.number}", who="de@care.example", language="de-DE")
    keys = Keys(page)
    await ready(page, it.number, "Verlauf")
    for done in (contacts, why, change, refund, money):
        await done(page, keys, it.number)
    assert [line.canceled for line in await lines_of(database, it.order_id) if line.sku == "P44"] == [1]
    async with database.read_only() as db:
        counts = [
            await db.scalar(sa.select(sa.func.count()).select_from(each))
            for each in (RoutingLock, DunningPlan, DisputeAction)
        ]
        assert counts == [1, 1, 1]
        said = await db.scalars(sa.select(Contact.channel).order_by(Contact.id))
        assert [str(each) for each in said] == ["PHONE", "EMAIL", "PHONE", "EMAIL"]
        mails = sa.select(sa.func.count()).select_from(Notification).where(Notification.template == "personal")
        assert await db.scalar(mails) == 1
        given = await db.scalars(sa.select(Goodwill.amount).order_by(Goodwill.id))
        assert list(given) == [500, 300]
    # Whatever page is open, one key leads to the search, and one tells the keys.
    for address in ("", "/change", "/refund", "/money", "/contacts", "/why"):
        await page.goto(f"/care/orders/{it.number}{address}")
        await expect(page).to_have_title(re.compile(it.number))
        await page.wait_for_load_state("networkidle")
        await keys_told(page, keys, it.number)


async def ready(page: Page, title: str, heading: str) -> None:
    """A page is whole, and its keys mean something: both they and its title come after it was drawn."""
    await expect(page.get_by_role("heading", name=heading).first).to_be_visible()
    await expect(page).to_have_title(f"{title} · Kontor")


async def back(page: Page, keys: Keys, number: str) -> None:
    """To the order, whose keys lead to its pages."""
    await keys.to(page.get_by_role("link", name="Bestellung", exact=True), back=True)
    await keys.press("Enter")
    await ready(page, number, "Verlauf")


async def contacts(page: Page, keys: Keys, number: str) -> None:
    """A call in three steps, with its follow-up done; a mail from a template of the shop."""
    steps = Steps(3)
    await steps.press(page, "n")
    await keys.to(page.get_by_label("Thema"))
    await keys.type("Wo bleibt der Rest?")
    await keys.to(page.get_by_label("Text", exact=True))
    await keys.type("Ruft bis fünf zurück.")
    await steps.press(page, "Control+Enter")
    await expect(page.get_by_text("Der Kontakt ist festgehalten.")).to_be_visible()
    await expect(page.get_by_text("Anruf: Wo bleibt der Rest?")).to_be_visible()
    await expect(page.get_by_text("vom Kunden, von greta@fock.example")).to_be_visible()
    await keys.kept()
    await keys.to(page.get_by_role("button", name=re.compile("^Nachgefasst:")))
    await keys.press("Enter")
    await expect(page.get_by_text("Nachgefasst von Clara Behrens")).to_be_visible()
    await keys.kept()
    await keys.to(page.get_by_label("Weg"), back=True)
    await keys.press("E")
    await keys.to(page.get_by_label("Beginnen mit"))
    await keys.press("ArrowDown")
    await expect(page.get_by_label("Thema")).to_have_value(re.compile("^Ihre Bestellung"))
    await keys.press("Control+Enter")
    await expect(page.get_by_text("Die E-Mail ist unterwegs.")).to_be_visible()
    await keys.kept()
    await back(page, keys, number)


async def why(page: Page, keys: Keys, number: str) -> None:
    """One key from the order; what it would cost elsewhere; the work stays where it is."""
    await keys.press("w")
    await expect(page.get_by_role("heading", name="Gewählt")).to_be_visible()
    await keys.kept()
    await keys.to(page.get_by_role("button", name="Was wäre anderswo?"))
    await keys.press("Enter")
    await expect(page.get_by_label("Grund")).to_have_count(2)
    await keys.to(page.get_by_role("region", name="Festhalten, wo sie ist").get_by_label("Grund"))
    await keys.type("Wird abgeholt")
    await keys.press("Enter")
    await expect(page.get_by_text("Sie bleibt, wo sie ist.")).to_be_visible()
    await keys.kept()
    await back(page, keys, number)


async def change(page: Page, keys: Keys, number: str) -> None:
    """The piece that has not left is taken off, by one key for the page, one for the piece and one to confirm."""
    await keys.press("e")
    await keys.to(page.get_by_role("button", name="eins weniger").last)
    await keys.press("Enter")
    await expect(
        page.get_by_role("region", name="Vorschau", exact=True).get_by_text("Nachricht an den Kunden:").first
    ).to_be_visible()
    await keys.press("Control+Enter")
    await expect(page.get_by_text("Die Bestellung ist geändert.")).to_be_visible()
    await keys.kept()
    # An exchange is begun and left again: the button comes back, and the focus stays beside it.
    await keys.press("x")
    await keys.to(page.get_by_label("Neuer Artikel"))
    await keys.to(page.get_by_role("button", name="Nicht tauschen"))
    await keys.press("Enter")
    await expect(page.get_by_label("Neuer Artikel")).to_have_count(0)
    await keys.kept()
    await back(page, keys, number)


async def refund(page: Page, keys: Keys, number: str) -> None:
    """Goodwill in three steps."""
    steps = Steps(3)
    await steps.press(page, "t")
    await expect(page.get_by_role("heading", name="Was geschieht")).to_be_visible()
    await keys.to(page.get_by_role("link", name="Kulanz", exact=True))
    await steps.press(page, "Enter")
    await keys.to(page.get_by_label("Betrag", exact=True))
    await keys.press("Control+a")
    await keys.type("3,00")
    await expect(page.get_by_role("region", name="Was geschieht").get_by_text("3,00 €").first).to_be_visible()
    await steps.press(page, "Control+Enter")
    await expect(page.get_by_text("3,00 € gewährt")).to_be_visible()
    await keys.kept()
    # A claim is denied in a dialog, which gives the focus back.
    await keys.to(page.get_by_role("button", name=re.compile("^Reklamation .* ablehnen$")))
    await keys.press("Enter")
    await page.get_by_role("dialog").get_by_label("Begründung").wait_for()
    await keys.to(page.get_by_role("dialog").get_by_label("Begründung"))
    await keys.type("Das Gewicht stimmt")
    await keys.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_text("Das Gewicht stimmt")).to_be_visible()
    await keys.kept()
    await back(page, keys, number)


async def money(page: Page, keys: Keys, number: str) -> None:
    """Reminders pause in two steps; the bank is answered with the proof that was collected."""
    await keys.press("m")
    await expect(page.get_by_text("Zahllink").first).to_be_visible()
    await expect(page).to_have_title(re.compile(f"{number} · Kontor$"))
    steps = Steps(2)
    await steps.press(page, "p")
    dialog = page.get_by_role("dialog")
    await dialog.wait_for()
    await keys.to(dialog.get_by_role("button", name="Mahnungen pausieren"))
    await steps.press(page, "Enter")
    await expect(page.get_by_text("Keine Mahnung bis")).to_be_visible()
    await expect(dialog).to_have_count(0)
    await keys.kept()
    await keys.to(page.get_by_role("button", name="Widersprechen"))
    await keys.press("Enter")
    await keys.to(dialog.get_by_role("button", name="An die Bank senden"))
    await keys.press("Enter")
    await expect(page.get_by_text("die Bank hat die Belege")).to_be_visible()
    await expect(dialog).to_have_count(0)
    await keys.kept()


async def keys_told(page: Page, keys: Keys, number: str) -> None:
    """The keys of the page in a layer, which closes by Escape; then the search."""
    await page.keyboard.press("?")
    layer = page.get_by_role("dialog")
    await expect(layer).to_contain_text("Suchen")
    await page.keyboard.press("/")  # means nothing behind what lies over the page
    await expect(layer).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(layer).to_have_count(0)
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await keys.type(number)
    await keys.press("Enter")
    await expect(page.get_by_role("heading", name=number)).to_be_visible()
