"""Messages kept in a folder, one `.eml` file each, for installations without a mail server and for development.

A message appears as a whole or not at all, but nothing is forced to the disk: a crash of the machine may cost the
last seconds of this folder. The row of each message is in the database, from where it can be sent again.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parsedate_to_datetime
from itertools import count
from pathlib import Path

from kontor.adapters.messaging.mime import checked_message_id, mime_of
from kontor.core.errors import InvalidInput, NotFound
from kontor.notifications.ports import MessageAttachment, OutgoingMessage

_ATTEMPTS = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSummary:
    """A line of the mailbox page; `name` opens it."""

    name: str
    to: str
    subject: str
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """A whole message as it would have been sent."""

    name: str
    sender: str
    to: str
    subject: str
    sent_at: datetime
    message_id: str
    text: str
    html: str
    attachments: tuple[MessageAttachment, ...]


class Mailbox:
    """Keeps each message id once: sending it again changes nothing, as a receiver that knows the id would do."""

    def __init__(self, folder: str | Path, *, mail_from: str) -> None:
        self._folder = Path(folder)
        self._mail_from = mail_from

    async def send(self, message: OutgoingMessage) -> str:
        mail = mime_of(message, mail_from=self._mail_from, now=datetime.now(UTC))
        name = _name_of(message.message_id)
        await asyncio.to_thread(_keep_once, f"{self._folder}/{name}.eml", mail)
        return message.message_id

    async def list_messages(self, *, to: str = "", limit: int = 100) -> list[MailSummary]:
        """The newest messages first, narrowed to an address where one is given (upper or lower case)."""
        return await asyncio.to_thread(self._list, to.lower(), limit)

    async def read_message(self, name: str) -> StoredMail:
        """One message by its `name` or message id; `NotFound` when there is none."""
        return await asyncio.to_thread(self._read, _name_of(name) if name.startswith("<") else name)

    def _list(self, to: str, limit: int) -> list[MailSummary]:
        found: list[MailSummary] = []
        for path in self._newest_first():
            with path.open("rb") as file:
                head = BytesHeaderParser(policy=policy.default).parse(file)
            if to and to not in str(head["To"]).lower():
                continue
            found.append(_summary(path.stem, head))
            if len(found) >= limit:
                break
        return found

    def _newest_first(self) -> Iterator[Path]:
        if not self._folder.is_dir():
            return
        with os.scandir(self._folder) as entries:
            dated = [(entry.stat().st_mtime_ns, entry.name) for entry in entries if entry.name.endswith(".eml")]
        for _, name in sorted(dated, reverse=True):
            yield self._folder / name

    def _read(self, name: str) -> StoredMail:
        try:
            checked_message_id(f"<{name}>")
            raw = (self._folder / f"{name}.eml").read_bytes()
        except (InvalidInput, FileNotFoundError):
            raise NotFound("no such message", code="MESSAGE_NOT_FOUND", name=name[:200]) from None
        mail = BytesParser(policy=policy.default).parsebytes(raw)
        assert isinstance(mail, EmailMessage)
        summary = _summary(name, mail)
        return StoredMail(
            name=name,
            sender=str(mail["From"]),
            to=summary.to,
            subject=summary.subject,
            sent_at=summary.sent_at,
            message_id=str(mail["Message-ID"]),
            text=_body(mail, "plain"),
            html=_body(mail, "html"),
            attachments=tuple(_attachment(part) for part in mail.iter_attachments()),
        )


def _name_of(message_id: str) -> str:
    # The allowed characters hold no path separator, so that the id is a safe file name as it is.
    return checked_message_id(message_id)[1:-1]


def _keep_once(path: str, data: bytes) -> None:
    unfinished = f"{path}.{next(_ATTEMPTS)}-{os.getpid()}"
    for attempt in (1, 2):
        try:
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            break
        except FileNotFoundError:
            if attempt == 2:
                raise
            os.makedirs(os.path.dirname(path), exist_ok=True)
    try:
        with open(handle, "wb", buffering=0) as file:
            file.write(data)
        # A link fails where the name exists: of two senders at once, one wins.
        os.link(unfinished, path)
    except FileExistsError:
        return
    finally:
        os.unlink(unfinished)


def _summary(name: str, head: EmailMessage) -> MailSummary:
    return MailSummary(
        name=name, to=str(head["To"]), subject=str(head["Subject"]), sent_at=parsedate_to_datetime(str(head["Date"]))
    )


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()) if isinstance(part, EmailMessage) else ""


def _attachment(part: EmailMessage) -> MessageAttachment:
    payload = part.get_payload(decode=True)
    return MessageAttachment(
        name=part.get_filename("attachment"),
        data=payload if isinstance(payload, bytes) else b"",
        media_type=part.get_content_type(),
    )
