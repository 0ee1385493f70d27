"""The limits of goodwill as an administrator keeps them, and what of them somebody has used up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.auth.models import User
from kontor.auth.permissions import Permission, Role, of_role
from kontor.channels.models import SalesChannel
from kontor.channels.queries import time_zone_of
from kontor.claims.allowance import Allowance, Limit
from kontor.claims.errors import InvalidGoodwill, LimitsMoved
from kontor.claims.models import Goodwill, GoodwillLimit
from kontor.claims.states import GoodwillState
from kontor.core.clock import local_day, midnight
from kontor.core.db import Session
from kontor.core.principal import PrincipalKind
from kontor.orders.models import Order
from kontor.payments.charges import BY_HAND
from kontor.payments.models import Refund
from kontor.payments.states import RefundState

GIVEN = (GoodwillState.AWAITING_APPROVAL, GoodwillState.GRANTED)
MOST = 10**12
NOTHING = Limit(0, 0)


@dataclass(frozen=True, slots=True)
class LimitRow:
    """What a role may grant in a currency, minor units."""

    role: str
    currency: str
    per_order: int
    per_day: int


async def limits_of(db: Session) -> Sequence[GoodwillLimit]:
    """All limits, by role and currency."""
    return list(await db.scalars(sa.select(GoodwillLimit).order_by(GoodwillLimit.role, GoodwillLimit.currency)))


async def save_limits(
    db: Session, wanted: Sequence[LimitRow], *, before: Sequence[LimitRow] | None = None
) -> Sequence[GoodwillLimit]:
    """Put these limits in place of all there are. A role that may grant goodwill and has none in any currency is not
    limited. What stays as it is keeps who set it.

    Raises `InvalidGoodwill` naming the row and field, and `LimitsMoved` when they are no longer as the caller saw them
    (`before`).
    """
    _check(wanted)
    await db.execute(sa.select(GoodwillLimit.role).with_for_update())
    rows = await limits_of(db)
    if before is not None and set(before) != set(map(_as_given, rows)):
        raise _moved(rows)
    given = {(each.role, each.currency): each for each in wanted}
    for row in rows:
        if _as_given(row) != given.get((row.role, row.currency)):
            await db.delete(row)
    await db.flush()
    db.add_all(
        GoodwillLimit(
            role=each.role, currency=each.currency, per_order=each.per_order, per_day=each.per_day, changed_at=db.now,
            changed_by=db.by,
        )
        for each in wanted
        if each not in map(_as_given, rows)
    )  # fmt: skip
    await db.flush()
    return await limits_of(db)


def _as_given(row: GoodwillLimit) -> LimitRow:
    return LimitRow(row.role, row.currency, row.per_order, row.per_day)


def _moved(rows: Sequence[GoodwillLimit]) -> LimitsMoved:
    latest = max(rows, key=lambda row: row.changed_at, default=None)
    told = {} if latest is None else {"by": latest.changed_by, "at": latest.changed_at.isoformat()}
    return LimitsMoved("Somebody has changed the limits meanwhile.", path=("before",), **told)


def _check(wanted: Iterable[LimitRow]) -> None:
    granting = sorted(role.value for role in Role if Permission.GOODWILL_WRITE in of_role(role))
    seen: set[tuple[str, str]] = set()
    for index, row in enumerate(wanted):
        if row.role not in granting:
            raise InvalidGoodwill(
                "This role grants no goodwill.", path=("limits", index, "role"), code="GOODWILL_ROLE", allowed=granting
            )
        if not (len(row.currency) == 3 and row.currency.isascii() and row.currency.isupper()):
            raise InvalidGoodwill("Three capital letters (ISO 4217).", path=("limits", index, "currency"))
        if (row.role, row.currency) in seen:
            raise InvalidGoodwill("A role is named once per currency.", path=("limits", index, "role"))
        seen.add((row.role, row.currency))
        for name, amount in (("perOrder", row.per_order), ("perDay", row.per_day)):
            if not 0 <= amount <= MOST:
                raise InvalidGoodwill("Zero or more.", path=("limits", index, name), code="INVALID_AMOUNT")
        if row.per_day < row.per_order:
            raise InvalidGoodwill(
                "A day allows no less than one order.",
                path=("limits", index, "perDay"),
                code="GOODWILL_DAY_BELOW_ORDER",
            )


async def allowance_of(db: Session, order: Order) -> Allowance:
    """What the principal of the session may still grant on an order alone.

    People are held to the limit of their role, machines and roles without one to none. A role that is limited in one
    currency grants nothing alone in those it has no row for.
    """
    on_order = await given_on(db, order.id)
    principal = db.principal
    if principal.kind is not PrincipalKind.USER or principal.id is None:
        return Allowance(on_order=on_order)
    role = await db.scalar(sa.select(User.role).where(User.id == principal.id))
    found = sa.select(GoodwillLimit).where(GoodwillLimit.role == str(role), GoodwillLimit.currency == order.currency)
    row = await db.scalar(found)
    if row is None:
        limited = await db.scalar(sa.select(GoodwillLimit.role).where(GoodwillLimit.role == str(role)).limit(1))
        return Allowance(None if limited is None else NOTHING, on_order=on_order)
    channel = await db.get_one(SalesChannel, order.channel_id)
    zone = await time_zone_of(db, channel)
    today = await _granted_since(db, principal.id, order.currency, midnight(local_day(db.now, zone), zone))
    return Allowance(Limit(row.per_order, row.per_day), on_order, today)


async def above_by_hand(db: Session, order: Order, amount: int) -> bool:
    """Whether money given back by hand for nothing that stands for it is above the principal's limit for an order.

    What was given back so before counts like goodwill; who may approve refunds needs nobody else.
    """
    own = await allowance_of(db, order)
    if own.left is None or db.principal.may(Permission.REFUNDS_APPROVE):
        return False
    found = sa.select(sa.func.coalesce(sa.func.sum(Refund.amount), 0)).where(
        Refund.order_id == order.id, Refund.source_key.startswith(BY_HAND), Refund.state != RefundState.CANCELED
    )
    return amount + int(await db.scalar(found) or 0) > own.left


async def lock_person(db: Session) -> None:
    """Let the person of the session grant one thing after the other. Orders are locked before."""
    if db.principal.kind is PrincipalKind.USER and db.principal.id is not None:
        await db.execute(sa.select(User.id).where(User.id == db.principal.id).with_for_update())


async def given_on(db: Session, order_id: UUID, form: str | None = None) -> int:
    """What an order was given out of goodwill, or is to be once it is approved; of one form, or of all."""
    found = sa.select(sa.func.coalesce(sa.func.sum(Goodwill.amount), 0)).where(
        Goodwill.order_id == order_id, Goodwill.state.in_(GIVEN)
    )
    if form is not None:
        found = found.where(Goodwill.form == form)
    return int(await db.scalar(found) or 0)


async def _granted_since(db: Session, person_id: UUID, currency: str, since: datetime) -> int:
    found = sa.select(sa.func.coalesce(sa.func.sum(Goodwill.amount), 0)).where(
        Goodwill.granted_by_id == person_id, Goodwill.granted_at >= since, Goodwill.currency == currency,
        Goodwill.state == GoodwillState.GRANTED,
    )  # fmt: skip
    return int(await db.scalar(found) or 0)
