"""What customers may do alone, from the administration: changed, planned, taken back, kept against others."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from factories.auth import make_user
from factories.channels import make_channel
from frontend.care.desk import Steps
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.auth.permissions import Role
from kontor.core.db import Database
from kontor.selfservice import service
from kontor.selfservice.policy import Policy, Until

pytestmark = pytest.mark.engine("sqlite")
OPS, ADMIN = "ops@shop.example", "ada@shop.example"


async def test_rules_are_changed_planned_taken_back_and_never_lost(database: Database, site: Site) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db, name="Web shop")
        await make_user(db, role=Role.OPERATIONS, email=OPS, name="Olaf Ried")
        await make_user(db, role=Role.ADMIN, email=ADMIN, name="Ada Kern", language="de")

    async def counts() -> Policy:
        async with database.read_only() as db:
            return await service.policy_of(db, channel.id)

    page = await site.visit("/admin/self-service")
    await site.sign_in(page, OPS)
    row = page.get_by_role("row", name="Web shop")
    await expect(row).to_contain_text("as it comes")
    assert await faults(page) == []
    steps = Steps(2)  # one rule changed
    await row.focus()
    await steps.press(page, "Enter")
    await expect(page.get_by_role("heading", name="Web shop")).to_be_focused()
    await page.get_by_label("Cancel").select_option("until it has left")
    await page.reload()  # what was chosen is there still
    await expect(page.get_by_label("Cancel")).to_have_value("SHIPPED")
    assert await faults(page) == []
    await page.get_by_label("Exchange", exact=True).check()
    await steps.press(page, "Control+Enter")
    await expect(page.get_by_text("Version 1 counts from now on.")).to_be_visible()
    history = page.get_by_role("listitem").filter(has_text="Version 1")
    await expect(history).to_contain_text("Cancel: until the place begins → until it has left")
    assert (await counts()).cancel is Until.SHIPPED
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_label("Cancel")).to_have_value("BEGUN")
    await expect(page.get_by_text("Version 2", exact=True)).to_be_visible()
    assert await counts() == Policy()
    await page.get_by_label("Days to send back").fill("731")
    await page.get_by_label("Days to send back").evaluate("each => each.removeAttribute('max')")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert").get_by_role("link", name="Days to send back")).to_be_visible()
    await page.get_by_label("Days to send back").fill("14")
    async with database.unit_of_work() as db:  # meanwhile somebody else
        await service.save_policy(db, channel.code, Policy(swap=Until.RELEASED), now=db.now)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Another article: until a place has the order").first).to_be_visible()
    await expect(page.get_by_label("Days to send back")).to_have_value("14")
    assert await faults(page) == []

    german = await site.visit(f"/admin/self-service?channel={channel.id}", size=NARROW, dark=True, language="de-DE")
    await site.sign_in(german, ADMIN)
    await german.get_by_label("Problem melden").uncheck()
    begins = await german.evaluate("new Date(Date.now() + 86400000).toISOString().slice(0, 16)")
    await german.get_by_label("Gilt ab").fill(begins)
    await german.keyboard.press("Control+Enter")
    await expect(german.get_by_text("Version 4 gilt ab")).to_be_visible()
    await expect(german.get_by_label("Problem melden")).to_be_checked()  # as it counts now
    await expect(german.get_by_text("Problem melden: ja → nein")).to_be_visible()
    assert (await faults(german), await overflows(german)) == ([], False)
    assert (await counts()).claims
    await german.get_by_role("link", name="Schließen").press("Enter")
    await expect(german.get_by_role("row", name="Web shop")).to_contain_text("anders")
    assert (await faults(german), await overflows(german)) == ([], False)
    site.clock.advance(days=2)
    assert not (await counts()).claims
