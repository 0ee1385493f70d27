"""What customers will be told of money, in words, and the personal sentence somebody of care adds to a message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kontor.api.graphql.order_change_types import ChangeMessage
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.principal import Principal
from kontor.notifications.known import method_name
from kontor.notifications.notes import checked_note
from kontor.notifications.rendering import written_in
from kontor.notifications.service import preview_messages
from kontor.orders.models import Order
from kontor.payments.refunding import RefundShare

HIDDEN_CODE = "••••-••••-••••"  # a voucher's code is made when it is issued


def note_of(text: str | None, principal: Principal) -> str:
    """The sentence as it is kept.

    Raises `Forbidden` for who may not write to customers, `InvalidInput` for a long one.
    """
    note = checked_note(text)
    if note:
        principal.require(Permission.CARE_WRITE)
    return note


async def told_of_money(
    db: Session, order: Order, template: str, amount: int, shares: Sequence[RefundShare], *, note: str, now: datetime
) -> list[ChangeMessage]:
    """The message of a refund, of goodwill or of a voucher, as it will read."""
    about: dict[str, Any] = {"amount": amount, "currency": order.currency}
    if template == "goodwill_voucher":
        about["code"] = HIDDEN_CODE
    else:
        language = written_in(order.language)
        rows = sorted(shares, key=lambda share: share.payment.id)
        about["shares"] = [{"method": method_name(row.payment, language), "amount": row.amount} for row in rows]
    told = await preview_messages(db, order.id, {template: about}, now=now, note=note)
    return [ChangeMessage(template=name, subject=subject, text=text) for name, subject, text in told]
