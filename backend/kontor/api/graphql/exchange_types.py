"""What is wished of an exchange, and what exchanges and their previews are shown as."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Context
from kontor.api.graphql.order_change_types import ChangeAmounts, ChangeMessage, ChangePaymentMethod, ChangeSending
from kontor.api.graphql.order_types import Order, money
from kontor.api.graphql.relations import Rows, children
from kontor.api.graphql.scalars import Money
from kontor.api.graphql.shown import Made, Shown, made
from kontor.core.errors import InvalidInput
from kontor.exchanges import queries
from kontor.exchanges.models import ExchangeLine as LineRow
from kontor.exchanges.states import ExchangeState, ExchangeWay
from kontor.exchanges.values import ExchangedLine, ExchangePreview, ExchangeWish, PiecesWish
from kontor.returns.states import ReturnReason

MOST = 200
for _states in (ExchangeState, ExchangeWay):
    strawberry.enum(_states)


@strawberry.type(description="Pieces of an order line that come back, and the article for them.")
class ExchangeLine:
    id: UUID
    order_line_id: UUID
    quantity: int
    sku: str = strawberry.field(description="The article that is given.")
    name: str
    given: int = strawberry.field(description="Pieces of it that were added to the order so far.")
    added_line_ids: list[UUID]

    @classmethod
    def of(cls, row: Any) -> ExchangeLine:
        """As the API shows it."""
        return cls(
            id=row.id, order_line_id=row.order_line_id, quantity=row.quantity, sku=row.sku, name=row.name,
            given=row.given, added_line_ids=[UUID(each) for each in row.added],
        )  # fmt: skip


@strawberry.type(description="Other goods for some that left; the return brings those back.")
class Exchange(Shown):
    MADE: ClassVar[Mapping[str, Made]] = {
        "asked": made("asked", "currency")(lambda shown: money(shown.row.asked, shown.row.currency))
    }
    id: UUID
    number: str
    order_id: UUID
    state: ExchangeState
    way: ExchangeWay
    replacement: bool = strawberry.field(description="For nothing, whatever the article costs.")
    reason: ReturnReason
    note: str
    return_id: UUID
    payment_id: UUID | None = strawberry.field(description="What was asked for goods that did not come back.")
    asked: Money = strawberry.field(description="What was to be paid for goods that did not come back.")
    due_at: datetime | None = strawberry.field(description="Until when goods are expected after the new ones.")
    overdue_at: datetime | None
    fulfilled_at: datetime | None
    received_at: datetime | None
    code: str | None = strawberry.field(
        description="Why it was canceled: NOT_RETURNED, NOT_ACCEPTED, OUT_OF_STOCK, DECLINED, WITHDRAWN or "
        "LINES_CANCELED, or what kept its article from being added."
    )
    decision: str | None = strawberry.field(description="Why, in somebody's words.")
    requested_at: datetime
    updated_at: datetime

    @children(LineRow.exchange_id)
    def lines(self, rows: Rows, context: Context) -> list[ExchangeLine]:
        return [ExchangeLine.of(row) for row in rows]


@strawberry.input(description="All conditions hold together.")
class ExchangesFilter:
    state: list[ExchangeState] | None = None
    way: list[ExchangeWay] | None = None
    order_id: UUID | None = None
    overdue: bool | None = None
    requested_from: datetime | None = None
    requested_until: datetime | None = None
    changed_since: datetime | None = None

    def value(self) -> queries.ExchangeFilter:
        """As the domain takes it."""
        return queries.ExchangeFilter(**vars(self))


@strawberry.enum
class ExchangesSort(Enum):
    REQUESTED_AT = "REQUESTED_AT"
    REQUESTED_AT_DESC = "REQUESTED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="So many pieces of an order line come back, for the article `sku`.")
class ExchangedPiecesInput:
    order_line_id: UUID
    quantity: int
    sku: str


@strawberry.input(description="A replacement is for nothing; it, and any way but AFTER_RETURN, takes refunds:write.")
class ExchangeInput:
    order_id: UUID
    lines: list[ExchangedPiecesInput]
    way: ExchangeWay = ExchangeWay.AFTER_RETURN
    reason: ReturnReason = ReturnReason.TOO_SMALL
    note: str = ""
    replacement: bool = False
    location_id: UUID | None = None
    note_to_customer: str | None = strawberry.field(
        default=None, description="A personal sentence in the message that tells of it (`care:write`)."
    )

    def read(self) -> ExchangeWish:
        """As the domain takes it; raises `InvalidInput` for more than 200 lines."""
        if len(self.lines) > MOST:
            raise InvalidInput(f"At most {MOST}.", code="INVALID_LINES", path=("lines",), max=MOST)
        pieces = tuple(PiecesWish(each.order_line_id, each.quantity, each.sku) for each in self.lines)
        return ExchangeWish(pieces, self.way, self.reason, self.note, self.replacement, self.location_id)

    def as_json(self) -> dict[str, Any]:
        """All of it, to know the same wish again."""
        lines = [[str(each.order_line_id), each.quantity, each.sku] for each in self.lines]
        place = str(self.location_id or "")
        return {**vars(self), "order_id": str(self.order_id), "location_id": place, "lines": lines}


@strawberry.type(description="What comes back with its worth, and what is given for it at what cost.")
class ExchangePreviewLine:
    order_line_id: UUID
    sku: str
    name: str
    new_sku: str
    new_name: str
    quantity: int
    worth: ChangeAmounts
    cost: ChangeAmounts
    same_price: bool = strawberry.field(description="The new pieces cost what the others are worth.")
    sendings: list[ChangeSending]
    missing: int

    @classmethod
    def of(cls, line: ExchangedLine, currency: str) -> ExchangePreviewLine:
        """As the API shows it."""
        return cls(
            order_line_id=line.order_line_id, sku=line.sku, name=line.name, new_sku=line.new_sku,
            new_name=line.new_name, quantity=line.quantity, worth=ChangeAmounts.of(line.worth, currency),
            cost=ChangeAmounts.of(line.cost, currency), same_price=line.same_price,
            sendings=[ChangeSending.of(each) for each in line.sendings], missing=line.missing,
        )  # fmt: skip


@strawberry.type(
    description="Everything an exchange comes to when all its pieces are accepted; nothing is written. The token "
    "stands for all of it."
)
class ExchangePreviewed:
    order_id: UUID
    token: str
    way: ExchangeWay
    lines: list[ExchangePreviewLine]
    credited: Money = strawberry.field(description="What the credit note says.")
    cost: Money = strawberry.field(description="What the new articles cost.")
    kept: Money = strawberry.field(description="What of the credited amount pays for the new articles.")
    refund: Money = strawberry.field(description="What goes back.")
    fee: Money = strawberry.field(description="The channel's return fee, kept.")
    to_pay: Money = strawberry.field(description="What the new articles cost beyond that.")
    method: ChangePaymentMethod | None = strawberry.field(description="How that is asked for; open without one.")
    arrives_on: date | None = strawberry.field(description="When the new pieces arrive if they leave today.")
    due_at: datetime | None
    held_until: datetime | None = strawberry.field(description="Until when stock is kept for the customer.")
    messages: list[ChangeMessage]

    @classmethod
    def of(cls, preview: ExchangePreview, told: list[tuple[str, str, str]]) -> ExchangePreviewed:
        """As the API shows it."""
        shown, asked_by = preview.currency, preview.difference.method
        return cls(
            order_id=preview.order_id, token=preview.token, way=preview.way,
            lines=[ExchangePreviewLine.of(line, shown) for line in preview.lines],
            credited=money(preview.credited, shown), cost=money(preview.cost, shown), kept=money(preview.kept, shown),
            refund=money(preview.refund, shown), fee=money(preview.fee, shown),
            to_pay=money(preview.difference.to_pay, shown),
            method=None if asked_by is None else ChangePaymentMethod(kind=asked_by.kind, label=asked_by.label),
            arrives_on=preview.arrives_on, due_at=preview.due_at, held_until=preview.held_until,
            messages=[ChangeMessage(template=name, subject=subject, text=text) for name, subject, text in told],
        )  # fmt: skip


@strawberry.type
class ExchangeChanged:
    exchange: Exchange
    order: Order


@strawberry.type(description="Something has moved since the preview: which parts, and the fresh one.")
class ExchangeStale:
    code: str
    message: str
    moved: list[str]
    preview: ExchangePreviewed
