import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import Envelope, Session

from kontor.adapters.messaging import sender_from_settings
from kontor.adapters.messaging.mailbox import Mailbox
from kontor.adapters.messaging.smtp import SmtpSender
from kontor.core.errors import InvalidInput, NotFound, Unavailable
from kontor.notifications.ports import MessageAttachment, MessageSender, OutgoingMessage, message_id_of

FROM = "Nordlicht <orders@nordlicht.example>"
MESSAGE = OutgoingMessage(
    to="anna@kunde.example",
    to_name="Anna Müller, Dr.",
    subject="Ihre Bestellung Nr. 4711 ist unterwegs – größer wird’s nicht",
    text="Grüße\n.\nEnde\n",
    html="<p>Grüße</p>",
    message_id=message_id_of("0190f5c4-7d2a-7000-8000-000000000001", "nordlicht.example"),
    attachments=(MessageAttachment(name="Rücksendung.pdf", data=b"%PDF\x00\xff", media_type="application/pdf"),),
    headers={"X-Order": "4711"},
)


@dataclass
class Inbox:
    """The receiving side of a mail server; `answer` is what it says to a message."""

    answer: str = "250 OK"
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refused_recipient: str = ""

    async def handle_RCPT(
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if address == self.refused_recipient:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        if self.answer.startswith("250"):
            mail = message_from_bytes(content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients.append(envelope.rcpt_tos)
        return self.answer


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def smtp(inbox: Inbox) -> Iterator[SmtpSender]:
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port(), enable_SMTPUTF8=True)
    controller.start()
    yield SmtpSender(f"smtp://127.0.0.1:{controller.port}", mail_from=FROM, timeout=5)
    controller.stop()


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail", mail_from=FROM)


@pytest.fixture(params=["smtp", "mailbox"])
def sender(request: pytest.FixtureRequest) -> MessageSender:
    found: MessageSender = request.getfixturevalue(request.param)
    return found


def received(sender: MessageSender, inbox: Inbox, tmp_path: Path) -> EmailMessage:
    """The one message that arrived, by either way."""
    mails = inbox.mails
    if isinstance(sender, Mailbox):
        files = list((tmp_path / "mail").glob("*.eml"))
        parsed = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]
        mails = [mail for mail in parsed if isinstance(mail, EmailMessage)]
    assert len(mails) == 1
    return mails[0]


def test_message_arrives_as_it_was_meant(sender: MessageSender, inbox: Inbox, tmp_path: Path) -> None:
    assert asyncio.run(sender.send(MESSAGE)) == MESSAGE.message_id
    mail = received(sender, inbox, tmp_path)
    assert mail["Subject"] == MESSAGE.subject
    assert mail["From"].addresses[0].addr_spec == "orders@nordlicht.example"
    assert (mail["To"].addresses[0].display_name, mail["To"].addresses[0].addr_spec) == (
        "Anna Müller, Dr.",
        "anna@kunde.example",
    )
    assert mail["Message-ID"] == MESSAGE.message_id
    assert mail["X-Order"] == "4711"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_bodies_and_attachment_arrive_unchanged(sender: MessageSender, inbox: Inbox, tmp_path: Path) -> None:
    asyncio.run(sender.send(MESSAGE))
    mail = received(sender, inbox, tmp_path)
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert isinstance(plain, EmailMessage)
    assert isinstance(rich, EmailMessage)
    assert plain.get_content().replace("\r\n", "\n") == "Grüße\n.\nEnde\n"
    assert rich.get_content().strip() == "<p>Grüße</p>"
    [attachment] = mail.iter_attachments()
    assert attachment.get_filename() == "Rücksendung.pdf"
    assert attachment.get_content() == b"%PDF\x00\xff"


