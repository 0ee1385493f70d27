"""Ways into the portal: reset by mail, passkey, second factor; and from the invitation to a shipped practice order."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pyotp
import pytest
import sqlalchemy as sa
from playwright.async_api import Locator, Page, expect

from factories.auth import PASSWORD, make_user
from factories.catalog import make_variant
from factories.partners import make_partner
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.adapters.messaging.mailbox import Mailbox
from kontor.auth import links
from kontor.auth.permissions import Role
from kontor.core.db import Database, Model
from kontor.core.jobs import Runtime
from kontor.notifications.ports import MessageSender
from kontor.partners.models import Partner, PracticeOrder
from kontor.partners.states import PartnerState, PracticeState
from support import Drain

pytestmark = pytest.mark.engine("sqlite")
EMAIL = "kim@ds.example"
NEVER_TOUCHED = ("fulfillment_order", "sales_order", "shipment", "allocation", "payment", "customer", "invoice")


async def invited(database: Database, **given: Any) -> None:
    """A partner that was invited, and Kim, who manages it."""
    async with database.unit_of_work() as db:
        partner = await make_partner(db, state=PartnerState.INVITED, code="nordlicht", country="AT")
        values: dict[str, Any] = {"email": EMAIL, "name": "Kim", "role": Role.DROPSHIPPER, "partner_id": partner.id}
        await make_user(db, **(values | given))


async def mailed_path(runtime: Runtime, drain: Drain) -> str:
    """Where the newest mail's link leads."""
    assert await drain() == []
    box = runtime.ports.get(MessageSender)  # type: ignore[type-abstract]
    assert isinstance(box, Mailbox)
    [newest, *_] = await box.list_messages(to=EMAIL)
    found = re.search(r"http\S+(/portal/link#\S+)", (await box.read_message(newest.name)).text)
    assert found
    return found[1]


def by_name(site: Site) -> None:
    """Browsers know passkeys for names only, so the site is visited by its name."""
    site.address = site.address.replace("127.0.0.1", "localhost")


async def add_device(page: Page) -> None:
    """A device that holds passkeys and says yes."""
    devices = await page.context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


class Clicks:
    """Counts what a person clicks."""

    def __init__(self) -> None:
        self.count = 0

    async def on(self, target: Locator) -> None:
        self.count += 1
        await target.click()


