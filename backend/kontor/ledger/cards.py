"""What is owed on gift cards, what becomes of it, and what is booked off because nobody can claim it any more."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.clock import local_day, midnight
from kontor.core.db import Session
from kontor.giftcards import service
from kontor.giftcards.models import GiftCard, GiftCardMovement, MovementKind
from kontor.invoicing.models import JournalEntry, JournalLine
from kontor.invoicing.posting import GIFT_CARDS, Account
from kontor.ledger import queries
from kontor.orders.models import Order

AT_ONCE = 500
K = MovementKind
_CHANGES = (K.ISSUE, K.REDEEM, K.GIVE_BACK, K.TAKE_BACK, K.EXPIRE)
_SIGNS = {K.ISSUE: 1, K.GIVE_BACK: 1, K.REDEEM: -1, K.TAKE_BACK: -1, K.EXPIRE: -1}


@dataclass(slots=True)
class CardFigures:
    """Cards of a kind in one currency over some days, minor units: what was on them at `opening` and at `closing`, and
    what happened in between, by kind of movement. `cards` were issued.

    `owed` is what the books owe at the end; None for cards that were taxed when they were sold, on which they owe
    nothing. `claimable_until` says of what is left at the end which part can be claimed until the end of which year,
    where the seller lets claims end.
    """

    currency: str
    multi_purpose: bool
    opening: int = 0
    closing: int = 0
    cards: int = 0
    moved: dict[MovementKind, int] = field(default_factory=lambda: dict.fromkeys(_CHANGES, 0))
    owed: int | None = None
    claimable_until: dict[int, int] = field(default_factory=dict)


def first_claimable(today: date, years: int) -> date:
    """The first day from which cards can still be claimed today: claims end so many years after the end of the year of
    the sale, or of the last refund onto the card (in Germany three, § 195, § 199 (1) BGB).

    >>> first_claimable(date(2026, 1, 1), 3)
    datetime.date(2023, 1, 1)
    """
    return date(today.year - years, 1, 1)


async def expire_due(db: Session, entity: LegalEntity, *, now: datetime) -> int:
    """Book off what is free on cards of an entity whose claims have ended, a few hundred at once; how many they were.

    Nothing where the entity does not say after how many years (`gift_card_years`). What is promised to payments stays,
    and is looked at again once it is free.
    """
    years = (await queries.settings_of(db, entity)).gift_card_years
    if years is None:
        return 0
    first = first_claimable(local_day(now, entity.timezone), years)
    back = _last_back()
    since = _since(back)
    due = _of_entity(sa.select(GiftCard.id, since.label("since")), entity).outerjoin(
        back, back.c.card_id == GiftCard.id
    )
    due = due.where(since < midnight(first, entity.timezone), GiftCard.balance > GiftCard.reserved)
    # Most cards are too young by their sale alone: that is looked at first, and has an index.
    due = due.where(GiftCard.issued_at < midnight(first, entity.timezone))
    rows = list(await db.execute(due.order_by(GiftCard.id).limit(AT_ONCE)))
    for card_id, claimed in rows:
        year = local_day(claimed, entity.timezone).year
        reason = f"claims ended {years} years after the end of {year}"
        await service.expire(db, card_id, reason, entity.id)
    return len(rows)


def _last_back(end: datetime | None = None) -> sa.Subquery:
    """When something last came onto cards again (before `end`): a refund gave it back, or a payment did not need it.

    That is a claim of its own, which can be made as long as that of a card sold then.
    """
    row = GiftCardMovement
    again = sa.select(row.card_id, sa.func.max(row.at).label("at"))
    again = again.where(row.kind.in_((K.GIVE_BACK, K.RELEASE)), row.amount > 0)
    if end is not None:
        again = again.where(row.at < end)
    return again.group_by(row.card_id).subquery()


def _since(back: sa.Subquery) -> sa.ColumnElement[datetime]:
    """From when a card's claim counts."""
    return sa.case((back.c.at > GiftCard.issued_at, back.c.at), else_=GiftCard.issued_at)