@pytest.mark.parametrize("to", ["", "anna", "anna@", "@kunde.example", "a b@kunde.example", "a@b.example, c@d.example"])
def test_what_is_no_address_is_refused_for_good(sender: MessageSender, to: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        asyncio.run(sender.send(replace(MESSAGE, to=to)))
    assert refusal.value.code == "ADDRESS_INVALID"


@pytest.mark.parametrize("message_id", ["", "no-brackets@x", "<../../x@y>", "<a b@c>", "<a@b>\r\nBcc: x@y"])
def test_what_is_no_message_id_is_refused(sender: MessageSender, message_id: str) -> None:
    with pytest.raises(InvalidInput):
        asyncio.run(sender.send(replace(MESSAGE, message_id=message_id)))


def test_line_breaks_cannot_add_headers(sender: MessageSender, inbox: Inbox, tmp_path: Path) -> None:
    tricky = replace(MESSAGE, subject="Hi\r\nBcc: x@y.example", to_name="A\nBcc: x@y.example", headers={"X-A": "b\nc"})
    asyncio.run(sender.send(tricky))
    mail = received(sender, inbox, tmp_path)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hi Bcc: x@y.example"
    assert mail["X-A"] == "b c"


@pytest.mark.parametrize("header", ["Bcc", "from", "Auto-Submitted"])
def test_our_own_headers_cannot_be_overridden(sender: MessageSender, header: str) -> None:
    with pytest.raises(InvalidInput):
        asyncio.run(sender.send(replace(MESSAGE, headers={header: "x@y.example"})))


def test_smtp_sends_only_to_the_recipient(smtp: SmtpSender, inbox: Inbox) -> None:
    asyncio.run(smtp.send(MESSAGE))
    assert inbox.recipients == [["anna@kunde.example"]]


def test_smtp_refusal_for_good_is_told_from_a_passing_one(smtp: SmtpSender, inbox: Inbox) -> None:
    inbox.answer = "554 spam"
    with pytest.raises(InvalidInput) as final:
        asyncio.run(smtp.send(MESSAGE))
    assert final.value.code == "MAIL_REFUSED"
    inbox.answer = "451 greylisted"
    with pytest.raises(Unavailable):
        asyncio.run(smtp.send(MESSAGE))


def test_smtp_unknown_mailbox_is_refused_for_good(smtp: SmtpSender, inbox: Inbox) -> None:
    inbox.refused_recipient = "anna@kunde.example"
    with pytest.raises(InvalidInput) as refusal:
        asyncio.run(smtp.send(MESSAGE))
    assert refusal.value.code == "MAIL_REFUSED"


def test_smtp_sends_many_at_once_within_its_connections(smtp: SmtpSender, inbox: Inbox) -> None:
    async def story() -> None:
        await asyncio.gather(*(smtp.send(replace(MESSAGE, message_id=f"<{n}@x.example>")) for n in range(12)))

    asyncio.run(story())
    assert sorted(mail["Message-ID"] for mail in inbox.mails) == sorted(f"<{n}@x.example>" for n in range(12))


def test_smtp_can_insist_on_encryption(smtp: SmtpSender, inbox: Inbox) -> None:
    strict = SmtpSender(f"smtp://127.0.0.1:{smtp._port}?starttls=required", mail_from=FROM)
    with pytest.raises(Unavailable):
        asyncio.run(strict.send(MESSAGE))
    assert inbox.mails == []


def test_smtp_server_away_is_unavailable() -> None:
    away = SmtpSender(f"smtp://127.0.0.1:{free_port()}", mail_from=FROM, timeout=2)
    with pytest.raises(Unavailable):
        asyncio.run(away.send(MESSAGE))


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://host?starttls=maybe"])
def test_smtp_url_is_checked_when_set(url: str) -> None:
    with pytest.raises(InvalidInput):
        SmtpSender(url, mail_from=FROM)


def test_mailbox_keeps_the_same_message_once(mailbox: Mailbox) -> None:
    async def story() -> list[str]:
        await asyncio.gather(*(mailbox.send(MESSAGE) for _ in range(5)))
        await mailbox.send(replace(MESSAGE, subject="again"))
        return [mail.subject for mail in await mailbox.list_messages()]

    assert asyncio.run(story()) == [MESSAGE.subject]


def test_mailbox_lists_newest_first_and_by_recipient(mailbox: Mailbox) -> None:
    async def story() -> tuple[list[str], list[str]]:
        for number, to in enumerate(["a@x.example", "b@x.example", "A@x.example"]):
            await mailbox.send(replace(MESSAGE, to=to, subject=f"s{number}", message_id=f"<{number}@x.example>"))
        everything = await mailbox.list_messages(limit=2)
        return [m.subject for m in everything], [m.subject for m in await mailbox.list_messages(to="a@x.example")]

    assert asyncio.run(story()) == (["s2", "s1"], ["s2", "s0"])


def test_mailbox_reads_whole_message_by_name_or_id(mailbox: Mailbox) -> None:
    async def story() -> None:
        await mailbox.send(MESSAGE)
        [summary] = await mailbox.list_messages()
        mail = await mailbox.read_message(summary.name)
        assert mail == await mailbox.read_message(MESSAGE.message_id)
        assert (mail.text.replace("\r\n", "\n"), mail.html.strip()) == (MESSAGE.text, MESSAGE.html)
        assert mail.attachments == MESSAGE.attachments
        assert mail.sender == FROM

    asyncio.run(story())


@pytest.mark.parametrize("name", ["nothing@x.example", "../mail/x", "", "a/b@c", "\x00"])
def test_mailbox_without_that_message_says_not_found(mailbox: Mailbox, name: str) -> None:
    with pytest.raises(NotFound):
        asyncio.run(mailbox.read_message(name))


def test_mailbox_of_no_messages_is_empty(mailbox: Mailbox) -> None:
    assert asyncio.run(mailbox.list_messages()) == []


def test_settings_choose_the_way_out(tmp_path: Path) -> None:
    assert isinstance(sender_from_settings("", mail_from=FROM, mailbox_dir=str(tmp_path)), Mailbox)
    assert isinstance(sender_from_settings("smtp://mail:25", mail_from=FROM, mailbox_dir=""), SmtpSender)