async def test_invitation_leads_to_a_shipped_practice_order_within_twelve_clicks(
    runtime: Runtime, database: Database, site: Site, drain: Drain
) -> None:
    by_name(site)
    await invited(database)
    async with database.unit_of_work() as db:
        user_id = (await db.execute(sa.text("SELECT id FROM user_account"))).scalar_one()
        await make_variant(db, sku="LAMP")
        links.send_invitation(db, UUID(str(user_id)))
    clicks = Clicks()
    clicks.count += 1  # on the link of the mail
    page = await site.visit(await mailed_path(runtime, drain))
    await add_device(page)
    await expect(page.get_by_role("heading", name="Welcome, Kim")).to_be_visible()
    assert await faults(page) == []
    await clicks.on(page.get_by_role("button", name="Continue with a passkey"))
    await expect(page.get_by_role("heading", name="Where do you ship from?")).to_be_visible()
    assert await faults(page) == []
    await expect(page.get_by_label("Country")).to_have_value("AT")
    await page.get_by_label("Street").fill("Hauptplatz 1")
    await page.get_by_label("Postal code").fill("8010")
    await page.get_by_label("Town").fill("Graz")
    await clicks.on(page.get_by_role("button", name="Next"))
    await expect(page.get_by_role("heading", name="What do you have?")).to_be_visible()
    async with database.read_only() as db:
        place, zone = (await db.execute(sa.text("SELECT code, timezone FROM stock_location"))).one()
    assert zone == "Europe/Vienna"
    clicks.count += 1  # on the field that opens the files
    figures = f"location;sku;quantity\n{place};LAMP;5\n{place};NOWHERE;1\n".encode("cp1252")
    await page.get_by_label("Stock file").set_input_files({"name": "s.csv", "mimeType": "text/csv", "buffer": figures})
    await expect(page.get_by_text("2 rows: 1 to take over")).to_be_visible()
    assert await faults(page) == []
    await clicks.on(page.get_by_role("button", name="Take over 1 figure"))
    await expect(page.get_by_role("heading", name="PRACTICE-1")).to_be_visible()
    async with database.read_only() as db:
        before = {name: (await db.execute(sa.text(f"SELECT count(*) FROM {name}"))).scalar_one() for name in there()}
        level = (await db.execute(sa.text("SELECT on_hand, allocated FROM stock_level"))).one()
    await clicks.on(page.get_by_role("link", name="Accept and print"))
    clicks.count += 1  # the print dialog
    await page.get_by_label("Tracking number").fill("00340434161094042557")
    assert await faults(page) == []
    await clicks.on(page.get_by_role("button", name="Ship", exact=True))
    await expect(page.get_by_text("Shipped. That is all there is to it")).to_be_visible()
    assert clicks.count <= 12
    async with database.read_only() as db:
        order = (await db.scalars(sa.select(PracticeOrder))).one()
        assert (order.state, order.carrier) == (PracticeState.SHIPPED, "DHL")
        after = {name: (await db.execute(sa.text(f"SELECT count(*) FROM {name}"))).scalar_one() for name in there()}
        assert after == before
        assert (await db.execute(sa.text("SELECT on_hand, allocated FROM stock_level"))).one() == level
        assert (await db.scalars(sa.select(Partner.state))).one() is PartnerState.ONBOARDING
    assert await drain() == []
    box = runtime.ports.get(MessageSender)  # type: ignore[type-abstract]
    assert isinstance(box, Mailbox)
    assert len(await box.list_messages()) == 1
    note = await page.request.get(f"/files/practice/{order.id}")
    assert (note.status, (await note.body())[:4]) == (200, b"%PDF")
    # The same passkey signs in again, and a used link says so.
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.get_by_role("link", name="To the orders").click()
    await expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()


def there() -> list[str]:
    """The tables that a practice order must not touch."""
    return [name for name in NEVER_TOUCHED if name in Model.metadata.tables]


async def test_password_is_reset_by_mail_and_by_keyboard_alone(
    runtime: Runtime, database: Database, site: Site, drain: Drain
) -> None:
    await invited(database, language="de")
    site.expected = ("400", "409")
    page = await site.visit("/portal/reset", size=NARROW, dark=True, language="de-AT")
    await page.get_by_label("E-Mail").focus()
    await page.keyboard.type(EMAIL)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main").get_by_role("status")).to_contain_text(EMAIL)
    assert await faults(page) == []
    path = await mailed_path(runtime, drain)
    await page.goto(path)
    await page.get_by_label("Neues Passwort").focus()
    await page.keyboard.type("zu kurz")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main").get_by_role("alert")).to_be_focused()
    assert await faults(page) == []
    assert not await overflows(page)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Neues Passwort")).to_be_focused()
    await page.keyboard.press("Control+a")
    await page.keyboard.type("ein langes Passwort")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Aufträge")).to_be_visible()
    again = await site.visit(path, language="de-AT")
    await expect(again.get_by_role("heading", name="schon benutzt")).to_be_visible()
    assert await faults(again) == []


async def test_second_factor_and_passkey_are_set_up_and_asked_for(database: Database, site: Site) -> None:
    by_name(site)
    await invited(database)
    page = await site.visit("/portal")
    await add_device(page)
    await site.sign_in(page, EMAIL)
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("link", name="Security").click()
    await page.get_by_role("button", name="Set up a second factor").click()
    await expect(page.get_by_role("img", name="QR code")).to_be_visible()
    assert await faults(page) == []
    secret = await page.locator("code").first.inner_text()
    await page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="Switch on").click()
    await expect(page.get_by_text("Keep these recovery codes")).to_be_visible()
    recovery = await page.locator(".codes code").first.inner_text()
    await page.get_by_label("Name of the new passkey").fill("Laptop")
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_label("Name of Laptop")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("button", name="Sign out", exact=True).last.click()
    await page.get_by_label("Email").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Code")).to_be_focused()
    assert await faults(page) == []
    await page.keyboard.type(recovery)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("9 recovery codes are left")).to_be_visible()
