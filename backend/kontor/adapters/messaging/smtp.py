"""Messages by SMTP: `smtp://` (upgraded by STARTTLS where offered) and `smtps://` (TLS from the first byte)."""

import asyncio
from datetime import UTC, datetime
from email.utils import parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from aiosmtplib import SMTP, SMTPException, SMTPNotSupported, SMTPRecipientsRefused, SMTPResponseException

from kontor.adapters.messaging.mime import mime_of
from kontor.core.errors import InvalidInput, Unavailable
from kontor.notifications.ports import OutgoingMessage


class SmtpSender:
    """Sends each message over a connection of its own, at most `connections` at a time.

    The URL is `smtp://user:password@host:587?starttls=required`; `starttls` is `auto` (upgrade where offered, the
    default), `required` or `never`.
    """

    def __init__(self, url: str, *, mail_from: str, connections: int = 4, timeout: float = 20) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise InvalidInput("the mail server is smtp://host:port or smtps://host:port", code="SMTP_URL_INVALID")
        starttls = parse_qs(parts.query).get("starttls", ["auto"])[-1]
        if starttls not in ("auto", "required", "never"):
            raise InvalidInput("starttls is auto, required or never", code="SMTP_URL_INVALID")
        self._secure = parts.scheme == "smtps"
        self._starttls = {"auto": None, "required": True, "never": False}[starttls] if not self._secure else False
        self._host = parts.hostname
        self._port = parts.port or (465 if self._secure else 587)
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._mail_from = mail_from
        self._timeout = timeout
        self._slots = asyncio.Semaphore(connections)

    async def send(self, message: OutgoingMessage) -> str:
        mail = mime_of(message, mail_from=self._mail_from, now=datetime.now(UTC))
        async with self._slots:
            try:
                async with self._connection() as connection:
                    await self._hand_over(connection, message, mail)
            except SMTPRecipientsRefused as error:
                raise _refusal(error.recipients[0].code, error.recipients[0].message) from error
            except SMTPResponseException as error:
                raise _refusal(error.code, error.message) from error
            except SMTPNotSupported as error:
                if not message.to.isascii():
                    raise InvalidInput(
                        "the mail server cannot deliver to this address", code="MAIL_REFUSED", path=("to",)
                    ) from error
                raise Unavailable(f"the mail server cannot do this: {error}", code="MAIL_UNAVAILABLE") from error
            except (SMTPException, OSError) as error:
                raise Unavailable("the mail server does not answer", code="MAIL_UNAVAILABLE") from error
        return message.message_id

    async def _hand_over(self, connection: SMTP, message: OutgoingMessage, mail: bytes) -> None:
        options = []
        if not message.to.isascii():
            if not connection.supports_extension("smtputf8"):
                raise SMTPNotSupported("the server takes plain addresses only")
            options.append("SMTPUTF8")
        await connection.sendmail(parseaddr(self._mail_from)[1], [message.to], mail, mail_options=options)

    def _connection(self) -> SMTP:
        return SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            use_tls=self._secure,
            start_tls=self._starttls,
            timeout=self._timeout,
        )


# RFC 5321 replies that speak of this message or address for good: mailbox unknown, not local, name not allowed,
# too large, parameters refused. All else (greylisting, sign-in, full disk) may pass.
_FINAL = frozenset({550, 551, 552, 553, 554, 555})


def _refusal(code: int, text: str) -> InvalidInput | Unavailable:
    if code in _FINAL:
        return InvalidInput(f"the mail server refuses the message: {code} {text}", code="MAIL_REFUSED", path=("to",))
    return Unavailable(f"the mail server is not ready: {code} {text}", code="MAIL_UNAVAILABLE")
