"""A mail that came in becomes a contact of its order, or the mark of a message that came back."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kontor.contacts import queries as contacts
from kontor.contacts import service as contacting
from kontor.contacts.models import Contact, ContactChannel, Direction
from kontor.contacts.service import NewContact
from kontor.core.db import Session
from kontor.mailroom.errors import MailUnknown
from kontor.mailroom.reading import Bounce, Mail
from kontor.notifications import service as notifications
from kontor.notifications.models import Notification
from kontor.notifications.queries import visible_to
from kontor.orders import queries as orders
from kontor.orders.models import Order

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{3,39}")


@dataclass(frozen=True, slots=True)
class Received:
    """What a mail became; neither for a report that a message is only late."""

    contact: Contact | None = None
    bounced_id: UUID | None = None


async def receive(db: Session, mail: Bounce | Mail, *, now: datetime) -> Received:
    """Keep a mail. One that is known by its Message-ID, and a bounce that is noted, change nothing.

    What a person wrote is a case of care until somebody answers it. An out-of-office note is kept and asks for nothing.

    Raises `MailUnknown` for a mail of no order, `NotificationNotFound` for a bounce of what we did not send.
    """
    if isinstance(mail, Bounce):
        if mail.permanent:
            await notifications.note_bounce(db, mail.notification_id, mail.reason, now=now)
        return Received(bounced_id=mail.notification_id if mail.permanent else None)
    row = await contacts.by_message_id(db, mail.message_id)
    if row is None:
        wanted = NewContact(
            channel=ContactChannel.EMAIL, direction=Direction.INBOUND, topic=mail.subject or "–", text=mail.text,
            order_id=await order_of(db, mail), address=mail.sender, message_id=mail.message_id,
            awaits_answer=not mail.automatic,
        )  # fmt: skip
        row = await contacting.log_contact(db, wanted, now=now)
        await db.flush()
    return Received(contact=row)


async def order_of(db: Session, mail: Mail) -> UUID:
    """The order a mail is about: of the message it answers, else one named in its subject, of its own sender.

    Raises `MailUnknown`.
    """
    if mail.answers:
        answered = visible_to(db.principal).with_only_columns(Notification.order_id)
        found = await db.scalar(answered.where(Notification.id.in_(mail.answers)).limit(1))
        if found is not None:
            return found
    named = set(_NUMBER.findall(mail.subject))
    if named:
        mine = orders.visible_to(db.principal).where(Order.number.in_(named))
        for order in await db.scalars(mine):
            if (order.email or "").lower() == mail.sender:
                return order.id
    raise MailUnknown("The mail belongs to no order.", path=("raw",))
