"""Gift cards that were sold: what is left on them, and blocking them."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql import guessing
from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.master_rows import Given
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_types import money
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long, Money
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.giftcards import queries, service
from kontor.giftcards.models import GiftCard as GiftCardRow
from kontor.giftcards.models import MovementKind
from kontor.invoicing.cards import expire_card
from kontor.ledger.cards import CardFigures, figures_of
from kontor.ledger.queries import get_entity


@strawberry.type(
    description="A gift card. balance is what has not been redeemed, reserved of it what is promised to payments. Of "
    "its code only the ending is known. Cards that are not multiPurpose were taxed when they were sold: they pay, as "
    "the method VOUCHER, for goods of their taxClass in their country; sold before these were kept, they pay nothing."
)
class GiftCard:
    id: UUID
    ending: str
    order_id: UUID
    multi_purpose: bool
    tax_class: str | None
    country: str | None
    face_value: Money
    balance: Money
    reserved: Money
    blocked_at: datetime | None
    issued_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> GiftCard:
        """As the API shows it."""
        plain = ("id", "ending", "order_id", "multi_purpose", "tax_class", "country", "blocked_at", "issued_at",
                 "updated_at")  # fmt: skip
        amounts: dict[str, Any] = {
            name: money(getattr(row, name), row.currency) for name in ("face_value", "balance", "reserved")
        }
        return cls(**{name: getattr(row, name) for name in plain}, **amounts)


@strawberry.type(
    description="What a card can still pay. With a taxClass it was taxed when it was sold: it pays as the method "
    "VOUCHER, and only for orders of nothing but goods of that class that are supplied in that country. Else it pays "
    "as GIFT_CARD, for anything."
)
class GiftCardBalance:
    available: Money
    blocked: bool
    tax_class: str | None
    country: str | None


@strawberry.type(description="What can be claimed until the end of a year.")
class GiftCardsClaimable:
    year: int
    amount: Long


@strawberry.type(
    description="Gift cards of a kind in one currency over some days, minor units. opening + issued + givenBack - "
    "redeemed - takenBack - expired = closing."
)
class GiftCardFigures:
    currency: str
    multi_purpose: bool
    opening: Long
    cards: int = strawberry.field(description="How many were issued.")
    issued: Long
    redeemed: Long
    given_back: Long
    taken_back: Long = strawberry.field(description="Taken off because the card itself was paid back.")
    expired: Long = strawberry.field(description="Booked off, as nobody can claim it any more.")
    closing: Long
    owed: Long | None = strawberry.field(
        description="What the books owe at the end; null for cards that were taxed when they were sold."
    )
    claimable_until: list[GiftCardsClaimable] = strawberry.field(
        description="What is left by the year in which claims end; empty where they never do."
    )

    @classmethod
    def of(cls, row: CardFigures) -> GiftCardFigures:
        """As the API shows it."""
        names = {
            "issued": MovementKind.ISSUE, "redeemed": MovementKind.REDEEM, "given_back": MovementKind.GIVE_BACK,
            "taken_back": MovementKind.TAKE_BACK, "expired": MovementKind.EXPIRE,
        }  # fmt: skip
        left = [
            GiftCardsClaimable(year=year, amount=Long(amount)) for year, amount in sorted(row.claimable_until.items())
        ]
        return cls(
            currency=row.currency, multi_purpose=row.multi_purpose, opening=Long(row.opening), cards=row.cards,
            closing=Long(row.closing), owed=None if row.owed is None else Long(row.owed), claimable_until=left,
            **{name: Long(row.moved[kind]) for name, kind in names.items()},
        )  # fmt: skip


@strawberry.input(description="`endings` are the last four characters of codes.")
class GiftCardsFilter(Given):
    order_ids: list[UUID] | None = UNSET
    endings: list[str] | None = UNSET
    blocked: bool | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.enum
class GiftCardsSort(Enum):
    ISSUED_AT = "ISSUED_AT"
    ISSUED_AT_DESC = "ISSUED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.type
class GiftCardsQuery:
    @strawberry.field(
        extensions=[requires(Permission.PAYMENTS_READ)],
        description="Cards that were sold; who sees a part of the company only sees none.",
    )
    async def gift_cards(
        self,
        info: Info,
        filter: GiftCardsFilter | None = None,
        sort: GiftCardsSort = GiftCardsSort.ISSUED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[GiftCard]:
        wanted = queries.GiftCardFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_gift_cards(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, GiftCard.of)

    @strawberry.field(
        extensions=[requires(Permission.ORDERS_PLACE)],
        description="What the card of a code can pay; none when there is no such card. Codes of no card are counted: "
        "after 30 in a minute nothing is answered any more.",
    )
    async def gift_card_balance(self, info: Info, code: str) -> GiftCardBalance | None:
        context = info.context
        async with context.runtime.database.read_only(context.principal) as db:
            card = await service.card_of_code(db, code[:200])
        await guessing.count_cards(info, int(card is None))
        if card is None or not (card.multi_purpose or card.tax_class):
            return None
        free = 0 if card.blocked_at is not None else card.balance - card.reserved
        return GiftCardBalance(
            available=money(free, card.currency), blocked=card.blocked_at is not None, tax_class=card.tax_class,
            country=card.country,
        )  # fmt: skip

    @strawberry.field(
        extensions=[requires(Permission.JOURNAL_READ)],
        description="What became of a legal entity's gift cards from a day to a day, both included, and what the books "
        "owe on them.",
    )
    async def gift_card_figures(
        self, info: Info, legal_entity_id: UUID, since: date, until: date
    ) -> list[GiftCardFigures]:
        if since > until:
            raise InvalidInput("The first day is after the last.", code="INVALID_PERIOD", path=("since",))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            entity = await get_entity(db, legal_entity_id, db.principal)
            return [GiftCardFigures.of(each) for each in await figures_of(db, entity, since, until)]


@strawberry.type
class GiftCardBlocked:
    gift_card: GiftCard


@strawberry.type
class GiftCardWrittenOff:
    gift_card: GiftCard


GiftCardResult = Annotated[GiftCardBlocked | Refusal, strawberry.union("GiftCardResult")]


ExpireGiftCardResult = Annotated[GiftCardWrittenOff | Refusal, strawberry.union("ExpireGiftCardResult")]


async def _expired_again(db: Session, ids: list[UUID]) -> GiftCardWrittenOff:
    return GiftCardWrittenOff(gift_card=GiftCard.of(await db.get_one(GiftCardRow, ids[0])))


async def _again(db: Session, ids: list[UUID]) -> GiftCardBlocked:
    return GiftCardBlocked(gift_card=GiftCard.of(await db.get_one(GiftCardRow, ids[0])))


@strawberry.type
class GiftCardsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.PAYMENTS_WRITE)],
        description="Block a card, so that it promises nothing new, or take that back. What it has promised it pays.",
    )
    async def block_gift_card(self, info: Info, id: UUID, blocked: bool = True) -> GiftCardResult:
        async def work(db: Session) -> GiftCardBlocked:
            row = await service.set_blocked(db, id, blocked=blocked, now=db.now)
            return GiftCardBlocked(gift_card=GiftCard.of(row))

        return await change(
            info,
            work,
            body=[str(id), blocked],
            again=_again,
            targets=lambda done: [("gift_card", done.gift_card.id)],
            details={"blocked": blocked},
        )

    @strawberry.mutation(
        extensions=[requires(Permission.LEDGER_WRITE)],
        description="Book off what is left on a card because nobody can claim it any more (in Germany three years "
        "after the end of the year of its sale). What is promised to payments stays.",
    )
    async def expire_gift_card(self, info: Info, id: UUID, reason: str) -> ExpireGiftCardResult:
        async def work(db: Session) -> GiftCardWrittenOff:
            return GiftCardWrittenOff(gift_card=GiftCard.of(await expire_card(db, id, reason)))

        return await change(
            info,
            work,
            body=[str(id), reason],
            again=_expired_again,
            targets=lambda done: [("gift_card", done.gift_card.id)],
            details={"reason": reason},
        )
