"""In which order a channel draws on payments and gives back over them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.channels.queries import get_sales_channel
from kontor.core.db import Session
from kontor.payments import models
from kontor.payments.policies import PolicyPurpose, policies_of, save_policy

strawberry.enum(PolicyPurpose)


@strawberry.type(description="A version of a channel's policy; it counts until the next one of its purpose begins.")
class PaymentPolicy:
    id: UUID
    purpose: PolicyPurpose
    rule: str
    valid_from: datetime
    created_at: datetime
    created_by: str

    @classmethod
    def of(cls, row: models.PaymentPolicy, *, outside: bool) -> PaymentPolicy:
        """As the API shows it; who saved it is said within the company only."""
        return cls(
            id=row.id, purpose=PolicyPurpose(row.purpose), rule=row.rule, valid_from=row.valid_from,
            created_at=row.created_at, created_by="" if outside else row.created_by,
        )  # fmt: skip


@strawberry.type
class PaymentPolicySaved:
    channel_id: UUID
    policies: list[PaymentPolicy]


SavePaymentPolicyResult = Annotated[PaymentPolicySaved | Refusal, strawberry.union("SavePaymentPolicyResult")]


async def _shown(db: Session, channel_id: UUID) -> list[PaymentPolicy]:
    return [PaymentPolicy.of(row, outside=db.principal.outside) for row in await policies_of(db, channel_id)]


@strawberry.type
class PaymentPoliciesQuery:
    @strawberry.field(
        extensions=[requires(Permission.CHANNELS_READ)],
        description="Every version of a channel's policies, planned ones included, newest first. Where there is none, "
        "the channel's settings `capture_policy` and `refund_policy` count.",
    )
    async def payment_policies(self, info: Info, channel: str) -> list[PaymentPolicy]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            return await _shown(db, (await get_sales_channel(db, code=channel)).id)


@strawberry.type
class PaymentPoliciesMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.CHANNELS_WRITE)],
        description="Let a rule count from now, or from a moment ahead. For captures: STORED_VALUE_FIRST, CARD_FIRST, "
        "RATIO or CHOSEN (as the order names them); for refunds: REVERSE (last captured first), CARD_FIRST (points "
        "last) or RATIO.",
    )
    async def save_payment_policy(
        self, info: Info, channel: str, purpose: PolicyPurpose, rule: str, valid_from: datetime | None = None
    ) -> SavePaymentPolicyResult:
        async def work(db: Session) -> PaymentPolicySaved:
            row = await get_sales_channel(db, code=channel)
            await save_policy(db, row, purpose, rule, valid_from=valid_from)
            return PaymentPolicySaved(channel_id=row.id, policies=await _shown(db, row.id))

        async def again(db: Session, ids: list[UUID]) -> PaymentPolicySaved:
            row = await get_sales_channel(db, id=ids[0])
            return PaymentPolicySaved(channel_id=row.id, policies=await _shown(db, row.id))

        return await change(
            info, work, body=[channel, purpose, rule, valid_from], again=again,
            targets=lambda done: [("sales_channel", done.channel_id)],
        )  # fmt: skip
