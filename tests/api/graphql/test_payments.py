"""Payments, refunds, invoices and documents through the API."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.invoicing import invoices, ship
from factories.payments import ask, ask_capture, card, make_shop, only_money, paid_by, read_payments
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import JobContext, RetryLater, Runtime
from kontor.invoicing import service as invoicing
from kontor.invoicing.models import CreditNote
from kontor.orders import queries as orders
from kontor.orders.intake import ChargeInput, PaymentInput
from kontor.orders.models import Order
from kontor.payments import jobs, ledger
from kontor.payments.calling import Unsettled
from kontor.payments.models import Payment, Refund, TransactionKind
from support import Client, Drain, Principals, StandingClock

ISSUE = """mutation($input: IssueRefundInput!) { issueRefund(input: $input) { __typename
  ... on RefundChanged { refund { id state amount { amount } shares { amount done } } }
  ... on Error { code path } } }"""
RECALL = """mutation($id: UUID!) { recallRefund(id: $id) { __typename
  ... on RefundChanged { refund { state } } ... on Error { code } } }"""


@pytest.fixture(autouse=True)
def _only_money() -> Any:
    with only_money():
        yield


async def paid_order(database: Database, drain: Drain, *promises: PaymentInput, **channel: Any) -> UUID:
    order_id = await paid_by(database, await make_shop(database, **channel), *promises)
    await sent_and_paid(database, drain, order_id, sum(item.amount for item in promises))
    return order_id


async def sent_and_paid(database: Database, drain: Drain, order_id: UUID, amount: int) -> None:
    await ask(database, "authorize", order_id)
    shipment = await ship(database, order_id)
    await ask_capture(database, order_id, amount, final=True, shipment_id=shipment)
    async with database.unit_of_work() as db:
        await invoicing.issue_invoices(db, [shipment], now=db.now)
    assert await drain() == []


def wish(order_id: UUID, amount: int, **given: Any) -> dict[str, Any]:
    money = {"amount": amount, "currency": given.pop("currency", "EUR")}
    return {"input": {"orderId": str(order_id), "kind": "GOODWILL", "amount": money, "reason": "late", **given}}


async def test_order_shows_its_money_and_papers(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    order_id = await paid_order(database, drain, card(3000))
    answer = await client.graphql(
        """query($id: UUID!) { order(id: $id) {
          payments { kind state captured { amount currency } transactions { kind outcome amount } }
          invoices { number state gross { amount } document { number contentType url } } } }""",
        {"id": str(order_id)},
        principal=principals.admin,
    )
    order = answer["data"]["order"]
    assert order["payments"] == [
        {
            "kind": "CARD",
            "state": "CAPTURED",
            "captured": {"amount": 3000, "currency": "EUR"},
            "transactions": [
                {"kind": "AUTHORIZE", "outcome": "SUCCEEDED", "amount": 3000},
                {"kind": "CAPTURE", "outcome": "SUCCEEDED", "amount": 3000},
            ],
        }
    ]
    [invoice] = order["invoices"]
    assert (invoice["state"], invoice["gross"]) == ("PAID", {"amount": 3000})
    assert invoice["document"]["number"] == invoice["number"]
    file = await client.http.get(invoice["document"]["url"], headers=client.acting(principals.admin))
    assert (file.status_code, file.content[:5]) == (200, b"%PDF-")


async def test_document_is_for_those_who_may_see_its_order(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    await paid_order(database, drain, card(3000))
    url = f"/files/documents/{(await invoices(database))[0].document_id}"
    for principal, status in (
        (principals.anonymous, 401),
        (principals.holding("orders:read"), 403),
        (principals.holding("invoices:read", channel_ids=frozenset({new_id()})), 404),
        (principals.holding("invoices:read", partner_id=new_id()), 404),
        (principals.holding("invoices:read"), 200),
    ):
        answer = await client.http.get(url, headers=client.acting(principal))
        assert answer.status_code == status
    foreign = principals.holding("invoices:read", channel_ids=frozenset({new_id()}))
    for name in ("invoices", "creditNotes", "documents"):
        listed = await client.graphql(f"{{ {name} {{ nodes {{ id }} }} }}", principal=foreign)
        assert listed["data"][name]["nodes"] == []


async def test_people_may_recall_a_refund_machines_pay_at_once(
    database: Database, drain: Drain, client: Client, principals: Principals, clock: StandingClock
) -> None:
    order_id = await paid_order(database, drain, card(3000))
    made = await client.graphql(ISSUE, wish(order_id, 1000), principal=principals.admin)
    refund = made["data"]["issueRefund"]["refund"]
    assert (refund["state"], refund["shares"]) == ("REQUESTED", [{"amount": 1000, "done": False}])
    await drain()
    recalled = await client.graphql(RECALL, {"id": refund["id"]}, principal=principals.admin)
    assert recalled["data"]["recallRefund"]["refund"]["state"] == "CANCELED"
    again = await client.graphql(RECALL, {"id": refund["id"]}, principal=principals.admin)
    assert again["data"]["recallRefund"]["code"] == "REFUND_UNDER_WAY"
    await client.graphql(ISSUE, wish(order_id, 500, wait=False), principal=principals.admin)
    await drain()
    assert (await read_payments(database, order_id))[0].refunded == 500


async def test_a_shop_sees_a_refund_but_neither_words_nor_names(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    """In the list, with the order, and in the answer to what it does itself."""
    order_id = await paid_order(database, drain, card(3000))
    await client.graphql(ISSUE, wish(order_id, 1000, wait=False), principal=principals.admin)
    await drain()
    async with database.read_only() as db:
        channel_id = (await db.get_one(Order, order_id)).channel_id
    permissions = ("payments:read", "orders:read", "refunds:write", "goodwill:write")
    shown = "{ reason requestedBy } }"
    listed = f"{{ refunds {{ nodes {shown} orders {{ nodes {{ refunds {shown} }} }}"
    issue = ISSUE.replace("id state", "reason requestedBy")
    for scope, words in (({"channel_ids": frozenset({channel_id})}, ""), ({}, "late")):
        who = principals.holding(*permissions, **scope)
        told = (await client.graphql(listed, principal=who))["data"]
        made = (await client.graphql(issue, wish(order_id, 100), principal=who))["data"]["issueRefund"]["refund"]
        for refund in (told["refunds"]["nodes"][-1], told["orders"]["nodes"][0]["refunds"][0], made):
            assert (refund["reason"], bool(refund["requestedBy"])) == (words, bool(words))


async def test_what_is_about_to_happen_to_a_payment_changes_it(
    database: Database, runtime: Runtime, clock: StandingClock
) -> None:
    """An intent, and an outcome that stays unknown: its transactions are shown with it."""
    order_id = await paid_by(database, await make_shop(database), card(3000))
    at = clock.advance(hours=1)
    async with database.unit_of_work() as db:
        payment = await db.scalar(sa.select(Payment).where(Payment.order_id == order_id))
        assert payment is not None
        intent = ledger.intend(db, payment, TransactionKind.CAPTURE, 100)
    assert (await read_payments(database, order_id))[0].updated_at == at
    at = clock.advance(hours=1)
    call: Any = SimpleNamespace(intent=intent)
    with pytest.raises(RetryLater):
        await jobs._come_back(cast(JobContext, runtime), [call], {intent.id: Unsettled(None)})
    assert (await read_payments(database, order_id))[0].updated_at == at


async def test_a_fee_is_given_back_once_with_its_tax(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    """It lowers what a return gives back later; taken back, it can be given again."""
    shop = await make_shop(database)
    fees = (ChargeInput("SHIPPING", "Postage", 490),)
    order_id = await paid_by(database, shop, card(3490), charges=fees)
    async with database.read_only() as db:
        charge = (await orders.charges_of(db, [order_id]))[order_id][0]
    early = await client.graphql(
        ISSUE, wish(order_id, 490, kind="CORRECTION", chargeId=str(charge.id)), principal=principals.admin
    )
    assert early["data"]["issueRefund"]["code"] == "CHARGE_NOT_CHARGED"
    await sent_and_paid(database, drain, order_id, 3490)
    fee = {"kind": "CORRECTION", "chargeId": str(charge.id)}
    for amount, code in ((491, "CHARGE_EXCEEDED"),):
        refused = await client.graphql(ISSUE, wish(order_id, amount, **fee), principal=principals.admin)
        assert (refused["data"]["issueRefund"]["code"], refused["data"]["issueRefund"]["path"]) == (code, ["amount"])
    unknown = await client.graphql(
        ISSUE, wish(order_id, 1, **{**fee, "chargeId": str(new_id())}), principal=principals.admin
    )
    assert unknown["data"]["issueRefund"]["code"] == "CHARGE_NOT_FOUND"
    preview = """query($id: UUID!, $charge: UUID) { previewRefund(orderId: $id, chargeId: $charge,
      amount: { amount: 490, currency: "EUR" }) { needsApproval shares { amount { amount } } } }"""
    said = await client.graphql(preview, {"id": str(order_id), "charge": str(charge.id)}, principal=principals.admin)
    assert said["data"]["previewRefund"]["shares"] == [{"amount": {"amount": 490}}]
    made = await client.graphql(ISSUE, wish(order_id, 490, **fee), principal=principals.admin)
    refund = made["data"]["issueRefund"]["refund"]
    twice = await client.graphql(ISSUE, wish(order_id, 1, **fee), principal=principals.admin)
    assert twice["data"]["issueRefund"]["code"] == "CHARGE_EXCEEDED"
    await client.graphql(RECALL, {"id": refund["id"]}, principal=principals.admin)
    await client.graphql(ISSUE, wish(order_id, 490, wait=False, **fee), principal=principals.admin)
    await drain()
    async with database.unit_of_work() as db:
        refunds = list(await db.scalars(sa.select(Refund).order_by(Refund.id)))
        notes = await invoicing.issue_credit_notes(db, [refunds[-1].id], now=db.now)
        [issued] = notes[refunds[-1].id]
        note = await db.get_one(CreditNote, issued.id)
        charge = (await orders.charges_of(db, [order_id]))[order_id][0]
    assert (note.gross, note.tax, charge.refunded) == (490, 78, 490)
    assert (await read_payments(database, order_id))[0].refunded == 490


async def test_the_same_key_refunds_once(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    order_id = await paid_order(database, drain, card(3000))
    headers = {"idempotency-key": "care-1"}
    answers = [
        await client.graphql(ISSUE, wish(order_id, 1000, wait=False), principal=principals.admin, headers=headers)
        for _ in range(2)
    ]
    assert answers[0]["data"]["issueRefund"]["refund"]["id"] == answers[1]["data"]["issueRefund"]["refund"]["id"]
    other = await client.graphql(ISSUE, wish(order_id, 1001), principal=principals.admin, headers=headers)
    assert other["data"]["issueRefund"]["code"] == "IDEMPOTENCY_CONFLICT"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"amount": 3001}, "REFUND_EXCEEDS_CAPTURED"),
        ({"amount": 0}, "REFUND_NOT_POSITIVE"),
        ({"amount": -5}, "REFUND_NOT_POSITIVE"),
        ({"amount": 5, "currency": "USD"}, "CURRENCY_MISMATCH"),
        ({"amount": 5, "reason": " "}, "INVALID_REASON"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_refund_that_cannot_be_is_refused(
    database: Database, drain: Drain, client: Client, principals: Principals, given: dict[str, Any], code: str
) -> None:
    order_id = await paid_order(database, drain, card(3000))
    answer = await client.graphql(ISSUE, wish(order_id, **given), principal=principals.admin)
    assert answer["data"]["issueRefund"]["code"] == code


@pytest.mark.parametrize(
    ("kind", "rights", "code"),
    [
        ("RETURN", ("refunds:write", "goodwill:write"), "REFUND_NEEDS_RETURN"),
        ("GOODWILL", ("refunds:write",), "FORBIDDEN"),
        ("GOODWILL", ("refunds:write", "goodwill:write"), None),
        ("CORRECTION", ("refunds:write",), None),
        ("CANCELLATION", ("refunds:write",), None),
    ],
)
@pytest.mark.engine("sqlite")
async def test_by_hand_goods_are_not_refunded_and_goodwill_only_by_its_right(
    database: Database,
    drain: Drain,
    client: Client,
    principals: Principals,
    kind: str,
    rights: tuple[str, ...],
    code: str | None,
) -> None:
    order_id = await paid_order(database, drain, card(3000))
    answer = await client.graphql(ISSUE, wish(order_id, 500, kind=kind), principal=principals.holding(*rights))
    done = answer["data"]["issueRefund"]
    assert done.get("code") == code
    assert ("refund" in done) == (code is None)


async def test_preview_shows_how_a_refund_is_divided(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    order_id = await paid_order(database, drain, card(2000), PaymentInput("GIFT_CARD", 1000))
    answer = await client.graphql(
        """query($id: UUID!) { previewRefund(orderId: $id, amount: {amount: 1500, currency: "EUR"}) {
          refundable { amount } policy shares { payment { kind } amount { amount } } } }""",
        {"id": str(order_id)},
        principal=principals.admin,
    )
    assert answer["data"]["previewRefund"] == {
        "refundable": {"amount": 3000},
        "policy": "REVERSE",
        "shares": [
            {"payment": {"kind": "GIFT_CARD"}, "amount": {"amount": 1000}},
            {"payment": {"kind": "CARD"}, "amount": {"amount": 500}},
        ],
    }


async def test_transfers_and_further_methods_come_in(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    order_id = await paid_by(database, await make_shop(database), PaymentInput("PREPAYMENT", 3000))
    [payment] = await read_payments(database, order_id)
    answer = await client.graphql(
        """mutation($id: UUID!) { recordPayment(paymentId: $id, amount: {amount: 1000, currency: "EUR"},
          reference: "A-1") {
          ... on PaymentChanged { payment { state captured { amount } } } ... on Error { code } } }""",
        {"id": str(payment.id)},
        principal=principals.admin,
    )
    assert answer["data"]["recordPayment"]["payment"] == {"state": "PARTIALLY_CAPTURED", "captured": {"amount": 1000}}
    answer = await client.graphql(
        """mutation($input: AddPaymentInput!) { addPayment(input: $input) {
          ... on PaymentChanged { payment { kind position } } ... on Error { code } } }""",
        {"input": {"orderId": str(order_id), "kind": "CARD", "amount": {"amount": 2000, "currency": "EUR"},
                   "token": "tok_visa"}},
        principal=principals.admin,
    )  # fmt: skip
    assert answer["data"]["addPayment"]["payment"] == {"kind": "CARD", "position": 2}


async def test_invoice_on_account_is_paid_by_transfer(
    database: Database, drain: Drain, client: Client, principals: Principals
) -> None:
    await paid_order(database, drain, PaymentInput("ON_ACCOUNT", 3000))
    [invoice] = await invoices(database)
    answer = await client.graphql(
        """mutation($id: UUID!) { recordInvoicePayment(invoiceId: $id, amount: 3000, reference: "B-7") {
          ... on InvoicePaymentRecorded { invoice { state paid { amount } } } ... on Error { code } } }""",
        {"id": str(invoice.id)},
        principal=principals.admin,
    )
    assert answer["data"]["recordInvoicePayment"]["invoice"] == {"state": "PAID", "paid": {"amount": 3000}}
