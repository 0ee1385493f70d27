"""Goodwill from the administration: decided, reported with what is behind each sum, limited by two people at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import expect

from factories.auth import make_user
from factories.processes import deliver_all, make_store, order_one, ship_all
from frontend.care.desk import Steps
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.auth.permissions import Role, of_role
from kontor.claims import goodwill
from kontor.claims.limits import LimitRow, limits_of, save_limits
from kontor.claims.states import GoodwillForm, GoodwillReason
from kontor.core.db import Database
from kontor.core.principal import Principal, PrincipalKind
from kontor.orders.intake import PaymentInput
from kontor.orders.queries import lock_order
from support import Drain

pytestmark = pytest.mark.engine("sqlite")
ADMIN, OPS, LEAD = "admin@shop.example", "ops@shop.example", "clara@care.example"


async def asked(database: Database, drain: Drain) -> str:
    """An order that arrived, of which an agent has given 4.00 and wants to give 6.00 and 7.00 more; its number."""
    company, variant = await make_store(database, payment_methods=["CARD"])
    card = (PaymentInput("CARD", 3000, token="tok_visa"),)
    order_id: UUID = await order_one(database, company, variant, 3, payments=card)
    for step in (ship_all, deliver_all):
        await drain()
        await step(database, order_id)
    await drain()
    async with database.unit_of_work() as db:
        people: list[tuple[Role, str, str]] = [
            (Role.ADMIN, ADMIN, "Ada Kern"), (Role.OPERATIONS, OPS, "Olaf Ried"),
            (Role.CARE_LEAD, LEAD, "Clara Behrens"),
        ]  # fmt: skip
        for role, email, name in people:
            await make_user(db, role=role, email=email, name=name, language="de" if role is Role.CARE_LEAD else "en")
        agent = await make_user(db, role=Role.CARE_AGENT, name="Cem Aydin")
        await save_limits(db, [LimitRow("CARE_AGENT", "EUR", 500, 5000)])
    who = Principal(PrincipalKind.USER, agent.id, agent.name, frozenset(map(str, of_role(Role.CARE_AGENT))))
    for form, amount in ((GoodwillForm.REFUND, 400), (GoodwillForm.VOUCHER, 600), (GoodwillForm.REFUND, 700)):
        async with database.unit_of_work(who) as db:
            order = await lock_order(db, order_id)
            wish = goodwill.GoodwillWish(form, amount, GoodwillReason.LATE, note="Rang three times")
            await goodwill.grant_goodwill(db, order, wish, now=db.now)
    await drain()
    return order.number


async def limits(database: Database) -> list[tuple[Any, ...]]:
    async with database.read_only() as db:
        return [(row.role, row.currency, row.per_order, row.per_day) for row in await limits_of(db)]


async def test_goodwill_is_decided_reported_and_limited(database: Database, drain: Drain, site: Site) -> None:
    number = await asked(database, drain)
    lead = await site.visit("/admin/goodwill", size=NARROW, dark=True, language="de-DE")
    await site.sign_in(lead, LEAD)
    waiting = lead.get_by_role("region", name="Wartet auf Genehmigung")
    await expect(waiting.get_by_text("Rang three times").first).to_be_visible()
    assert (await faults(lead), await overflows(lead)) == ([], False)
    approve = lead.get_by_role("button", name=f"Auftrag {number}: genehmigen")
    await approve.first.focus()
    await lead.keyboard.press("Enter")
    await expect(lead.get_by_text("genehmigt.")).to_be_visible()
    await expect(approve).to_have_count(1)
    await lead.get_by_role("button", name=f"Auftrag {number}: ablehnen").press("Enter")
    await lead.get_by_label("Warum nicht").fill("Genug für eine Bestellung")
    assert await faults(lead) == []
    await lead.keyboard.press("Enter")
    await expect(lead.get_by_role("heading", name="Nichts wartet")).to_be_visible()
    await lead.get_by_role("link", name="Grenzen").press("Enter")
    await expect(lead.get_by_text("Grenzen ändert die Administration.")).to_be_visible()
    await expect(lead.get_by_text("5,00\u00a0€ je Auftrag, 50,00\u00a0€ am Tag")).to_be_visible()
    assert (await faults(lead), await overflows(lead)) == ([], False)

    page = await site.visit("/admin/goodwill")
    await site.sign_in(page, ADMIN)
    steps = Steps(2)  # from the start to what is behind a sum
    await steps.click(page.get_by_role("link", name="Given"))
    given = page.get_by_role("region", name="Given")
    await expect(given.get_by_text("2 times · €10.00")).to_be_visible()
    assert await faults(page) == []
    await steps.click(given.get_by_role("link", name="Voucher, Late delivery"))
    await expect(given.get_by_role("heading", name="Voucher, Late delivery")).to_be_visible()
    single = given.get_by_role("table", name="Single goodwill")
    await expect(single.get_by_role("row")).to_have_count(2)
    await expect(single).to_contain_text("Clara Behrens (asked by Cem Aydin)")
    await expect(single.get_by_role("link", name=number)).to_have_attribute("href", f"/care/orders/{number}/refund")
    async with page.expect_download() as saved:
        await given.get_by_role("button", name="Export as CSV").click()
    assert "Voucher,Late delivery,1,6.00,EUR" in (await (await saved.value).path()).read_text(encoding="utf-8")
    await given.get_by_role("link", name="Last month").click()
    await expect(given.get_by_role("heading", name="Nothing was given in this time")).to_be_visible()
    await given.get_by_label("To and including").fill("2020-01-01")
    await given.get_by_role("button", name="Show").click()
    await expect(given.get_by_role("alert")).to_contain_text("The end is before the beginning")

    await page.get_by_role("link", name="Limits").click()
    agent = page.get_by_role("group", name="Customer care", exact=True)
    order = agent.get_by_label("Per order")
    await expect(order).to_have_value("5.00")
    await agent.get_by_label("A day").fill("4")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".fault")).to_contain_text("below the one per order")
    assert await faults(page) == []
    await agent.get_by_label("A day").fill("60")
    await page.reload()  # what was typed is there still
    await expect(agent.get_by_label("A day")).to_have_value("60")
    async with database.unit_of_work() as db:  # meanwhile somebody else
        await save_limits(db, [LimitRow("CARE_AGENT", "EUR", 700, 5000)])
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("now €7.00 per order, €50.00 a day; yours 5.00 per order, 60 a day")).to_be_visible()
    assert (await limits(database), await faults(page)) == ([("CARE_AGENT", "EUR", 700, 5000)], [])
    await page.get_by_role("button", name="Keep mine").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The limits count from now on.")).to_be_visible()
    assert await limits(database) == [("CARE_AGENT", "EUR", 500, 6000)]
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("The limits of before count.")).to_be_visible()
    assert await limits(database) == [("CARE_AGENT", "EUR", 700, 5000)]

    other = await site.visit("/admin/goodwill")
    await site.sign_in(other, OPS)
    await expect(other.get_by_text("Those who lead customer care")).to_have_count(0)  # nothing waits
    await other.get_by_role("link", name="Limits").click()
    await expect(other.get_by_text("Administrators change limits.")).to_be_visible()
