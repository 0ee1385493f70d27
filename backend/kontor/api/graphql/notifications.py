"""Messages to customers: what was told, and telling it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.notifications import queries, service
from kontor.notifications.jobs import domain_of
from kontor.notifications.models import Notification as NotificationRow


@strawberry.enum(description="What became of a message: FAILED can never be sent, BOUNCED came back.")
class MessageState(Enum):
    WAITING = "WAITING"
    SENT = "SENT"
    FAILED = "FAILED"
    BOUNCED = "BOUNCED"


@strawberry.type(description="A message to a customer: told once per order, cause and template.")
class Notification:
    id: UUID
    order_id: UUID
    template: str
    cause: str
    language: str
    recipient: str
    subject: str | None
    message_id: str
    created_at: datetime
    sent_at: datetime | None
    error: str | None = strawberry.field(description="Why it can never be sent.")
    bounced_at: datetime | None = strawberry.field(description="When it came back.")
    bounce: str | None = strawberry.field(description="What the mail server said when it came back.")
    state: MessageState


@strawberry.type
class AttachedDocument:
    name: str
    document_id: UUID


@strawberry.type(description="A message word for word, as it went out.")
class NotificationText:
    notification: Notification
    subject: str
    text: str
    html: str
    template_id: UUID | None = strawberry.field(description="The version of own words it was written in; null: ours.")
    attachments: list[AttachedDocument]


def state_of(row: Any) -> MessageState:
    """What became of a message."""
    if row.bounced_at is not None:
        return MessageState.BOUNCED
    if row.error is not None:
        return MessageState.FAILED
    return MessageState.WAITING if row.sent_at is None else MessageState.SENT


def show_notification(row: Any) -> Notification:
    """A message's row as the API shows it."""
    return Notification(
        id=row.id, order_id=row.order_id, template=row.template, cause=row.source_key, language=row.language,
        recipient=row.recipient, subject=row.subject, message_id=row.message_id, created_at=row.created_at,
        sent_at=row.sent_at, error=row.error, bounced_at=row.bounced_at, bounce=row.bounce, state=state_of(row),
    )  # fmt: skip


async def _again(db: Session, ids: Sequence[UUID]) -> Notification:
    return show_notification(await db.get_one(NotificationRow, ids[0]))


@strawberry.enum
class NotificationsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"


@strawberry.type
class NotificationsQuery:
    @strawberry.field(
        extensions=[requires(Permission.NOTIFICATIONS_READ)],
        description="Messages of one order or of all; `failed`: they can never be sent.",
    )
    async def notifications(
        self,
        info: Info,
        order_id: UUID | None = None,
        template: str | None = None,
        failed: bool | None = None,
        sort: NotificationsSort = NotificationsSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Notification]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            descending = sort is NotificationsSort.CREATED_AT_DESC
            page = await queries.list_notifications(
                db, page_of(first, after), order_id=order_id, template=template, failed=failed, descending=descending
            )
        return connect(page, show_notification)

    @strawberry.field(
        extensions=[requires(Permission.NOTIFICATIONS_READ)],
        description="What a message said word for word; null as long as it is not written.",
    )
    async def notification_text(self, info: Info, id: UUID) -> NotificationText | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.get_notification(db, id)
            text = (await queries.texts_of(db, [row.id])).get(row.id)
        if text is None:
            return None
        attached = [
            AttachedDocument(name=each["name"], document_id=UUID(each["document_id"])) for each in text.attachments
        ]
        return NotificationText(
            notification=show_notification(row), subject=text.subject, text=text.text, html=text.html,
            template_id=text.template_id, attachments=attached,
        )  # fmt: skip


@strawberry.type
class NotificationsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.NOTIFICATIONS_WRITE, Permission.CARE_WRITE)],
        description="Send a message again, with the facts of today, to the order's present address.",
    )
    async def resend_notification(
        self, info: Info, id: UUID
    ) -> Annotated[Notification | Refusal, strawberry.union("ResendNotificationResult")]:
        domain = domain_of(info.context.runtime.settings.mail_from)

        async def work(db: Session) -> Notification:
            return show_notification(await service.resend(db, id, now=db.now, domain=domain))

        return await change(info, work, body=[id], again=_again, targets=lambda done: [("notification", done.id)])
