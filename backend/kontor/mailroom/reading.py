"""What a mail that came in is: a mail server's report of one of ours (RFC 3464), or a person's words. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import parseaddr
from html.parser import HTMLParser
from uuid import UUID

from kontor.core.errors import InvalidInput
from kontor.core.ids import is_uuid

LARGEST = 2_000_000
_OUR_ID = re.compile(r"<([0-9a-f-]{36})@[^>\s]+>")
_QUOTED = re.compile(
    r"\n(?:On .{5,200} wrote:|Am .{5,200} schrieb .{1,200}:|-{2,} ?(?:Original|Ursprüng).*)\s*\n", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Bounce:
    """A server's report that a message of ours could not be delivered; `permanent` when it gave up."""

    notification_id: UUID
    reason: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail by a person: what it says, without what it quotes, and which messages of ours it answers."""

    sender: str
    subject: str
    text: str
    message_id: str
    answers: Sequence[UUID]


def read_mail(raw: str) -> Bounce | Mail:
    """What a mail as it came (RFC 5322) is. Raises `InvalidInput` for what is none."""
    if len(raw) > LARGEST:
        raise InvalidInput("The mail is too large.", code="MAIL_TOO_LARGE", path=("raw",), max=LARGEST)
    mail = BytesParser(policy=policy.default).parsebytes(raw.encode("utf-8", "surrogateescape"))
    assert isinstance(mail, EmailMessage)
    if mail.get_content_type() == "multipart/report":
        bounce = _bounce(mail)
        if bounce is not None:
            return bounce
    sender = parseaddr(str(mail["From"] or ""))[1].lower()
    message_id = str(mail["Message-ID"] or "").strip()
    if not sender or not message_id:
        raise InvalidInput("A mail has a sender and a Message-ID.", code="MAIL_INVALID", path=("raw",))
    answered = f"{mail['In-Reply-To'] or ''} {mail['References'] or ''}"
    subject = " ".join(_storable(str(mail["Subject"] or "")).split())[:200]
    ours = list(dict.fromkeys(_our_ids(answered)))
    return Mail(_storable(sender), subject, _storable(_words(mail)), _storable(message_id)[:200], ours)


def _storable(text: str) -> str:
    """What databases take: bytes that are no letters read as question marks, and there is no zero byte."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def _our_ids(text: str) -> Iterator[UUID]:
    return (UUID(found) for found in _OUR_ID.findall(text) if is_uuid(found))


def _bounce(mail: EmailMessage) -> Bounce | None:
    ours, action, status, reason = None, "", "", ""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for group in part.get_payload():
                if isinstance(group, Message) and group["Action"]:
                    action, status = str(group["Action"]).lower(), str(group["Status"] or "")
                    reason = " ".join(str(group["Diagnostic-Code"] or "").split()) or reason
        elif kind == "text/rfc822-headers":
            ours = next(_our_ids(str(part.get_content())), ours)
        elif part["Message-ID"] and part is not mail:
            ours = next(_our_ids(str(part["Message-ID"])), ours)
    if ours is None or not action:
        return None
    said = " ".join(each for each in (status, reason) if each)
    return Bounce(ours, said[:500] or action, action == "failed" or status.startswith("5"))


class _Visible(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("style", "script", "head")
        if tag in ("p", "br", "div", "tr", "li"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "script", "head")

    def handle_data(self, data: str) -> None:
        if self.hidden <= 0:
            self.parts.append(data)


def _words(mail: EmailMessage) -> str:
    """What a person wrote: plain text first, else what of the HTML can be read; the quoted mail is cut off."""
    body = mail.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        text = str(body.get_content())
    except (LookupError, ValueError):
        return ""
    if body.get_content_type() == "text/html":
        reader = _Visible()
        reader.feed(text)
        text = "".join(reader.parts)
    text = _QUOTED.split(f"\n{text}\n", maxsplit=1)[0]
    lines = (line.rstrip() for line in text.strip().splitlines() if not line.startswith(">"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))[:20_000].strip()
