"""Fees of an order, such as shipping, that are given back by hand: with their tax, and once."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.orders.models import Order, OrderCharge
from kontor.orders.totals import LOST_DISCOUNT
from kontor.payments.errors import InvalidRefund
from kontor.payments.models import Refund

BY_HAND = "manual/"
"""How the cause of a refund begins that somebody gave by hand."""


async def charge_to_give_back(db: Session, order: Order, charge_id: UUID, amount: int) -> OrderCharge:
    """The charge, if so much of it (minor units, gross) can be given back.

    It has to be charged, which happens with the first shipment, and what is given back of it never is again. Raises
    `InvalidRefund` naming the field.
    """
    found = sa.select(OrderCharge).where(OrderCharge.id == charge_id, OrderCharge.order_id == order.id)
    charge = await db.scalar(found.execution_options(populate_existing=True))
    if charge is None:
        raise InvalidRefund("The order has no such charge.", code="CHARGE_NOT_FOUND", path=("chargeId",))
    if charge.shipment_id is None or charge.canceled or charge.kind == LOST_DISCOUNT:
        raise InvalidRefund("It is not charged yet, or not by itself.", code="CHARGE_NOT_CHARGED", path=("chargeId",))
    left = charge.gross - charge.refunded
    if amount > left:
        raise InvalidRefund(
            "More than is left of the charge.", code="CHARGE_EXCEEDED", path=("amount",), left=left,
            currency=order.currency,
        )  # fmt: skip
    return charge


def lines_of_charge(charge: OrderCharge, amount: int) -> list[dict[str, Any]]:
    """What a refund of so much of a charge says it is for."""
    return [{"charge_id": str(charge.id), "gross": amount}]


async def charge_again(db: Session, refund: Refund) -> None:
    """A refund by hand was taken back: what it gave back of charges can be given back again. Its order is locked."""
    if not refund.source_key.startswith(BY_HAND):
        return
    for charge_id, gross in _given(refund.lines):
        charge = await db.get_one(OrderCharge, charge_id, populate_existing=True)
        charge.refunded -= gross


def _given(lines: Iterable[Mapping[str, Any]]) -> list[tuple[UUID, int]]:
    return [(UUID(line["charge_id"]), int(line["gross"])) for line in lines if line.get("charge_id")]
