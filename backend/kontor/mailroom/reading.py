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

LARGEST = 2_000_000
_OUR_ID = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^>\s]+>")
_MARK = re.compile(
    r"^(?:On .{5,200} wrote:|Am .{5,200} schrieb .{1,200}:|-{2,} ?(?:Original|Ursprüng)[^\n]*)[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
_SURE = re.compile(r"\d{1,2}[:.]\d{2}|@|^--")  # a time or an address: no sentence of a letter
_LOOKED_AT = 20_000  # characters in which the mark of a quoted mail is looked for
MOST_PARTS = 200
LONGEST_HEADER = 10_000
MOST_ANSWERED = 50  # messages of ours that one mail may answer, the last ones named
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Bounce:
    """A server's report that a message of ours could not be delivered; `permanent` when it gave up."""

    notification_id: UUID
    reason: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail by a person: what it says, without what it quotes, and which messages of ours it answers.

    An `automatic` one was written by no person (RFC 3834): they are away, or the mail was received.
    """

    sender: str
    subject: str
    text: str
    message_id: str
    answers: Sequence[UUID]
    automatic: bool = False


def read_mail(raw: str) -> Bounce | Mail:
    """What a mail as it came (RFC 5322) is. Raises `InvalidInput` for what is none.

    Mails come from anybody: whatever the reader of the standard library cannot make sense of is no mail. Large ones
    take a while; call it in a thread.
    """
    if len(raw) > LARGEST:
        raise InvalidInput("The mail is too large.", code="MAIL_TOO_LARGE", path=("raw",), max=LARGEST)
    try:
        return _read(raw)
    except InvalidInput:
        raise
    except Exception as problem:  # an empty <>, a thousand parts in each other, a name without an end
        raise InvalidInput("The mail cannot be read.", code="MAIL_INVALID", path=("raw",)) from problem


def _read(raw: str) -> Bounce | Mail:
    if raw.count("\n--") > 2 * MOST_PARTS and raw.lower().count("content-type: multipart/") > MOST_PARTS:
        raise InvalidInput("The mail has too many parts.", code="MAIL_INVALID", path=("raw",))
    mail = BytesParser(policy=policy.default).parsebytes(raw.encode("utf-8", "surrogateescape"))
    assert isinstance(mail, EmailMessage)
    if mail.get_content_type() == "multipart/report":
        bounce = _bounce(mail)
        if bounce is not None:
            return bounce
    sender = _plain(parseaddr(_header(mail, "From"))[1].lower())
    message_id = _plain(_header(mail, "Message-ID"))
    if not sender or not message_id.strip("<> "):
        raise InvalidInput("A mail has a sender and a Message-ID.", code="MAIL_INVALID", path=("raw",))
    named = [*_our_ids(_raw(mail, "References")), *_our_ids(_raw(mail, "In-Reply-To"))]
    answers = list(dict.fromkeys(named[-MOST_ANSWERED:]))
    subject = _plain(_header(mail, "Subject"))[:200]
    return Mail(sender[:254], subject, _words(mail), message_id[:200], answers, _is_automatic(mail))


def _is_automatic(mail: Message) -> bool:
    submitted, precedence = (_plain(_raw(mail, name)).lower() for name in ("Auto-Submitted", "Precedence"))
    return submitted.partition(";")[0].strip() not in ("", "no") or precedence in ("auto_reply", "bulk", "junk")


def _header(mail: Message, name: str) -> str:
    """A header as it reads; where it is not well-formed or without end, as it stands."""
    raw = _raw(mail, name)
    try:
        return str(mail[name] or "") if len(raw) <= LONGEST_HEADER else raw[:LONGEST_HEADER]
    except (IndexError, ValueError, AttributeError, TypeError):  # e.g. Message-ID: <[abc@
        return raw


def _raw(mail: Message, name: str) -> str:
    return next((str(value) for key, value in mail.raw_items() if key.lower() == name.lower()), "")


def _plain(text: str) -> str:
    """One line that every database keeps."""
    return " ".join(_kept(text).split())


def _kept(text: str) -> str:
    """The text without what PostgreSQL cannot keep."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _our_ids(text: str) -> Iterator[UUID]:
    return (UUID(found) for found in _OUR_ID.findall(text))


def _bounce(mail: EmailMessage) -> Bounce | None:
    ours, action, status, reason = None, "", "", ""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for group in part.get_payload():
                if isinstance(group, Message) and group["Action"]:
                    action, status = _plain(_header(group, "Action")).lower(), _plain(_header(group, "Status"))
                    reason = _plain(_header(group, "Diagnostic-Code")) or reason
        elif kind == "text/rfc822-headers":
            ours = next(_our_ids(_text_of(part)), ours)
        elif part is not mail:
            ours = next(_our_ids(_header(part, "Message-ID")), ours)
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
        if tag == "body":
            self.hidden = 0  # many a mail never closes its head
        self.hidden += tag in ("style", "script", "head")
        if tag in ("p", "br", "div", "tr", "li"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= self.hidden > 0 and tag in ("style", "script", "head")

    def handle_data(self, data: str) -> None:
        if self.hidden <= 0:
            self.parts.append(data)


def _words(mail: EmailMessage) -> str:
    """What a person wrote: plain text first, else what of the HTML can be read, without the mail it quotes; and the
    names of the files they sent along, which are not kept."""
    body = mail.get_body(("plain", "html"))
    text = "" if body is None else _text_of(body)
    if body is not None and body.get_content_type() == "text/html":
        reader = _Visible()
        reader.feed(text)
        text = "".join(reader.parts)
    names = [_plain(part.get_filename() or part.get_content_type())[:100] for part in mail.iter_attachments()]
    files = f"[{', '.join(names)}]"[:2000] if names else ""
    written = re.sub(r"\n{3,}", "\n\n", without_quote(_kept(text)))[: LONGEST - len(files) - 2]
    return f"{written}\n\n{files}".strip() if files else written.strip()


def without_quote(text: str) -> str:
    """The words of an answer without the mail it quotes; never less than the whole where that is not sure. Pure.

    What is quoted begins at its mark ("On … wrote:") and bears a > on each line, or none at all where a person wrote
    above it. Words below or between quoted lines stay, and a sentence that only looks like a mark cuts nothing.
    """
    lines = text.strip().splitlines()
    mark = _MARK.search("\n".join(lines)[:_LOOKED_AT])
    own = lines
    if mark is not None:
        above = "\n".join(lines)[: mark.start()].strip()
        below = [line for line in "\n".join(lines)[mark.end() :].splitlines() if line.strip()]
        quoted = [line.startswith(">") for line in below]
        sure = _SURE.search(mark[0]) is not None
        if all(quoted) or (above and sure and not any(quoted)):
            own = above.splitlines()
        elif any(quoted):
            own = [*above.splitlines(), *below]
    kept = [line.rstrip() for line in own if not line.startswith(">")]
    if not any(kept):
        kept = [line.lstrip("> ").rstrip() for line in lines]
    return "\n".join(kept)


def _text_of(part: Message) -> str:
    """The text of a part; of a charset nobody knows what can be read of it."""
    try:
        return str(part.get_content()) if isinstance(part, EmailMessage) else str(part.get_payload())
    except (LookupError, ValueError):
        payload = part.get_payload(decode=True)
        return payload.decode("latin-1") if isinstance(payload, bytes) else ""
