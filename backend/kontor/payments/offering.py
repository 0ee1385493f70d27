"""The methods a channel offers, kept as a list in the order customers see them."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.payments.methods import MethodRule, check_rules, offered
from kontor.payments.models import PaymentMethod

__all__ = ["MethodRule", "methods_by_code", "methods_of", "offered", "save_methods"]

MOST_ROWS = 500


async def save_methods(db: Session, channel: SalesChannel, rules: Sequence[MethodRule]) -> None:
    """Put these rules in place of all a channel has; none at all opens it for every method it names.

    Orders that are placed keep their payments. Raises `InvalidInput` naming row and field.
    """
    if len(rules) > MOST_ROWS:
        raise InvalidInput(f"At most {MOST_ROWS}.", code="TOO_MANY_ROWS", path=(), max=MOST_ROWS)
    check_rules(rules)
    await db.execute(sa.select(SalesChannel.id).where(SalesChannel.id == channel.id).with_for_update())
    await db.execute(sa.delete(PaymentMethod).where(PaymentMethod.channel_id == channel.id))
    db.add_all(
        PaymentMethod(
            id=new_id(), channel_id=channel.id, position=position, kind=rule.kind, country=rule.country,
            minimum=rule.minimum, maximum=rule.maximum, active=rule.active, changed_at=db.now, changed_by=db.by,
        )
        for position, rule in enumerate(rules, 1)
    )  # fmt: skip
    await db.flush()


async def methods_of(db: Session, channel_ids: Iterable[UUID]) -> Mapping[UUID, list[MethodRule]]:
    """The rules of channels in their order; a channel without any is missing."""
    return await _read(db, PaymentMethod.channel_id.in_(sorted(set(channel_ids))))


async def methods_by_code(db: Session, codes: Iterable[str]) -> Mapping[UUID, list[MethodRule]]:
    """The same for channels by their codes."""
    named = sa.select(SalesChannel.id).where(SalesChannel.code.in_(sorted(set(codes))))
    return await _read(db, PaymentMethod.channel_id.in_(named))


async def _read(db: Session, wanted: sa.ColumnElement[bool]) -> Mapping[UUID, list[MethodRule]]:
    found = sa.select(PaymentMethod).where(wanted).order_by(PaymentMethod.channel_id, PaymentMethod.position)
    rules: dict[UUID, list[MethodRule]] = {}
    for row in await db.scalars(found):
        rule = MethodRule(row.kind, row.country, row.minimum, row.maximum, row.active)
        rules.setdefault(row.channel_id, []).append(rule)
    return rules
