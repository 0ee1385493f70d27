"""Mails from an IMAP mailbox (RFC 3501): `imaps://` (TLS from the first byte) and `imap://` (STARTTLS).

Mails nobody has read and nobody has flagged are offered. What was kept is marked as read, what was not is flagged and
stays unread, so that whoever opens the mailbox sees it.
"""

import asyncio
import imaplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from kontor.core.errors import InvalidInput, Unavailable
from kontor.mailroom.ports import Fate, FetchedMail

T = TypeVar("T")
_WAITING = "UNSEEN UNFLAGGED UNDELETED"
_LATER = ("UNAVAILABLE", "INUSE", "LIMIT", "THROTTLED")
"""Response codes of a server that is busy (RFC 5530, RFC 9051; the last one is Exchange's): asked again, it answers."""
_FLAGS = {Fate.READ: r"(\Seen)", Fate.LEFT: r"(\Flagged)"}


class ImapMailbox:
    """Opens a connection for each call, in a thread of its own: polls are minutes apart.

    The URL is `imaps://user:password@host:993/INBOX`, or `imap://…?starttls=required`, where `starttls` is `required`
    (the default) or `never`, for a server on the same machine.
    """

    def __init__(self, url: str, *, timeout: float = 30) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("imap", "imaps") or not (parts.hostname and parts.username and parts.password):
            raise InvalidInput("the mailbox is imaps://user:password@host/folder", code="IMAP_URL_INVALID")
        starttls = parse_qs(parts.query).get("starttls", ["required"])[-1]
        if starttls not in ("required", "never"):
            raise InvalidInput("starttls is required or never", code="IMAP_URL_INVALID")
        self._secure = parts.scheme == "imaps"
        self._starttls = not self._secure and starttls == "required"
        self._host, self._port = parts.hostname, parts.port or (993 if self._secure else 143)
        self._user, self._password = unquote(parts.username), unquote(parts.password)
        self._folder = unquote(parts.path.strip("/")) or "INBOX"
        self._timeout = timeout

    async def fetch(self, most: int, *, largest: int) -> Sequence[FetchedMail]:
        return await self._run(lambda box: list(_fetched(box, most, largest)))

    async def mark(self, fates: dict[str, Fate]) -> None:
        def store(box: imaplib.IMAP4) -> None:
            for fate, flags in _FLAGS.items():
                uids = [uid for uid, each in fates.items() if each is fate]
                if uids:
                    _answer(box.uid("STORE", ",".join(uids), "+FLAGS.SILENT", flags))

        await self._run(store)

    async def _run(self, work: Callable[[imaplib.IMAP4], T]) -> T:
        def at_work() -> T:
            with self._connected() as box:
                return work(box)

        try:
            return await asyncio.to_thread(at_work)
        except (imaplib.IMAP4.error, OSError) as problem:
            raise Unavailable("the mailbox does not answer", code="MAILBOX_UNAVAILABLE") from problem

    @contextmanager
    def _connected(self) -> Iterator[imaplib.IMAP4]:
        context = ssl.create_default_context()
        box: imaplib.IMAP4 = (
            imaplib.IMAP4_SSL(self._host, self._port, ssl_context=context, timeout=self._timeout)
            if self._secure
            else imaplib.IMAP4(self._host, self._port, timeout=self._timeout)
        )
        try:
            if self._starttls:
                box.starttls(context)
            box.login(self._user, self._password)
            _answer(box.select(_quoted(self._folder)))
            yield box
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                box.logout()
            with suppress(OSError):
                box.shutdown()  # signing out leaves the socket open where nobody answers


def _fetched(box: imaplib.IMAP4, most: int, largest: int) -> Iterator[FetchedMail]:
    """The oldest waiting mails. Sizes are asked for first: one that is too large is not loaded."""
    found = _answer(box.uid("SEARCH", _WAITING))
    uids = b" ".join(part for part in found if isinstance(part, bytes)).decode("ascii").split()[:most]
    for uid in uids:
        said = _of_one(box.uid("FETCH", uid, "(RFC822.SIZE)"))
        if said is None or _size(b" ".join(_flat(said))) > largest:
            yield FetchedMail(uid, None)
            continue
        body = _of_one(box.uid("FETCH", uid, "(BODY.PEEK[])")) or []
        yield FetchedMail(uid, next((part[1] for part in body if isinstance(part, tuple)), None))


def _of_one(answered: tuple[str, Sequence[Any]]) -> list[Any] | None:
    """What a server says of one mail; None where it cannot hand it out: a damaged one must not keep those behind it."""
    status, data = answered
    words = b" ".join(_flat(list(data))).decode("ascii", "replace").upper()
    if status == "NO" and not any(f"[{code}" in words for code in _LATER):
        return None
    return _answer(answered)


def _answer(answered: tuple[str, Sequence[Any]]) -> list[Any]:
    status, data = answered
    if status != "OK":
        raise imaplib.IMAP4.error(str(data))
    return list(data)


def _flat(data: list[Any]) -> Iterator[bytes]:
    for part in data:
        if isinstance(part, bytes):
            yield part
        elif isinstance(part, tuple):
            yield from (each for each in part if isinstance(each, bytes))


def _size(said: bytes) -> int:
    words = said.replace(b"(", b" ").replace(b")", b" ").split()
    return int(words[words.index(b"RFC822.SIZE") + 1]) if b"RFC822.SIZE" in words else 0


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
