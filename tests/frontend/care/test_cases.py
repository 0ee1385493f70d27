"""Cases in hands: a risk decided beside its reasons, a task noted for somebody, and taken from who is away."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from factories.fulfillment import order_of
from factories.intake import Company, order_input, place
from frontend.care.desk import AGENT, LEAD, Steps, opened
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.orders.intake import PaymentInput
from kontor.orders.placing import Placed
from support import Drain

pytestmark = pytest.mark.engine("sqlite")


async def test_risk_is_decided_and_tasks_go_from_hand_to_hand(
    database: Database, site: Site, company: Company, drain: Drain
) -> None:
    async with database.unit_of_work() as db:
        channel = await db.get_one(SalesChannel, company.channel.id)
        channel.settings = {**channel.settings, "risk.amount": 500}
    wanted = order_input(company.channel, ("LAMP", 2), payments=(PaymentInput("ON_ACCOUNT", 2000),))
    (placed,) = await place(database, company, wanted)
    assert isinstance(placed, Placed)
    await drain()
    number = (await order_of(database, placed.order_id)).number

    agent = await opened(site, f"/care/orders/{number}", size=NARROW, dark=True)
    await expect(agent.get_by_text("Released by who reviews risks.")).to_be_visible()
    await expect(agent.get_by_role("button", name="Release")).to_have_count(0)
    task = Steps(2)
    await agent.get_by_text("New task …").focus()
    await task.press(agent, "Enter")
    await agent.get_by_label("What is to be done").fill("Ask for the floor")
    await expect(agent.get_by_label("Who").get_by_role("option", name="Clara Behrens")).to_be_attached()
    await agent.get_by_label("Who").select_option("myself")
    assert (await faults(agent), await overflows(agent)) == ([], False)
    await agent.get_by_label("What is to be done").focus()
    await agent.keyboard.press("Tab")
    await agent.get_by_role("button", name="Note task").focus()
    await task.press(agent, "Enter")
    await expect(agent.get_by_role("status").filter(has_text="The task is noted")).to_be_visible()
    await expect(agent.get_by_role("list", name="Tasks")).to_contain_text("taken")

    lead = await opened(site, "/care/queues?queue=RISK", who=LEAD)
    await expect(lead.get_by_role("row", name="Risk to be reviewed")).to_be_visible()
    work = Steps(2)
    await work.press(lead, "t")
    risk = lead.get_by_role("region", name="What speaks against it")
    await expect(risk).to_contain_text("is above the limit of")
    assert await faults(lead) == []
    await lead.get_by_role("button", name="Reject …").click()
    await expect(lead.get_by_role("dialog")).to_contain_text("ends for good")
    assert await faults(lead) == []
    await lead.keyboard.press("Escape")
    await work.click(risk.get_by_role("button", name="Accept"))
    await expect(lead.get_by_role("status").filter(has_text="the order goes on")).to_be_visible()
    await expect(risk).to_contain_text("Accepted, Clara Behrens")
    await risk.get_by_role("link", name="Block or trust the customer").click()
    await expect(lead.get_by_role("dialog", name="Greta Fock")).to_be_visible()

    await lead.goto("/care/queues")
    await lead.get_by_role("table", name="Tasks").get_by_role("row", name="Cem Aydin").click()
    away = lead.get_by_role("complementary", name="Task")
    await expect(away).to_contain_text("Cem Aydin looks after it.")
    hand = Steps(2)
    await hand.click(away.get_by_text("Hand over …"))
    await away.get_by_label("To whom").select_option(label="Clara Behrens (1 task)")
    assert await faults(lead) == []
    await hand.click(away.get_by_role("button", name="Hand over", exact=True))
    await expect(lead.get_by_role("status").filter(has_text="Clara Behrens looks after it now.")).to_be_visible()
    await expect(away).to_contain_text("taken, Clara Behrens")
    await lead.get_by_role("button", name="Wait until tomorrow").click()
    await expect(away).to_contain_text("Waits until")
    assert await faults(lead) == []
    theirs = await opened(site, lead.url.removeprefix(site.address), who=AGENT, size=NARROW, dark=True)
    await expect(theirs.get_by_text("Clara Behrens looks after it.")).to_be_visible()
    await expect(theirs.get_by_text("Hand over …")).to_have_count(0)
    assert (await faults(theirs), await overflows(theirs)) == ([], False)
