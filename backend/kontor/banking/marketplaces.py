"""Settlement statements of marketplaces: read like payouts of gateways, by the orders a channel has collected for.

A marketplace stands where a gateway does, as `channel:<code of the channel>`. Its lines name orders by the number that
the marketplace gave them; what it tells line by line of one order is put together, as we know of one payment.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.banking.clearing import Ours
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.money import Money
from kontor.invoicing.posting import Via
from kontor.payments.models import TransactionKind
from kontor.payments.ports import GatewayLine
from kontor.payments.states import PaymentMethodKind

PREFIX = "channel:"
K = TransactionKind
AS_LINE = {K.RECEIVE: ("CHARGE", 1), K.REFUND: ("REFUND", -1), K.REFUND_RETURN: ("REFUND_FAILURE", 1)}
"""A transaction as the marketplace's line has it: category and sign."""


def channel_of(gateway: str) -> str | None:
    """The code of the channel that a marketplace's name stands for; None for a gateway.

    >>> channel_of("channel:agora"), channel_of("stripe")
    ('agora', None)
    """
    return gateway.removeprefix(PREFIX) if gateway.startswith(PREFIX) else None


async def check_channel(db: Session, gateway: str, entity_id: UUID) -> None:
    """Raise `InvalidInput` unless a marketplace's name stands for a channel of the seller."""
    code = channel_of(gateway)
    found = sa.select(SalesChannel.id).where(SalesChannel.code == code, SalesChannel.legal_entity_id == entity_id)
    if code is not None and await db.scalar(found) is None:
        raise InvalidInput(
            "The seller has no such channel.", code="UNKNOWN_CHANNEL", path=("input", "gateway"), channel=code
        )


def together(lines: Sequence[GatewayLine], alone: Collection[int] = ()) -> list[GatewayLine]:
    """One line for each order and category, amounts and fees summed; what names no order stays as it is.

    So do the lines at the places `alone`, which are movements of ours by themselves; they come first.
    """
    found: dict[tuple[str, str], GatewayLine] = {}
    for index, line in enumerate(lines):
        if index in alone:
            continue
        key = (line.category.value, line.source) if line.source else ("", line.reference)
        known = found.get(key)
        if known is None:
            found[key] = line
            continue
        found[key] = replace(
            known, amount=_sum(known.amount, line.amount), fee=_sum(known.fee, line.fee),
            occurred_at=max(known.occurred_at, line.occurred_at), original=_originals(known.original, line.original),
        )  # fmt: skip
    return [*(line for index, line in enumerate(lines) if index in alone), *found.values()]


def put_together(lines: Sequence[GatewayLine], alone: Collection[int] = ()) -> dict[str, list[str]]:
    """The references of lines that `together` puts into another, by the reference of the line that stands for them."""
    first: dict[tuple[str, str], str] = {}
    found: dict[str, list[str]] = {}
    for index, line in enumerate(lines):
        if index in alone or not line.source:
            continue
        stands = first.setdefault((line.category.value, line.source), line.reference)
        if stands != line.reference:
            found.setdefault(stands, []).append(line.reference)
    return found


def _originals(first: Money | None, second: Money | None) -> Money | None:
    """The sum of what was converted; None where the lines were not all converted from one currency."""
    if first is None or second is None or first.currency != second.currency:
        return None
    return Money(first.amount + second.amount, first.currency)


def _sum(first: Money, second: Money) -> Money:
    if first.currency != second.currency:
        raise InvalidInput(
            "A payout's lines are in its currency.", code="CURRENCY_MISMATCH", path=("content",),
            expected=first.currency,
        )  # fmt: skip
    return Money(first.amount + second.amount, first.currency)


def ours(row: Any) -> Ours:
    """A movement of an order that a channel has collected for, known by the channel's order number."""
    category, sign = AS_LINE[row.kind]
    detail = Via(PaymentMethodKind.COLLECTED_BY_CHANNEL.value).detail
    return Ours(
        row.id, row.order_id, row.legal_entity_id, category, row.external_id, row.external_id, sign * row.amount,
        row.currency, detail,
    )  # fmt: skip
