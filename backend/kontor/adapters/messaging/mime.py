"""An outgoing message as the bytes that go over the wire.

Written by hand for the few parts our messages have: the standard library's general generator takes five times as
long as filling the templates, and messages are the most frequent thing Kontor writes after orders.
"""

import binascii
import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from urllib.parse import quote

from kontor.core.errors import InvalidInput
from kontor.notifications.ports import MessageAttachment, OutgoingMessage

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._+=-]+@[A-Za-z0-9.-]+>")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN_ADDRESS = re.compile(rf"({_ATOM})(\.{_ATOM})*@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 ]+")
_RESERVED = frozenset({"to", "from", "subject", "date", "message-id", "cc", "bcc", "sender", "auto-submitted"})
_RESERVED_PREFIXES = ("content-", "mime-")
_LINE = 76  # characters of a header line and of a line of base64
_WORD = 45  # bytes in one encoded word, so that it stays below the 75 characters RFC 2047 allows


def mime_of(message: OutgoingMessage, *, mail_from: str, now: datetime) -> bytes:
    """Text and HTML as alternatives, attachments beside them; `InvalidInput` for what can never be delivered."""
    heads = [
        f"From: {_sender(mail_from)}",
        f"To: {_recipient(message)}",
        f"Subject: {_header_text(_single_line(message.subject), used=9)}",
        f"Date: {format_datetime(now)}",
        f"Message-ID: {checked_message_id(message.message_id)}",
        # RFC 3834: vacation responders stay silent.
        "Auto-Submitted: auto-generated",
        *(_own_header(name, value) for name, value in message.headers.items()),
        "MIME-Version: 1.0",
    ]
    # No line of quoted-printable or base64 text begins like this.
    edge = f"=_{message.message_id[1:33].replace('@', '_')}"
    bodies = (_text_part("plain", message.text), _text_part("html", message.html))
    content = _multipart("alternative", f"{edge}_a", bodies)
    if message.attachments:
        content = _multipart("mixed", f"{edge}_m", (content, *map(_attachment_part, message.attachments)))
    return "\r\n".join(heads).encode() + b"\r\n" + content


def checked_message_id(message_id: str) -> str:
    """The id itself; `InvalidInput` when it is none as RFC 5322 wants it."""
    if not _MESSAGE_ID.fullmatch(message_id):
        raise InvalidInput(f"{message_id!r} is not a message id", code="MESSAGE_ID_INVALID", path=("message_id",))
    return message_id


@lru_cache(maxsize=32)
def _sender(mail_from: str) -> str:
    name, address = parseaddr(mail_from)
    return _mailbox(name, Address(addr_spec=address).addr_spec)


def _recipient(message: OutgoingMessage) -> str:
    address = message.to
    if not _PLAIN_ADDRESS.fullmatch(address) or ".." in address:
        try:
            parsed = Address(addr_spec=address)
        except (ValueError, IndexError, MessageError) as error:
            raise InvalidInput(f"{address!r} is not a mail address", code="ADDRESS_INVALID", path=("to",)) from error
        if not parsed.username or not parsed.domain:
            raise InvalidInput(f"{address!r} is not a mail address", code="ADDRESS_INVALID", path=("to",))
        address = parsed.addr_spec
    return _mailbox(_single_line(message.to_name), address)


def _mailbox(name: str, address: str) -> str:
    if not name:
        return address
    if _PLAIN_NAME.fullmatch(name) and len(name) < _WORD:
        return f"{name} <{address}>"
    if name.isascii() and name.isprintable() and len(name) < _WORD:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address}>'
    return "\r\n ".join([*_encoded_words(name), f"<{address}>"])


def _own_header(name: str, value: str) -> str:
    lowered = name.lower()
    if lowered in _RESERVED or lowered.startswith(_RESERVED_PREFIXES) or not _HEADER.fullmatch(name):
        raise InvalidInput(f"the header {name} is set by us", code="HEADER_RESERVED", path=("headers", name))
    return f"{name}: {_header_text(_single_line(value), used=len(name) + 2)}"


def _header_text(text: str, *, used: int) -> str:
    if text.isascii() and text.isprintable() and len(text) + used <= _LINE and "=?" not in text:
        return text
    return "\r\n ".join(_encoded_words(text))


def _encoded_words(text: str) -> Iterator[str]:
    """RFC 2047: base64 in pieces that never cut a character in two."""
    piece = b""
    for character in text:
        encoded = character.encode("utf-8", "replace")
        if len(piece) + len(encoded) > _WORD:
            yield f"=?utf-8?b?{b64encode(piece).decode()}?="
            piece = b""
        piece += encoded
    yield f"=?utf-8?b?{b64encode(piece).decode()}?="


def _text_part(subtype: str, text: str) -> bytes:
    # A lone CR or LF is not allowed on the wire; RFC 2045 writes line ends as CRLF.
    plain = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    quoted = binascii.b2a_qp(plain, istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head.encode() + quoted


def _attachment_part(attachment: MessageAttachment) -> bytes:
    kind = attachment.media_type if _MEDIA_TYPE.fullmatch(attachment.media_type) else "application/octet-stream"
    encoded = b64encode(attachment.data)
    lines = b"\r\n".join(encoded[start : start + _LINE] for start in range(0, len(encoded), _LINE))
    head = (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{quote(_single_line(attachment.name), safe='')}\r\n\r\n"
    )
    return head.encode() + lines + b"\r\n"


def _multipart(subtype: str, edge: str, parts: tuple[bytes, ...]) -> bytes:
    line = f"--{edge}".encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{edge}"\r\n\r\n'.encode()
    return head + b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


def _single_line(value: str) -> str:
    """Names and subjects come from customers: a line break there must not become a header of its own."""
    return " ".join("".join(character if character.isprintable() else " " for character in value).split())
