"""Vouchers out of goodwill: gift cards that pay for anything, owed from the day they are issued."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.claims.events import GoodwillVoucherIssued
from kontor.claims.models import Goodwill
from kontor.claims.states import GoodwillState
from kontor.core.db import Session, in_key_order
from kontor.core.outbox import record
from kontor.fulfillment.codes import new_code
from kontor.giftcards.service import NewCard, card_of_code, issue_cards
from kontor.orders.queries import lock_orders


async def issue_vouchers(db: Session, goodwill_ids: Sequence[UUID], *, now: datetime) -> None:
    """Make the gift cards of granted vouchers, once; what was recalled or issued before is left alone.

    A multi-purpose voucher: nothing is taxed before it pays for something (VAT Directive 2006/112/EC art. 30b (1)).
    """
    found = sa.select(Goodwill).where(Goodwill.id.in_(in_key_order(goodwill_ids))).order_by(Goodwill.id)
    await lock_orders(db, list(await db.scalars(found.with_only_columns(Goodwill.order_id))))
    for given in list(await db.scalars(found.with_for_update().execution_options(populate_existing=True))):
        if given.state is not GoodwillState.GRANTED or given.issued_at is not None:
            continue
        code = new_code()
        card = NewCard(code, given.order_id, given.currency, given.amount, multi_purpose=True)
        await issue_cards(db, [card], now=now)
        made = await card_of_code(db, code)
        assert made is not None
        given.code, given.card_id, given.issued_at = code, made.id, now
        record(
            db,
            GoodwillVoucherIssued(
                stream_id=given.order_id, goodwill_id=given.id, card_id=made.id, amount=given.amount,
                currency=given.currency,
            ),
        )  # fmt: skip
