"""Mails that come in: bounces and answers."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from factories.stories import make_story, only
from kontor.care.models import Case
from kontor.care.raising import settled_last
from kontor.care.states import CaseState
from kontor.care.values import CaseKind
from kontor.contacts import service as contacts
from kontor.contacts.models import ContactChannel, Direction
from kontor.contacts.service import NewContact
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.outbox import EventRecord, Item
from kontor.mailroom import service as mailroom
from kontor.mailroom.reading import Bounce, Mail, read_mail, without_quote
from kontor.notifications import service
from support import Client, Drain, Principals

OURS = new_id()
DSN = """From: MAILER-DAEMON@mx.example
To: shop@kontor.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-1@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver your message.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; greta@fock.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

From: shop@kontor.example
Message-ID: <{ours}@kontor.example>
--b--
"""
ANSWER = """From: Greta Fock <Greta@fock.example>
To: shop@kontor.example
Subject: Re: Your order {number}
Message-ID: <{own}@fock.example>
In-Reply-To: <{ours}@kontor.example>
Content-Type: text/plain; charset=utf-8

Könnten Sie bitte klingeln?

Am 15.06.2026 um 10:00 schrieb Shop <shop@kontor.example>:
> Your order is on its way
"""


def test_a_report_of_a_bounce_is_read() -> None:
    found = read_mail(DSN.format(ours=OURS, action="failed", status="5.1.1"))
    assert found == Bounce(OURS, "5.1.1 smtp; 550 5.1.1 no such user", True)
    later = read_mail(DSN.format(ours=OURS, action="delayed", status="4.4.1"))
    assert isinstance(later, Bounce)
    assert not later.permanent


def test_an_answer_is_read_without_what_it_quotes() -> None:
    found = read_mail(ANSWER.format(number="K-1", own="a", ours=OURS))
    assert found == Mail(
        "greta@fock.example", "Re: Your order K-1", "Könnten Sie bitte klingeln?", "<a@fock.example>", [OURS]
    )


def test_html_alone_is_read_as_text() -> None:
    raw = "From: a@b.example\nMessage-ID: <1@b>\nContent-Type: text/html\n\n<style>p{}</style><p>Hello</p><p>there</p>"
    found = read_mail(raw)
    assert isinstance(found, Mail)
    assert found.text == "Hello\nthere"


@pytest.mark.parametrize("own", ["<[abc@", "<" + "x" * 999])
def test_a_mail_with_an_odd_id_is_read(own: str) -> None:
    found = read_mail(f"From: a@b.example\nMessage-ID: {own}\n\nx")
    assert isinstance(found, Mail)
    assert found.message_id == own[:200]


def test_a_report_in_an_unknown_charset_is_read() -> None:
    odd = DSN.format(ours=OURS, action="failed", status="5.1.1")
    odd = odd.replace("text/rfc822-headers", "text/rfc822-headers; charset=klingon")
    assert isinstance(read_mail(odd), Bounce)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("On Mon, 15 Jun 2026 at 10:00, Shop <s@k.example> wrote:\n> It comes\n\nToo late.", "Too late."),
        ("> It comes\nWhen?\n> Friday\nNo.", "When?\nNo."),
        ("Guten Tag\nAm Montag hat der Bote, er schrieb mir etwas:\nDanach nichts.", None),
        ("Hello\n\nOn 15 Jun 2026 at 10:00 Shop wrote:\nIt comes", "Hello"),
        ("> only\n> quoted", "only\nquoted"),
        ("Yes\n\n-----Original Message-----\nFrom: Shop\nSent: today", "Yes"),
    ],
)
def test_no_words_of_a_customer_are_lost(text: str, words: str | None) -> None:
    assert without_quote(text) == (text if words is None else words)


def mail_of(rest: str) -> Mail:
    found = read_mail(f"From: a@b.example\nMessage-ID: <1@b>\nMIME-Version: 1.0\n{rest}")
    assert isinstance(found, Mail)
    return found


def test_what_is_written_oddly_is_read_all_the_same() -> None:
    assert mail_of("Content-Type: text/plain; charset=klingon\n\nWo?").text == "Wo?"
    head = "Content-Type: text/html\n\n<html><head><title>x</title><body><p>Hello</p>"
    assert mail_of(head).text == "Hello"
    zero = mail_of("Subject: =?utf-8?q?a=00b?=\nContent-Transfer-Encoding: quoted-printable\n\nc=00d")
    assert (zero.subject, zero.text) == ("ab", "cd")
    parts = (
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nSee the picture.\n--b\nContent-Type: image/png\n'
        'Content-Disposition: attachment; filename="scratch.png"\n\nx\n--b--\n'
    )
    assert mail_of(parts).text == "See the picture.\n\n[scratch.png]"
    many = " ".join(f"<{new_id()}@kontor.example>" for _ in range(20_000))
    assert len(mail_of(f"References: {many}\nIn-Reply-To: <{OURS}@kontor.example>\n\nx").answers) == 50


DEEP = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(1500))
BROKEN = [
    "From: a@b.example\nMessage-ID: <>\n\nx",
    'From: "\nMessage-ID: <1@b>\n\nx',
    f"From: a@b.example\nMessage-ID: <1@b>\n{DEEP}",
]


@pytest.mark.parametrize(
    ("raw", "code"),
    [("", "MAIL_INVALID"), ("x" * 2_000_001, "MAIL_TOO_LARGE"), *((raw, "MAIL_INVALID") for raw in BROKEN)],
)
def test_what_is_no_mail_is_refused(raw: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_mail(raw)
    assert refused.value.code == code


RECEIVE = """mutation($raw: String!) { receiveMail(raw: $raw) { __typename
  ... on ReceivedMail { bouncedId contact { id topic text direction orderId address } }
  ... on Error { code path } } }"""
STATES = "query($id: UUID) { notifications(orderId: $id) { nodes { state bounce bouncedAt } } }"


async def test_bounce_shows_at_the_order_and_an_answer_becomes_a_contact(
    database: Database, client: Client, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db, number="K-4711", language="en")
        mail = await service.write_mail(
            db, story.order.id, topic="A word", text="Hello.", now=db.now, domain="kontor.example"
        )

    async def receive(raw: str) -> dict[str, Any]:
        answer = await client.graphql(RECEIVE, {"raw": raw}, principal=principals.admin)
        found: dict[str, Any] = answer["data"]["receiveMail"]
        return found

    delayed = await receive(DSN.format(ours=mail.id, action="delayed", status="4.4.1"))
    assert delayed["bouncedId"] is None
    failed = DSN.format(ours=mail.id, action="failed", status="5.1.1")
    assert [(await receive(failed))["bouncedId"] for _ in range(2)] == [str(mail.id)] * 2
    shown = await client.graphql(STATES, {"id": str(story.order.id)}, principal=principals.admin)
    [node] = shown["data"]["notifications"]["nodes"]
    assert (node["state"], node["bounce"]) == ("BOUNCED", "5.1.1 smtp; 550 5.1.1 no such user")
    answered = await receive(ANSWER.format(number="x", own="first", ours=mail.id))
    assert answered["contact"] | {"id": None} == {
        "id": None, "topic": "Re: Your order x", "text": "Könnten Sie bitte klingeln?", "direction": "INBOUND",
        "orderId": str(story.order.id), "address": "greta@fock.example",
    }  # fmt: skip
    assert await receive(ANSWER.format(number="x", own="first", ours=mail.id)) == answered
    by_number = await receive(ANSWER.format(number="K-4711", own="second", ours=new_id()))
    assert by_number["contact"]["orderId"] == str(story.order.id)
    foreign = ANSWER.format(number="K-4711", own="third", ours=new_id()).replace("Greta@", "someone@")
    assert (await receive(foreign))["code"] == "MAIL_ORDER_NOT_FOUND"
    async with database.read_only() as db:
        names = list(await db.scalars(sa.select(EventRecord.name)))
    assert (names.count("MessageBounced"), names.count("ContactLogged")) == (1, 2)


async def open_cases(database: Database) -> dict[str, Any]:
    async with database.read_only() as db:
        rows = await db.scalars(sa.select(Case).where(Case.state != CaseState.DONE))
        return {row.kind: row.facts for row in rows}


@pytest.mark.engine("sqlite")
async def test_what_a_customer_writes_waits_until_somebody_answers(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db, number="K-4711", language="en")
        ours = await service.write_mail(
            db, story.order.id, topic="A word", text="Hello.", now=db.now, domain="kontor.example"
        )
        ours.subject = "A word (K-4711)"

    async def receive(*raws: str, then_answer: bool = False) -> None:
        async with database.unit_of_work() as db:
            for raw in raws:
                await mailroom.receive(db, read_mail(raw), now=db.now)
            if then_answer:
                said: Any = {"channel": ContactChannel.PHONE, "direction": Direction.OUTBOUND}
                await contacts.log_contact(
                    db, NewContact(**said, topic="Called back", text="", order_id=story.order.id), now=db.now
                )
        with only("care.raise"):
            assert await drain() == []

    def mail(own: str, head: str = "") -> str:
        return head + ANSWER.format(number="K-4711", own=own, ours=ours.id)

    await receive(mail("away", "Auto-Submitted: auto-replied\n"))
    assert await open_cases(database) == {}
    await receive(mail("one"), mail("one"), mail("two"))
    (facts,) = (await open_cases(database)).values()
    assert facts["topic"] == "Re: Your order K-4711"
    await receive(then_answer=True)
    assert await open_cases(database) == {}
    await receive(DSN.format(ours=ours.id, action="failed", status="5.1.1"), mail("three"))
    found = await open_cases(database)
    assert (set(found), found["MAIL_BOUNCED"]["topic"]) == ({"MAIL_BOUNCED", "CUSTOMER_MAIL"}, "A word (K-4711)")
    await receive(mail("four"), then_answer=True)
    assert await open_cases(database) == {}


def test_who_writes_again_after_an_answer_waits_again() -> None:
    order = new_id()

    def said(direction: str, **more: Any) -> Item:
        told = {"contact_id": "c", "topic": "x", "direction": direction, **more}
        return Item(1, "care.raise", order, told, 0, "ContactLogged")

    wrote, answered = said("INBOUND", awaits_answer=True), said("OUTBOUND")
    assert (CaseKind.CUSTOMER_MAIL, str(order)) in settled_last([wrote, answered])
    assert (CaseKind.CUSTOMER_MAIL, str(order)) not in settled_last([wrote, answered, wrote])
    assert settled_last([said("INBOUND")]) == []
