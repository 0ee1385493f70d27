"""An outgoing message as the bytes that go over the wire."""

import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

from kontor.core.errors import InvalidInput
from kontor.notifications.ports import OutgoingMessage

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._+=-]+@[A-Za-z0-9.-]+>")
_RESERVED = frozenset({"to", "from", "subject", "date", "message-id", "cc", "bcc", "sender"})


def mime_of(message: OutgoingMessage, *, mail_from: str, now: datetime) -> EmailMessage:
    """Text and HTML as alternatives, attachments beside them; `InvalidInput` for what can never be delivered."""
    mail = EmailMessage(policy=SMTP if message.to.isascii() else SMTPUTF8)
    name, address = parseaddr(mail_from)
    mail["From"] = Address(name, addr_spec=address)
    mail["To"] = _recipient(message)
    mail["Subject"] = _single_line(message.subject)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = checked_message_id(message.message_id)
    # RFC 3834: vacation responders stay silent.
    mail["Auto-Submitted"] = "auto-generated"
    for header, value in message.headers.items():
        if header.lower() in _RESERVED or header in mail:
            raise InvalidInput(f"the header {header} is set by us", code="HEADER_RESERVED", path=("headers", header))
        mail[header] = _single_line(value)
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    for attachment in message.attachments:
        kind, _, subtype = attachment.media_type.partition("/")
        mail.add_attachment(attachment.data, maintype=kind, subtype=subtype, filename=attachment.name)
    return mail


def checked_message_id(message_id: str) -> str:
    """The id itself; `InvalidInput` when it is none as RFC 5322 wants it."""
    if not _MESSAGE_ID.fullmatch(message_id):
        raise InvalidInput(f"{message_id!r} is not a message id", code="MESSAGE_ID_INVALID", path=("message_id",))
    return message_id


def _recipient(message: OutgoingMessage) -> Address:
    try:
        recipient = Address(_single_line(message.to_name), addr_spec=message.to)
    except (ValueError, IndexError, MessageError) as error:
        raise InvalidInput(f"{message.to!r} is not a mail address", code="ADDRESS_INVALID", path=("to",)) from error
    if not recipient.username or not recipient.domain:
        raise InvalidInput(f"{message.to!r} is not a mail address", code="ADDRESS_INVALID", path=("to",))
    return recipient


def _single_line(value: str) -> str:
    """Names and subjects come from customers: a line break there must not become a header of its own."""
    return " ".join(value.split())
