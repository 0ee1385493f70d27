"""Issue cards, and move what is on them: each under the lock of its card, each instruction once."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.sets import any_of
from kontor.giftcards.errors import CardDeclined, GiftCardNotFound
from kontor.giftcards.events import GiftCardExpired
from kontor.giftcards.models import GiftCard, GiftCardMovement, MovementKind
from kontor.giftcards.values import TaxedAs, Wish

_CARD = (
    "id", "digest", "ending", "order_id", "multi_purpose", "tax_class", "country", "legal_entity_id", "currency",
    "face_value", "balance", "reserved", "blocked_at", "issued_at", "updated_at",
)  # fmt: skip
_MOVEMENT = ("id", "card_id", "kind", "amount", "reservation_id", "idempotency_key", "reference", "at", "by")
K = MovementKind


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card that was sold: its code and face value in minor units; `taxed` is how, where it is single-purpose."""

    code: str
    order_id: UUID
    currency: str
    value: int
    multi_purpose: bool
    taxed: TaxedAs | None = None


def digest_of(code: str) -> str:
    """What is kept of a code; 75 random bits need no salt."""
    return hashlib.sha256(_plain(code).encode()).hexdigest()


def _plain(code: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", code.upper())


async def issue_cards(db: Session, cards: Sequence[NewCard], *, now: datetime) -> None:
    """Put face values on cards whose codes have just been given out."""
    rows, movements = [], []
    for card in cards:
        card_id = new_id()
        rows.append(
            (card_id, digest_of(card.code), _plain(card.code)[-4:], card.order_id, card.multi_purpose,
             *(card.taxed or (None, None, None)), card.currency, card.value, card.value, 0, None, now, now)
        )  # fmt: skip
        movements.append((new_id(), card_id, K.ISSUE, card.value, None, None, str(card.order_id), now, db.by))
    await db.bulk_insert(GiftCard, _CARD, rows)
    await db.bulk_insert(GiftCardMovement, _MOVEMENT, movements)


async def reserve(db: Session, code: str, wish: Wish) -> GiftCardMovement:
    """Block a part of a card for a payment; raises `CardDeclined`."""
    card = await db.scalar(_locked(GiftCard.digest == digest_of(code)))
    if card is None:
        raise CardDeclined("There is no such gift card.", reason="UNKNOWN_CARD")
    if (done := await movement_of(db, wish.key)) is not None:
        return done
    if card.blocked_at is not None:
        raise CardDeclined("The gift card is blocked.", reason="BLOCKED")
    if not card.multi_purpose and not (wish.taxed and card.tax_class):
        raise CardDeclined(
            "The gift card was taxed when it was sold and pays as a voucher only.", reason="SINGLE_PURPOSE"
        )
    if card.multi_purpose and wish.taxed:
        raise CardDeclined("The gift card is no voucher that was taxed when it was sold.", reason="MULTI_PURPOSE")
    if card.currency != wish.currency:
        raise CardDeclined("The gift card is of another currency.", reason="OTHER_CURRENCY")
    if card.balance - card.reserved < wish.amount:
        raise CardDeclined("There is less on the gift card.", reason="INSUFFICIENT")
    card.reserved += wish.amount
    return _move(db, card, K.RESERVE, wish)


async def redeem(db: Session, reservation_id: UUID, wish: Wish, *, final: bool) -> GiftCardMovement:
    """Take what was reserved; `final` frees the rest. Raises `CardDeclined` where less is reserved."""
    card = await _of_reservation(db, reservation_id)
    if (done := await movement_of(db, wish.key)) is not None:
        return done
    rest = await _left(db, reservation_id)
    if wish.amount > rest:
        raise CardDeclined("Less is reserved on the gift card.", reason="INSUFFICIENT")
    card.balance -= wish.amount
    card.reserved -= wish.amount
    taken = _move(db, card, K.REDEEM, wish, reservation_id)
    if final and rest > wish.amount:
        card.reserved -= rest - wish.amount
        _move(db, card, K.RELEASE, Wish("", wish.reference, rest - wish.amount, wish.currency), reservation_id)
    return taken


async def release(db: Session, reservation_id: UUID, wish: Wish) -> GiftCardMovement:
    """Free what is still reserved, whatever amount is wished; nothing left is a release of nothing."""
    card = await _of_reservation(db, reservation_id)
    if (done := await movement_of(db, wish.key)) is not None:
        return done
    rest = await _left(db, reservation_id)
    card.reserved -= rest
    return _move(db, card, K.RELEASE, Wish(wish.key, wish.reference, rest, wish.currency), reservation_id)


async def give_back(db: Session, reservation_id: UUID, wish: Wish) -> GiftCardMovement:
    """Put back what was redeemed, on a blocked card too; raises `CardDeclined` where less was redeemed."""
    card = await _of_reservation(db, reservation_id)
    if (done := await movement_of(db, wish.key)) is not None:
        return done
    sums = await _sums(db, reservation_id)
    if wish.amount > sums.get(K.REDEEM, 0) - sums.get(K.GIVE_BACK, 0):
        raise CardDeclined("Less was redeemed of the gift card.", reason="INSUFFICIENT")
    card.balance += wish.amount
    return _move(db, card, K.GIVE_BACK, wish, reservation_id)


async def take_back(db: Session, codes: Iterable[str], count: int, *, reference: str) -> int | None:
    """Take what is free off `count` of the cards with these codes, the fullest first: their price is paid back.

    Answers with what came off cards that pay for things, minor units; None where no card is kept here. What is reserved
    stays, as it was promised; such a card is blocked, so that what is released of it pays for nothing else.
    """
    cards: list[GiftCard] = []
    for part in chunks(sorted({digest_of(code) for code in codes})):
        cards += await db.scalars(_locked(any_of(GiftCard.digest, part)).order_by(GiftCard.id))
    taken = 0
    for card in sorted(cards, key=_free, reverse=True)[:count]:
        made = _take_off(db, card, K.TAKE_BACK, reference)
        taken += made.amount if card.multi_purpose else 0
        if card.reserved and card.blocked_at is None:
            card.blocked_at = db.now
    return taken if cards else None


async def expire(db: Session, card_id: UUID, reason: str, legal_entity_id: UUID) -> GiftCard:
    """Take what is free off a card whose claim cannot be made any more; a second time there is nothing to take.

    Raises `GiftCardNotFound`, and `InvalidInput` without a reason.
    """
    if not 1 <= len(reason.strip()) <= 120:
        raise InvalidInput("1 to 120 characters.", code="INVALID_REASON", path=("reason",))
    card = await db.scalar(_locked(GiftCard.id == card_id))
    if card is None:
        raise GiftCardNotFound("There is no such gift card.", path=("id",))
    if amount := _free(card):
        movement_id = _take_off(db, card, K.EXPIRE, reason.strip()).id
        if card.multi_purpose:
            expired = GiftCardExpired(
                stream_id=card.id, legal_entity_id=legal_entity_id, order_id=card.order_id, movement_id=movement_id,
                amount=amount, currency=card.currency,
            )  # fmt: skip
            record(db, expired)
    return card


def _free(card: GiftCard) -> int:
    return card.balance - card.reserved


def _take_off(db: Session, card: GiftCard, kind: MovementKind, reference: str) -> GiftCardMovement:
    amount = _free(card)
    card.balance -= amount
    return _move(db, card, kind, Wish("", reference, amount, card.currency))


async def set_blocked(db: Session, card_id: UUID, *, blocked: bool, now: datetime) -> GiftCard:
    """Block a card, so that nothing new is reserved on it, or take that back; raises `GiftCardNotFound`."""
    card = await db.scalar(_locked(GiftCard.id == card_id))
    if card is None:
        raise GiftCardNotFound("There is no such gift card.", path=("id",))
    if (card.blocked_at is not None) is not blocked:
        card.blocked_at, card.updated_at = now if blocked else None, now
    return card


async def movement_of(db: Session, key: str) -> GiftCardMovement | None:
    """What was done under an idempotency key."""
    return await db.scalar(sa.select(GiftCardMovement).where(GiftCardMovement.idempotency_key == key))


def _locked(condition: sa.ColumnElement[bool]) -> sa.Select[GiftCard]:
    return sa.select(GiftCard).where(condition).with_for_update().execution_options(populate_existing=True)


async def _of_reservation(db: Session, reservation_id: UUID) -> GiftCard:
    reserved = sa.select(GiftCardMovement.card_id).where(
        GiftCardMovement.id == reservation_id, GiftCardMovement.kind == K.RESERVE
    )
    card = await db.scalar(_locked(GiftCard.id == reserved.scalar_subquery()))
    if card is None:
        raise CardDeclined("Nothing was reserved on a gift card.", reason="UNKNOWN_CARD")
    return card


async def _left(db: Session, reservation_id: UUID) -> int:
    sums = await _sums(db, reservation_id)
    blocked = await db.scalar(sa.select(GiftCardMovement.amount).where(GiftCardMovement.id == reservation_id)) or 0
    return blocked - sums.get(K.REDEEM, 0) - sums.get(K.RELEASE, 0)


async def _sums(db: Session, reservation_id: UUID) -> dict[MovementKind, int]:
    rows = await db.execute(
        sa.select(GiftCardMovement.kind, sa.func.sum(GiftCardMovement.amount))
        .where(GiftCardMovement.reservation_id == reservation_id)
        .group_by(GiftCardMovement.kind)
    )
    return {kind: int(amount) for kind, amount in rows}


def _move(
    db: Session, card: GiftCard, kind: MovementKind, wish: Wish, reservation_id: UUID | None = None
) -> GiftCardMovement:
    card.updated_at = db.now
    made = GiftCardMovement(
        id=new_id(), card_id=card.id, kind=kind, amount=wish.amount, reservation_id=reservation_id,
        idempotency_key=wish.key or None, reference=wish.reference, at=db.now, by=db.by,
    )  # fmt: skip
    db.add(made)
    return made


async def card_of_code(db: Session, code: str) -> GiftCard | None:
    """The card of a code, whatever spaces or hyphens it was typed with."""
    found: GiftCard | None = await db.scalar(sa.select(GiftCard).where(GiftCard.digest == digest_of(code)))
    return found


async def taxed_cards(db: Session, codes: Iterable[str]) -> dict[str, GiftCard]:
    """Cards that were taxed when they were sold, by the code as it was given."""
    digests = {code: digest_of(code) for code in codes}
    found: dict[str, GiftCard] = {}
    for part in chunks(sorted(set(digests.values()))):
        cards = sa.select(GiftCard).where(any_of(GiftCard.digest, part), sa.not_(GiftCard.multi_purpose))
        found.update({card.digest: card for card in await db.scalars(cards)})
    return {code: found[digest] for code, digest in digests.items() if digest in found}


async def unknown_codes(db: Session, codes: Iterable[str]) -> set[str]:
    """Those of the codes that no card has, as they were given."""
    digests = {code: digest_of(code) for code in codes}
    known: set[str] = set()
    for part in chunks(sorted(set(digests.values()))):
        known.update(await db.scalars(sa.select(GiftCard.digest).where(any_of(GiftCard.digest, part))))
    return {code for code, digest in digests.items() if digest not in known}
