"""The order in which payments are drawn on and given back over, stored per channel from a moment on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core.db import Session, chunks, in_key_order
from kontor.core.errors import Conflict, InvalidInput
from kontor.core.ids import new_id
from kontor.payments.capture_plan import CapturePolicy
from kontor.payments.models import PaymentPolicy
from kontor.payments.refund_split import RefundPolicy


class PolicyPurpose(StrEnum):
    """What a policy decides."""

    CAPTURE = "CAPTURE"
    REFUND = "REFUND"


class PolicySource(StrEnum):
    """Who says which payment is next: whoever asks, a stored version, the channel's settings, or nobody."""

    CHOSEN = "CHOSEN"
    STORED = "STORED"
    SETTING = "SETTING"
    USUAL = "USUAL"


RULES: dict[PolicyPurpose, tuple[str, ...]] = {
    PolicyPurpose.CAPTURE: tuple(policy.value for policy in CapturePolicy),
    PolicyPurpose.REFUND: tuple(policy.value for policy in RefundPolicy if policy is not RefundPolicy.CHOSEN),
}
SETTINGS = {PolicyPurpose.CAPTURE: "capture_policy", PolicyPurpose.REFUND: "refund_policy"}


@dataclass(frozen=True, slots=True)
class Named:
    """Which version of a policy counts, or what stands in for one."""

    source: PolicySource
    valid_from: datetime | None = None


async def save_policy(
    db: Session, channel: SalesChannel, purpose: PolicyPurpose, rule: str, *, valid_from: datetime | None = None
) -> PaymentPolicy:
    """Let a rule count for a channel from a moment on, now unless it lies ahead; what counted before is kept.

    Captures and refunds that are begun keep their shares. Raises `InvalidInput` for a rule the purpose does not know,
    `Conflict` when another version begins at the same moment.
    """
    if rule not in RULES[purpose]:
        raise InvalidInput(
            "There is no such rule.", code="UNKNOWN_POLICY_RULE", path=("rule",), allowed=list(RULES[purpose])
        )
    begins = max(valid_from or db.now, db.now)
    await db.execute(sa.select(SalesChannel.id).where(SalesChannel.id == channel.id).with_for_update())
    same = sa.select(PaymentPolicy.id).where(
        PaymentPolicy.channel_id == channel.id, PaymentPolicy.purpose == purpose, PaymentPolicy.valid_from == begins
    )
    if await db.scalar(same) is not None:
        raise Conflict("A version begins at this moment already.", code="POLICY_EXISTS", path=("validFrom",))
    row = PaymentPolicy(
        id=new_id(), channel_id=channel.id, purpose=purpose, rule=rule, valid_from=begins, created_at=db.now,
        created_by=db.by,
    )  # fmt: skip
    db.add(row)
    await db.flush()
    return row


async def policies_of(db: Session, channel_id: UUID) -> Sequence[PaymentPolicy]:
    """Every version of a channel's policies, planned ones included, newest first."""
    found = sa.select(PaymentPolicy).where(PaymentPolicy.channel_id == channel_id)
    return list(await db.scalars(found.order_by(PaymentPolicy.valid_from.desc(), PaymentPolicy.purpose)))


async def in_force(db: Session, channel_ids: Iterable[UUID]) -> dict[UUID, dict[PolicyPurpose, PaymentPolicy]]:
    """The versions that count now, by channel and purpose."""
    found: dict[UUID, dict[PolicyPurpose, PaymentPolicy]] = {}
    for part in chunks(in_key_order(channel_ids)):
        begun = sa.select(PaymentPolicy).where(PaymentPolicy.channel_id.in_(part), PaymentPolicy.valid_from <= db.now)
        for row in await db.scalars(begun.order_by(PaymentPolicy.valid_from)):
            found.setdefault(row.channel_id, {})[PolicyPurpose(row.purpose)] = row
    return found


async def settings_with_policies(db: Session, settings: dict[UUID, dict[str, Any]]) -> dict[UUID, dict[str, Any]]:
    """Channels' settings in which the stored policies stand for what a setting says."""
    stored = await in_force(db, settings)
    return {
        channel_id: given | {SETTINGS[purpose]: row.rule for purpose, row in stored.get(channel_id, {}).items()}
        for channel_id, given in settings.items()
    }


async def named(db: Session, channel_id: UUID, purpose: PolicyPurpose, settings: dict[str, Any]) -> Named:
    """Where the rule that counts for a channel now comes from; `settings` as they say without policies or with."""
    row = (await in_force(db, [channel_id])).get(channel_id, {}).get(purpose)
    if row is not None:
        return Named(PolicySource.STORED, row.valid_from)
    return Named(PolicySource.SETTING if SETTINGS[purpose] in settings else PolicySource.USUAL)
