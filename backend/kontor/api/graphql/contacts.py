"""What was said with customers, and mails that come in."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.master_rows import Given, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.contacts import queries, service
from kontor.contacts.models import ContactChannel, Direction
from kontor.contacts.service import NewContact
from kontor.core.db import Session
from kontor.mailroom import service as mailroom
from kontor.mailroom.reading import Bounce, read_mail
from kontor.notifications import service as notifications
from kontor.notifications.jobs import domain_of

strawberry.enum(ContactChannel)
strawberry.enum(Direction, name="ContactDirection")


@strawberry.type(description="What was said with a customer once; never changed, put right by another that names it.")
class Contact:
    id: UUID
    order_id: UUID | None
    customer_id: UUID | None
    channel: ContactChannel
    direction: Direction
    topic: str
    text: str
    address: str | None = strawberry.field(description="From where a mail came in.")
    notification_id: UUID | None = strawberry.field(description="The message by which a mail was sent.")
    corrects_id: UUID | None
    follow_up_on: date | None
    follow_up_done_at: datetime | None
    follow_up_done_by: str
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, row: Any) -> Contact:
        """As the API shows it."""
        return cls(
            **{**shown(cls, row), "created_by": who(row.created_by), "follow_up_done_by": who(row.follow_up_done_by)}
        )


def who(by: str | None) -> str:
    """The name of who did something, without what sort of actor it is."""
    return (by or "").partition(":")[2]


@strawberry.input
class ContactsFilter(Given):
    order_id: UUID | None = UNSET
    order_number: str | None = UNSET
    customer_id: UUID | None = UNSET
    channels: list[ContactChannel] | None = UNSET
    direction: Direction | None = UNSET
    text: str | None = strawberry.field(default=UNSET, description="Words of the topic or the text.")
    follow_up_open: bool | None = UNSET
    follow_up_until: date | None = UNSET
    created_since: datetime | None = UNSET

    def value(self) -> queries.ContactFilter:
        """As the domain takes it."""
        return queries.ContactFilter(**self.values())


@strawberry.enum
class ContactsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT-"
    FOLLOW_UP_ON = "FOLLOW_UP_ON"
    FOLLOW_UP_ON_DESC = "FOLLOW_UP_ON-"


@strawberry.input(description="What was said, about an order or a customer.")
class ContactInput:
    channel: ContactChannel
    direction: Direction
    topic: str
    text: str = ""
    order_id: UUID | None = None
    customer_id: UUID | None = None
    follow_up_on: date | None = strawberry.field(default=None, description="On this day a case is raised.")

    def value(self) -> NewContact:
        """As the service takes it."""
        return NewContact(
            channel=self.channel, direction=self.direction, topic=self.topic, text=self.text, order_id=self.order_id,
            customer_id=self.customer_id, follow_up_on=self.follow_up_on,
        )  # fmt: skip


ContactResult = Annotated[Contact | Refusal, strawberry.union("ContactResult")]


@strawberry.type(description="What a mail that came in was: an answer, kept as a contact, or a report of a bounce.")
class ReceivedMail:
    contact: Contact | None
    bounced_id: UUID | None = strawberry.field(description="The message of ours that came back.")


async def _again(db: Session, ids: list[UUID]) -> Contact:
    return Contact.of(await queries.get_contact(db, ids[0]))


async def _change(info: Info, work: Any, body: Any) -> Contact:
    return await change(info, work, body=body, again=_again, targets=lambda done: [("contact", done.id)])


@strawberry.type
class ContactsQuery:
    @strawberry.field(extensions=[requires(Permission.CARE_READ)])
    async def contacts(
        self,
        info: Info,
        filter: ContactsFilter | None = None,
        sort: ContactsSort = ContactsSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Contact]:
        wanted = filter.value() if filter else queries.ContactFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_contacts(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Contact.of)


@strawberry.type
class ContactsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)], description="Write down a call, a note, a chat or a letter."
    )
    async def log_contact(self, info: Info, input: ContactInput) -> ContactResult:
        async def work(db: Session) -> Contact:
            row = await service.log_contact(db, input.value(), now=db.now)
            await db.flush()
            return Contact.of(row)

        return await _change(info, work, input)

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)],
        description="Put a contact right by another that names it; an open follow-up goes over to the new one.",
    )
    async def correct_contact(self, info: Info, id: UUID, topic: str, text: str) -> ContactResult:
        async def work(db: Session) -> Contact:
            row = await service.correct_contact(db, id, topic=topic, text=text, now=db.now)
            await db.flush()
            return Contact.of(row)

        return await _change(info, work, [id, topic, text])

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)], description="What was to be followed up is done; its case ends."
    )
    async def complete_follow_up(self, info: Info, id: UUID) -> ContactResult:
        async def work(db: Session) -> Contact:
            row = await service.complete_follow_up(db, id, now=db.now)
            await db.flush()
            return Contact.of(row)

        return await _change(info, work, [id])

    @strawberry.mutation(
        extensions=[requires(Permission.CARE_WRITE)],
        description="Mail an order's customer, in the frame of the channel's mails; kept as a contact.",
    )
    async def write_to_customer(
        self, info: Info, order_id: UUID, topic: str, text: str, follow_up_on: date | None = None
    ) -> ContactResult:
        domain = domain_of(info.context.runtime.settings.mail_from)

        async def work(db: Session) -> Contact:
            mail = await notifications.write_mail(db, order_id, topic=topic, text=text, now=db.now, domain=domain)
            wanted = NewContact(
                channel=ContactChannel.EMAIL, direction=Direction.OUTBOUND, topic=topic, text=text, order_id=order_id,
                follow_up_on=follow_up_on, notification_id=mail.id,
            )  # fmt: skip
            row = await service.log_contact(db, wanted, now=db.now)
            await db.flush()
            return Contact.of(row)

        return await _change(info, work, [order_id, topic, text, follow_up_on])

    @strawberry.mutation(
        extensions=[requires(Permission.NOTIFICATIONS_WRITE)],
        description="Hand in a mail as it came (RFC 5322): a customer's answer becomes a contact of its order, a "
        "server's report (RFC 3464) marks the message as bounced. The same mail again changes nothing.",
    )
    async def receive_mail(
        self, info: Info, raw: str
    ) -> Annotated[ReceivedMail | Refusal, strawberry.union("ReceiveMailResult")]:
        mail = await asyncio.to_thread(read_mail, raw)

        async def work(db: Session) -> ReceivedMail:
            made = await mailroom.receive(db, mail, now=db.now)
            if made.contact is None:
                return ReceivedMail(contact=None, bounced_id=made.bounced_id)
            return ReceivedMail(contact=Contact.of(await queries.get_contact(db, made.contact.id)), bounced_id=None)

        async def again(db: Session, ids: list[UUID]) -> ReceivedMail:
            if isinstance(mail, Bounce):
                return ReceivedMail(contact=None, bounced_id=mail.notification_id)
            return ReceivedMail(contact=Contact.of(await queries.get_contact(db, ids[0])), bounced_id=None)

        def targets(done: ReceivedMail) -> list[tuple[str, UUID]]:
            if done.contact is not None:
                return [("contact", done.contact.id)]
            return [("notification", done.bounced_id)] if done.bounced_id else []

        return await change(info, work, body=raw, again=again, targets=targets)
