"""A personal sentence goes along with the message of a change, a refund or goodwill; the preview reads as the mail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.processes import deliver_all, make_store, order_one, ship_all
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.principal import Principal, PrincipalKind
from kontor.notifications.models import CustomerNote, Notification, NotificationText
from kontor.orders import queries as orders
from kontor.orders.intake import CustomerInput, PaymentInput
from support import Client, Drain, Principals, StandingClock

NOTE = "Sorry, <b>Greta</b>!\n\nThe box fell."
TOLD = "messages { template subject text }"
CHANGE = f"""query($id: UUID!, $input: OrderChangeInput!, $note: String) {{
  shown: previewOrderChange(orderId: $id, input: $input, noteToCustomer: $note) {{ token {TOLD} }} }}"""
CONFIRM = """mutation($id: UUID!, $input: OrderChangeInput!, $token: String!, $note: String) {
  done: confirmOrderChange(orderId: $id, input: $input, token: $token, reason: "asked", noteToCustomer: $note) {
    __typename ... on Error { code path } } }"""
REFUND = f"""query($id: UUID!, $amount: MoneyInput!, $note: String) {{
  shown: previewRefund(orderId: $id, amount: $amount, noteToCustomer: $note) {{ {TOLD} }} }}"""
PAY_BACK = """mutation($input: IssueRefundInput!) {
  done: issueRefund(input: $input) { __typename ... on Error { code path } } }"""
GOODWILL = f"query($input: PreviewGoodwillInput!) {{ shown: previewGoodwill(input: $input) {{ {TOLD} }} }}"
GRANT = """mutation($input: GrantGoodwillInput!) {
  done: grantGoodwill(input: $input) { __typename ... on Error { code path } } }"""


async def sent(database: Database, template: str) -> tuple[str, str, str]:
    """Subject, text and HTML of the latest message of a template as it went out."""
    async with database.read_only() as db:
        rows = await db.execute(
            sa.select(NotificationText.subject, NotificationText.text, NotificationText.html)
            .join(Notification, Notification.id == NotificationText.notification_id)
            .where(Notification.template == template, Notification.sent_at.is_not(None))
            .order_by(Notification.id.desc())
        )
        subject, text, html = rows.first() or ("", "", "")
    return subject, text, html


@pytest.mark.parametrize("silent", [False, True])
async def test_what_is_previewed_with_a_sentence_is_what_the_customer_reads(
    database: Database, drain: Drain, client: Client, principals: Principals, clock: StandingClock, silent: bool
) -> None:
    settings = {"messages": {"canceled": False, "refunded": False, "goodwill": False}} if silent else {}
    company, variant = await make_store(database, payment_methods=["CARD", "GIFT_CARD"], settings=settings)
    paid = (PaymentInput("CARD", 4000, token="tok_visa"), PaymentInput("GIFT_CARD", 1000, token="tok_stored_value"))
    greta = CustomerInput("Greta Fock", "greta@fock.example")
    order_id: UUID = await order_one(database, company, variant, 5, payments=paid, customer=greta)
    await drain()
    of_order = {"id": str(order_id)}

    async def asked(document: str, **given: Any) -> Any:
        return next(iter((await client.graphql(document, given, principal=principals.admin))["data"].values()))

    async def as_shown(shown: Any, template: str, done: Any) -> None:
        if silent:
            assert shown["messages"] == []
            assert (done["code"], done["path"]) == ("NOTE_WITHOUT_MESSAGE", ["noteToCustomer"])
            return
        assert "code" not in done, done
        clock.advance(seconds=61)
        await drain()
        (told,) = shown["messages"]
        subject, text, html = await sent(database, template)
        assert (told["template"], told["subject"], told["text"]) == (template, subject, text)
        assert "\n\nSorry, <b>Greta</b>!\n\nThe box fell.\n\n" in text
        assert "Sorry, &lt;b&gt;Greta&lt;/b&gt;!</p>" in html

    async with database.read_only() as db:
        line = (await orders.lines_of(db, [order_id]))[order_id][0]
    wish = {"lines": [{"lineId": str(line.id), "quantity": 4}]}
    shown = await asked(CHANGE, **of_order, input=wish, note=NOTE)
    assert shown["token"] == (await asked(CHANGE, **of_order, input=wish))["token"]
    await as_shown(
        shown, "canceled", await asked(CONFIRM, **of_order, input=wish, token=shown["token"], note=f" {NOTE} ")
    )
    for step in (ship_all, deliver_all):
        await step(database, order_id)
        await drain()
    money = {"amount": 1500, "currency": "EUR"}
    shown = await asked(REFUND, **of_order, amount=money, note=NOTE)
    given = {"orderId": str(order_id), "amount": money, "noteToCustomer": NOTE}
    done = await asked(PAY_BACK, input={**given, "kind": "CORRECTION", "reason": "too much"})
    await as_shown(shown, "refunded", done)
    wanted = {**given, "form": "REFUND", "amount": {"amount": 300, "currency": "EUR"}}
    shown = await asked(GOODWILL, input=wanted)
    await as_shown(shown, "goodwill", await asked(GRANT, input={**wanted, "reason": "LATE"}))
    if silent:
        return
    wanted["form"] = "VOUCHER"
    (told,) = (await asked(GOODWILL, input=wanted))["messages"]
    await asked(GRANT, input={**wanted, "reason": "LATE"})
    clock.advance(seconds=61)
    await drain()
    _, text, _ = await sent(database, "goodwill_voucher")
    assert len(told["text"].splitlines()) == len(text.splitlines())
    assert told["text"].partition("••••")[0] in text
    assert "The box fell." in text
    long = await asked(PAY_BACK, input={**given, "kind": "CORRECTION", "reason": "x", "noteToCustomer": "x" * 1001})
    assert (long["code"], long["path"]) == ("INVALID_TEXT", ["noteToCustomer"])
    async with database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(CustomerNote)) == 4


@pytest.mark.engine("sqlite")
async def test_only_who_may_write_to_customers_adds_a_sentence(client: Client) -> None:
    shop = Principal(PrincipalKind.CLIENT, new_id(), "Shop", frozenset({"orders:change", "payments:read"}))
    given = {"id": str(new_id()), "input": {"lines": []}, "token": "t"}
    codes = [
        (await client.graphql(CONFIRM, {**given, "note": note}, principal=shop))["data"]["done"]["code"]
        for note in ("Click here", None)
    ]
    assert codes == ["FORBIDDEN", "ORDER_NOT_FOUND"]
