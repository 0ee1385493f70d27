"""Deadlines of cases from the administration: set by keyboard, taken back, said on top of the queues when passed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.async_api import expect

from factories.auth import make_user
from factories.channels import make_channel
from frontend.visiting import NARROW, Site, faults, overflows
from kontor.auth.permissions import Role
from kontor.care import service, watching
from kontor.care.models import CaseDeadline
from kontor.care.values import CaseKind, NewCase
from kontor.core.db import Database

pytestmark = pytest.mark.engine("sqlite")
OPS, LEAD = "ops@shop.example", "clara@care.example"


async def test_deadline_is_set_taken_back_and_what_passed_it_is_said(database: Database, site: Site) -> None:
    async with database.unit_of_work() as db:
        await make_channel(db, name="Web shop")
        await make_user(db, role=Role.OPERATIONS, email=OPS)
        await make_user(db, role=Role.CARE_LEAD, email=LEAD, language="de")
    page = await site.visit("/admin/deadlines")
    await site.sign_in(page, OPS)
    row = page.get_by_role("row", name="Late")
    await expect(row).to_contain_text("as it comes")
    assert await faults(page) == []
    await row.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Late")).to_be_focused()
    hours = page.get_by_label("Hours")
    await hours.fill("2")
    await page.reload()
    await expect(hours).to_have_value("2")
    assert await faults(page) == []
    await hours.press("Control+Enter")
    await expect(row).to_contain_text("for all channels")
    await page.get_by_role("button", name="Undo").click()
    await expect(row).to_contain_text("24")
    async with database.unit_of_work() as db:
        assert list(await db.scalars(sa.select(CaseDeadline.hours).order_by(CaseDeadline.id))) == [2, 24]
        await service.open_case(db, NewCase(CaseKind.LATE, "parcel"), now=db.now)
        await service.open_case(db, NewCase(CaseKind.MANUAL, "task"), now=db.now)
    site.clock.advance(hours=25)
    async with database.unit_of_work() as db:
        await watching.escalate(db, now=db.now)
    care = await site.visit("/care/queues", size=NARROW, dark=True, language="de-DE")
    await site.sign_in(care, LEAD)
    await expect(care.get_by_text("1 Vorgang ist über der Frist.")).to_be_visible()
    await care.get_by_role("link", name="Nur diese zeigen").press("Enter")
    await expect(care.get_by_role("cell", name="Aufgabe", exact=True)).to_have_count(0)
    await expect(care.get_by_role("cell", name="Verspätet", exact=True)).to_be_visible()
    assert (await faults(care), await overflows(care)) == ([], False)
