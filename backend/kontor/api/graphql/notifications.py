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


def show_notification(row: Any) -> Notification:
    """A message's row as the API shows it."""
    return Notification(
        id=row.id, order_id=row.order_id, template=row.template, cause=row.source_key, language=row.language,
        recipient=row.recipient, subject=row.subject, message_id=row.message_id, created_at=row.created_at,
        sent_at=row.sent_at, error=row.error,
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


@strawberry.type
class NotificationsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.NOTIFICATIONS_WRITE)],
        description="Send a message again, with the facts of today, to the order's present address.",
    )
    async def resend_notification(
        self, info: Info, id: UUID
    ) -> Annotated[Notification | Refusal, strawberry.union("ResendNotificationResult")]:
        domain = domain_of(info.context.runtime.settings.mail_from)

        async def work(db: Session) -> Notification:
            return show_notification(await service.resend(db, id, now=db.now, domain=domain))

        return await change(info, work, body=[id], again=_again, targets=lambda done: [("notification", done.id)])
