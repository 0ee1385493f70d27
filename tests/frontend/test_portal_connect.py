"""A partner connects its own system: a first call in four clicks, secrets shown once, failed deliveries sent again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from factories.fulfillment import released
from factories.suppliers import make_supplier
from frontend.test_portal_orders import inbox
from frontend.visiting import NARROW, Site, faults, overflows
from kontor import relay
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.webhooks.ports import Answer, WebhookSender
from support import Drain

pytestmark = pytest.mark.engine("sqlite")
SECRET = re.compile(r"kcs_[\w-]+|whsec_[\w+/=-]+")


class Endpoint:
    """A partner's endpoint that is down until it is not."""

    down = True

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return Answer(500 if self.down else 204, "The receiver answered 500." if self.down else None, 12)


async def connect_page(site: Site, email: str, **looks: Any) -> Page:
    page = await inbox(site, email, **looks)
    await page.locator("nav a[href='/portal/connect']").click()
    return page


async def secrets_in(page: Page) -> set[str]:
    return set(SECRET.findall(await page.content()))


async def token_status(site: Site, client_id: str, secret: str) -> int:
    async with httpx.AsyncClient(base_url=site.address) as http:
        given = {"grant_type": "client_credentials"}
        return (await http.post("/oauth/token", data=given, auth=(client_id, secret))).status_code


async def test_first_call_works_after_four_clicks_and_the_secret_is_gone_for_good(
    database: Database, site: Site
) -> None:
    supplier = await make_supplier(database)
    await released(database, supplier.company, ("LAMP-ds", 1))
    page = await connect_page(site, supplier.user.email)
    await expect(page.get_by_role("heading", name="No key yet")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("link", name="New key").click()
    assert await faults(page) == []
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_text("The secret is shown only now")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("button", name="Try it now").click()
    await expect(page.get_by_role("status", name="Answer")).to_contain_text('"state": "OPEN"')
    (secret,) = await secrets_in(page)
    client_id = await page.locator("dl.secrets code").first.inner_text()
    await page.get_by_role("button", name="I have kept it").click()
    assert await secrets_in(page) == set()
    await page.reload()
    await page.get_by_role("row", name="Our system").click()
    assert await secrets_in(page) == set()

    # Changed over: for a day both secrets work; revoked: none does, at once.
    await page.get_by_role("button", name="New secret").click()
    await expect(page.get_by_text("The secret is shown only now")).to_be_visible()
    (newer,) = await secrets_in(page)
    assert [await token_status(site, client_id, each) for each in (secret, newer)] == [200, 200]
    await page.get_by_role("button", name="Revoke the key").click()
    await page.get_by_role("button", name="Revoke for good").click()
    await expect(page.get_by_role("status").filter(has_text="is revoked")).to_be_visible()
    assert [await token_status(site, client_id, each) for each in (secret, newer)] == [401, 401]
    assert await secrets_in(page) == set()


async def test_failed_delivery_is_seen_with_its_answer_and_sent_again_by_keyboard(
    database: Database, site: Site, runtime: Runtime, drain: Drain
) -> None:
    endpoint = Endpoint()
    runtime.ports.register(WebhookSender, endpoint)
    supplier = await make_supplier(database, language="de")
    page = await connect_page(site, supplier.user.email, language="de-AT", size=NARROW, dark=True)
    await page.get_by_role("link", name="Webhooks").click()
    await page.get_by_role("link", name="Neuer Webhook").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Name")).to_be_focused()
    await page.keyboard.type("Lager")
    await page.keyboard.press("Tab")
    await page.keyboard.type("https://10.0.0.1/hook")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="keine Webhooks")).to_be_visible()
    assert await faults(page) == []
    assert not await overflows(page)
    await page.get_by_label("Adresse").fill("https://hooks.nordlicht.example/kontor")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("steht nur jetzt hier")).to_be_visible()
    assert len(await secrets_in(page)) == 1
    await page.get_by_role("button", name="aufbewahrt").click()
    assert await secrets_in(page) == set()
    await page.get_by_role("row", name="Lager").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Probe senden").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("webhook.test", exact=True)).to_be_visible()
    for _ in range(10):
        await relay.hurry(runtime)
        await drain()
    await page.get_by_role("button", name="Aktualisieren").click()
    await page.locator("li summary").click()
    await expect(page.get_by_text("The receiver answered 500.").first).to_be_visible()
    await expect(page.get_by_text("Gescheitert", exact=True)).to_be_visible()
    assert await faults(page) == []
    assert not await overflows(page)
    endpoint.down = False
    await page.get_by_role("button", name="Erneut senden").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="geht erneut hinaus")).to_be_visible()
    await drain()
    await page.get_by_role("button", name="Aktualisieren").click()
    await expect(page.get_by_text("Zugestellt", exact=True)).to_be_visible()
