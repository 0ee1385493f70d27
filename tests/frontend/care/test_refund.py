"""Return, refund, goodwill and money trouble: each task in its steps, by pointer and by keyboard."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.async_api import Locator, Page, expect

from claims.test_claims import opened as opened_claim
from factories.fulfillment import order_of
from factories.payments import read_payments
from factories.processes import deliver_all, make_store, order_one, ship_all
from frontend.care.desk import LEAD, Steps, opened, people
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.claims.limits import LimitRow, save_limits
from kontor.claims.models import Claim, Goodwill
from kontor.claims.states import ClaimKind
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.documents.models import Document
from kontor.orders.intake import ChargeInput, PaymentInput
from kontor.orders.models import Order
from kontor.payments.models import Dispute, DisputeAction, Refund, RefundAllocation
from kontor.payments.states import DisputeState
from kontor.returns.models import Return
from support import Drain, StandingClock

pytestmark = pytest.mark.engine("sqlite")
DUNNING: dict[str, Any] = {
    "dunning": [{"afterDays": 7, "fee": 0}, {"afterDays": 7, "fee": 500}],
    "pay_url": "https://shop.example/{number}",
}


async def arrived(
    database: Database, drain: Drain, method: str, *, gift: int = 0, fee: int = 0, **settings: Any
) -> Order:
    """An order of three pieces at 10.00 that arrived, with a fee, so much of it paid by gift card, and the people of
    the desk."""
    company, variant = await make_store(
        database, payment_methods=["CARD", "ON_ACCOUNT", "GIFT_CARD"], settings=settings
    )
    paid: tuple[PaymentInput, ...] = (
        PaymentInput(method, 3000 + fee - gift, token="tok_visa" if method == "CARD" else None),
    )
    if gift:
        paid += (PaymentInput("GIFT_CARD", gift, token="tok_stored_value"),)
    fees = (ChargeInput("SHIPPING", "Postage", fee),) if fee else ()
    order_id = await order_one(database, company, variant, 3, payments=paid, charges=fees)
    for step in (ship_all, deliver_all):
        await drain()
        await step(database, order_id)
    await drain()
    await people(database)
    return await order_of(database, order_id)


async def all_of(database: Database, model: Any) -> list[Any]:
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(model).order_by(*sa.inspect(model).primary_key)))


async def test_goodwill_label_and_claim_in_their_steps(database: Database, drain: Drain, site: Site) -> None:
    order = await arrived(database, drain, "CARD")
    async with database.unit_of_work() as db:
        await save_limits(db, [LimitRow("CARE_AGENT", "EUR", 500, 5000)])
    page = await opened(site, f"/care/orders/{order.number}/refund")
    steps = Steps(3)  # goodwill
    await steps.click(page.get_by_role("link", name="Goodwill"))
    await page.get_by_label("Amount", exact=True).fill("4,00")
    preview = page.get_by_role("region", name="What happens")
    await expect(preview.get_by_text("Tax in it")).to_be_visible()
    await expect(page.get_by_text("your limit €5.00")).to_be_visible()
    await page.get_by_label("Personal sentence").fill("Enjoy the lamp all the same.")
    await expect(preview.locator(".letter")).to_contain_text("Enjoy the lamp all the same.")
    assert await faults(page) == []
    await page.get_by_role("button", name="Give").dblclick()
    steps.taken += 1
    await expect(page.get_by_text("€4.00 given")).to_be_visible()
    assert [each.amount for each in await all_of(database, Goodwill)] == [400]
    await page.get_by_label("Amount", exact=True).fill("6")  # more than is left of the limit, sent by keyboard
    await expect(preview.get_by_text("€6.00").first).to_be_visible()
    await expect(preview.get_by_text("somebody else has to approve it")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("€6.00 waits for approval")).to_be_visible()
    lead = await opened(site, f"/care/orders/{order.number}/refund?do=goodwill", who=LEAD, dark=True, size=NARROW)
    await lead.get_by_role("button", name="Approve").click()
    await expect(lead.get_by_role("button", name="Approve")).to_have_count(0)
    assert [str(each.state) for each in await all_of(database, Goodwill)] == ["GRANTED", "GRANTED"]
    assert (await faults(lead), await overflows(lead)) == ([], False)
    steps = Steps(3)  # a label by mail
    await steps.click(page.get_by_role("link", name="Return", exact=True))
    await steps.click(page.get_by_role("checkbox"))
    await page.get_by_label("Pieces of").fill("1")
    await expect(preview.get_by_text("The customer gets the label by mail")).to_be_visible()
    assert await faults(page) == []
    await steps.click(page.get_by_role("button", name="Send label"))
    await expect(page.get_by_text("the label follows by mail")).to_be_visible()
    assert [str(each.state) for each in await all_of(database, Return)] == ["REQUESTED"]
    await page.get_by_role("link", name="Problem with the goods").click()
    await page.get_by_role("checkbox").first.click()
    await page.get_by_label("Pieces of").fill("1")
    await expect(preview.get_by_text("the goods stay where they are")).to_be_visible()
    assert (await faults(page), await overflows(page)) == ([], False)
    await page.get_by_role("button", name="Refund").click()
    await expect(page.get_by_text(re.compile("Claim C.* noted"))).to_be_visible()
    assert [str(each.state) for each in await all_of(database, Claim)] == ["APPROVED"]
    # What a customer reported is decided beside its photos: denied with a reason, or paid back.
    for verb, state in (("Deny", "DENIED"), ("Accept", "APPROVED")):
        claim = await opened_claim(database, order.id, ClaimKind.MISSING, note="The box was half empty")
        await page.reload()
        claims = page.get_by_role("region", name="Claims")
        await expect(claims.get_by_text("The box was half empty").first).to_be_visible()
        steps = Steps(2)
        await steps.click(claims.get_by_role("button", name=f"{verb} claim {claim.number}"))
        dialog = page.get_by_role("dialog")
        if verb == "Deny":
            await dialog.get_by_label("Reason").fill("The weight says otherwise")
        else:
            await expect(dialog.get_by_text("The money goes back at once")).to_be_visible()
        assert await faults(page) == []
        await steps.click(dialog.get_by_role("button", name=verb, exact=True))
        await expect(dialog).to_have_count(0)
        assert state in [str(each.state) for each in await all_of(database, Claim) if each.id == claim.id]
    await expect(page.get_by_text("Reason: The weight says otherwise")).to_be_visible()


async def test_money_alone_goes_back_and_can_be_called_back(database: Database, drain: Drain, site: Site) -> None:
    order = await arrived(database, drain, "CARD", gift=1000, fee=490)
    page = await opened(site, f"/care/orders/{order.number}/refund")
    steps = Steps(3)  # a fee: with its tax, filled in by itself
    await steps.click(page.get_by_role("link", name="Refund only"))
    steps.taken += 1
    await page.get_by_label("What for").select_option("Postage (€4.90 left)")
    preview = page.get_by_role("region", name="What happens")
    await expect(preview.get_by_text("€4.90").first).to_be_visible()
    await page.get_by_label("Reason").fill("Promised free of postage")
    assert (await faults(page), await overflows(page)) == ([], False)
    await steps.press(page, "Control+Enter")
    await expect(page.get_by_text("€4.90 go back")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("Taken back")).to_be_visible()
    [refund] = await all_of(database, Refund)
    assert (str(refund.state), refund.kind, refund.amount) == ("CANCELED", "CORRECTION", 490)
    await expect(page.get_by_label("What for").get_by_role("option", name="Postage (€4.90 left)")).to_have_count(1)
    # Too much was paid: to the card, though the shop gives gift cards back first. By keyboard, narrow and dark.
    page = await opened(site, f"/care/orders/{order.number}/refund?do=refund", dark=True, size=NARROW)
    await page.get_by_label("Amount").fill("2,50")
    await page.get_by_role("radio", name="Divide it myself").press("Space")
    ways = page.get_by_role("group", name="Where the money goes back")
    for name, text in (("Gift card", ""), ("Card", "2,50")):
        await ways.get_by_label(name, exact=True).fill(text)
    await page.get_by_label("Reason").fill("Paid twice")
    await expect(preview_of(page).get_by_text("To Card")).to_be_visible()
    assert (await faults(page), await overflows(page)) == ([], False)
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("€2.50 go back")).to_be_visible()
    refund = (await all_of(database, Refund))[-1]
    shares = await all_of(database, RefundAllocation)
    payments = {each.id: str(each.kind) for each in await read_payments(database, order.id)}
    mine = [(payments[each.payment_id], each.amount) for each in shares if each.refund_id == refund.id]
    assert mine == [("CARD", 250)]


def preview_of(page: Page) -> Locator:
    return page.get_by_role("region", name="What happens")


async def test_open_money_is_paused_and_a_bank_is_answered(
    database: Database, drain: Drain, site: Site, clock: StandingClock
) -> None:
    order = await arrived(database, drain, "ON_ACCOUNT", **DUNNING)
    clock.advance(days=20)
    page = await opened(site, f"/care/orders/{order.number}/money")
    await expect(page.get_by_text("€30.00 open")).to_be_visible()
    await expect(page.get_by_text("reminder 1 on")).to_be_visible()
    await expect(page.get_by_role("link", name=f"https://shop.example/{order.number}")).to_be_visible()
    steps = Steps(2)
    await steps.press(page, "p")
    await steps.click(page.get_by_role("dialog").get_by_role("button", name="Pause reminders"))
    await expect(page.get_by_text("No reminder until")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("button", name="Instalments").click()
    await expect(page.get_by_role("dialog").get_by_text("€10.00")).to_have_count(3)
    assert await faults(page) == []
    await page.get_by_role("button", name="Agree").click()
    await expect(page.get_by_text("3 instalments agreed")).to_be_visible()
    await disputed(database, order.id, clock)
    await page.goto(f"/care/orders/{order.number}/money")
    steps = Steps(3)
    await steps.click(page.get_by_role("button", name="Contest"))
    await expect(page.get_by_role("link", name="Proof as PDF")).to_be_visible()
    assert await faults(page) == []
    await steps.click(page.get_by_role("button", name="Send to the bank"))
    await expect(page.get_by_text("the bank has the proof")).to_be_visible()
    [action] = await all_of(database, DisputeAction)
    packs = [each for each in await all_of(database, Document) if each.kind == "EVIDENCE"]
    assert str(packs[-1].id) in [each["document_id"] for each in action.documents]
    narrow = await opened(site, f"/care/orders/{order.number}/money", dark=True, size=NARROW)
    await expect(narrow.get_by_text("on its way")).to_be_visible()
    assert (await faults(narrow), await overflows(narrow)) == ([], False)


async def disputed(database: Database, order_id: UUID, clock: StandingClock) -> None:
    payment = (await read_payments(database, order_id))[0]
    now = clock.moment
    async with database.unit_of_work() as db:
        db.add(
            Dispute(
                id=new_id(), gateway="", reference="dp_1", payment_id=payment.id, order_id=order_id,
                state=DisputeState.NEEDS_RESPONSE, inquiry=False, reason="product_not_received", currency="EUR",
                amount=3000, fee=0, fee_currency="EUR", due_at=now + timedelta(days=5), told_at=now, rank=1,
                opened_at=now,
            )
        )  # fmt: skip
