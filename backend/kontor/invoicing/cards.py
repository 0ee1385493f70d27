"""Gift cards whose sale is undone, and those that are never redeemed: what the books owe on them ends."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core.db import Session, chunks
from kontor.core.sets import any_of
from kontor.fulfillment.models import IssuedCode
from kontor.giftcards import service
from kontor.giftcards.errors import GiftCardNotFound
from kontor.giftcards.models import GiftCard
from kontor.invoicing.build import Line
from kontor.orders.models import Order


async def take_cards_back(db: Session, lines: Iterable[Line]) -> None:
    """Take what is left off the cards that lines of credit notes pay back, and say so in lines of vouchers (`owed`).

    What was redeemed of them stays redeemed: paid back beyond what was left, it is a discount. The orders are locked.
    """
    wanted = [line for line in lines if line.get("order_line_id") and line["pieces"]]
    codes: dict[str, list[str]] = {}
    for part in chunks(sorted({UUID(line["order_line_id"]) for line in wanted})):
        found = sa.select(IssuedCode.order_line_id, IssuedCode.code).where(any_of(IssuedCode.order_line_id, part))
        for line_id, code in await db.execute(found):
            codes.setdefault(str(line_id), []).append(code)
    for line in wanted:
        taken = await _take(db, codes.get(line["order_line_id"], []), line)
        if line.get("voucher"):
            line["owed"] = line["gross"] if taken is None else taken
    for line in lines:
        if line.get("voucher"):
            line.setdefault("owed", 0)  # a part of the price paid back takes nothing off the card


async def _take(db: Session, codes: list[str], line: Line) -> int | None:
    if not codes:
        return None
    return await service.take_back(db, codes, int(line["pieces"]), reference=line["order_line_id"])


async def expire_card(db: Session, card_id: UUID, reason: str) -> GiftCard:
    """Book off what is left on a card; see `giftcards.service.expire` for what it raises."""
    seller = (
        sa.select(SalesChannel.legal_entity_id)
        .join(Order, Order.channel_id == SalesChannel.id)
        .join(GiftCard, GiftCard.order_id == Order.id)
        .where(GiftCard.id == card_id)
    )
    entity_id = await db.scalar(seller)
    if entity_id is None or db.principal.restricted:
        raise GiftCardNotFound("There is no such gift card.", path=("id",))
    return await service.expire(db, card_id, reason, entity_id)