async def figures_of(db: Session, entity: LegalEntity, since: date, until: date) -> list[CardFigures]:
    """Cards of an entity from a day to a day, both included, by its own clock; one for each currency and kind."""
    start, end = queries.bounds(entity, since, until)
    assert start is not None
    found: dict[tuple[str, bool], CardFigures] = {}
    row = GiftCardMovement
    moves = _of_entity(
        sa.select(
            GiftCard.currency, GiftCard.multi_purpose, row.kind, row.amount, (row.at < start).label("before")
        ).join(row, row.card_id == GiftCard.id),
        entity,
    ).where(row.kind.in_(_CHANGES), row.at < end).subquery()  # fmt: skip
    keys = (moves.c.currency, moves.c.multi_purpose, moves.c.kind, moves.c.before)
    sums = sa.select(*keys, sa.func.sum(moves.c.amount).label("amount"), sa.func.count().label("pieces"))
    for each in await db.execute(sums.group_by(*keys)):
        key = (each.currency, each.multi_purpose)
        figures = found.setdefault(key, CardFigures(*key))
        _count(figures, each.kind, int(each.amount), int(each.pieces), before=bool(each.before))
    await _owed(db, entity, end, found)
    await _claimable(db, entity, until, found)
    return [found[key] for key in sorted(found)]


def _count(figures: CardFigures, kind: MovementKind, amount: int, count: int, *, before: bool) -> None:
    figures.closing += _SIGNS[kind] * amount
    if before:
        figures.opening += _SIGNS[kind] * amount
        return
    figures.moved[kind] += amount
    figures.cards += count if kind is K.ISSUE else 0


async def _owed(db: Session, entity: LegalEntity, end: datetime, found: dict[tuple[str, bool], CardFigures]) -> None:
    """What the books say, from their own rows."""
    booked = await db.execute(
        sa.select(JournalEntry.currency, sa.func.sum(JournalLine.amount))
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(
            JournalEntry.legal_entity_id == entity.id, JournalEntry.posted_at < end,
            JournalLine.account == Account.STORED_VALUE, JournalLine.detail == GIFT_CARDS,
        )
        .group_by(JournalEntry.currency)
    )  # fmt: skip
    sums = {currency: -int(amount) for currency, amount in booked}
    for (currency, multi_purpose), figures in found.items():
        if multi_purpose:
            figures.owed = sums.get(currency, 0)


async def _claimable(db: Session, entity: LegalEntity, until: date, found: dict[tuple[str, bool], CardFigures]) -> None:
    """What is left by the year from whose end on the claim counts, where claims end."""
    years = (await queries.settings_of(db, entity)).gift_card_years
    first = await db.scalar(_of_entity(sa.select(sa.func.min(GiftCard.issued_at)), entity))
    if years is None or first is None:
        return
    row = GiftCardMovement
    end = midnight(until + timedelta(days=1), entity.timezone)
    last = min(until.year, local_day(db.now, entity.timezone).year)
    sold = range(local_day(first, entity.timezone).year, last + 1)
    back = _last_back(end)
    since = _since(back)
    ends = [(since < midnight(date(year + 1, 1, 1), entity.timezone), year) for year in sold]
    signed = sa.case({kind: sign * row.amount for kind, sign in _SIGNS.items()}, value=row.kind, else_=0)
    moves = _of_entity(
        sa.select(
            GiftCard.currency, GiftCard.multi_purpose, sa.case(*ends, else_=last).label("year"),
            signed.label("amount"),
        ).join(row, row.card_id == GiftCard.id),
        entity,
    ).outerjoin(back, back.c.card_id == GiftCard.id).where(row.at < end).subquery()  # fmt: skip
    keys = (moves.c.currency, moves.c.multi_purpose, moves.c.year)
    for currency, multi_purpose, year, left in await db.execute(
        sa.select(*keys, sa.func.sum(moves.c.amount)).group_by(*keys).order_by(*keys)
    ):
        if left:
            found[currency, multi_purpose].claimable_until[int(year) + years] = int(left)


def _of_entity(found: sa.Select, entity: LegalEntity) -> sa.Select:  # type: ignore[type-arg]
    return (
        found.join(Order, Order.id == GiftCard.order_id)
        .join(SalesChannel, SalesChannel.id == Order.channel_id)
        .where(SalesChannel.legal_entity_id == entity.id)
    )
