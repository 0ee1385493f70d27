"""What an exchange comes to: the goods that come back, the articles for them, the money. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import ProductKind, ProductVariant
from kontor.changes.adding import check_addable, check_deliverable, new_rows
from kontor.changes.money import plan_difference
from kontor.changes.placing import Sourcing, check_promised, plan_pieces
from kontor.changes.pricing import NewLine, PriceSource, price_added
from kontor.changes.tokens import LENGTH, digest
from kontor.changes.values import Amounts
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.errors import Path
from kontor.exchanges.errors import InvalidExchange
from kontor.exchanges.states import ExchangeWay
from kontor.exchanges.values import ExchangedLine, ExchangePreview, ExchangeWish
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderLine
from kontor.orders.totals import PricedLine
from kontor.payments.covering import Standing, standing
from kontor.payments.refund_due import COLLECTED_NO_MORE
from kontor.payments.vouchers import check_changed
from kontor.returns.labels import label_days
from kontor.returns.service import Announcement, ReturnWish
from kontor.returns.values import RefundDue
from kontor.returns.writing_off import preview_return

W = ExchangeWay
MOST_LINES = 200
ADVANCE_DAYS = 14
AGREED_MESSAGE = "exchange_agreed"


@dataclass(frozen=True, slots=True)
class NewGoods:
    """A line to add for pieces of another, priced; `same_price` when it costs what those are worth."""

    line: OrderLine
    new: NewLine
    priced: PricedLine
    same_price: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A preview with what booking it needs."""

    preview: ExchangePreview
    goods: tuple[NewGoods, ...]
    lines: tuple[OrderLine, ...]
    rows: tuple[OrderLine, ...]
    sourcing: Sourcing

    @property
    def news(self) -> list[NewLine]:
        """What is to be added, in the order it was wished."""
        return list({each.priced.input_index: each.new for each in self.goods}.values())


def announcement_of(order: Order, wish: ExchangeWish) -> Announcement:
    """The return that brings, or only counts, the goods back."""
    wishes = tuple(
        ReturnWish(each.order_line_id, each.quantity, wish.reason, variant_id=each.came_id) for each in wish.pieces
    )
    # Nothing that was agreed as wrong, or is written off, is too late.
    anyway = wish.anyway or wish.replacement or wish.way is W.WITHOUT_RETURN
    return Announcement(
        order.id, wishes, note=wish.note or None, location_id=wish.location_id, anyway=anyway, pieces=wish.shipped,
        taken=wish.taken,
    )  # fmt: skip


async def plan_exchange(db: Session, order: Order, wish: ExchangeWish) -> Plan:
    """Everything the wish comes to now.

    Raises `InvalidExchange`, `NotChangeable`, and what returning (`LineNotFound`, `NotReturnable`) and adding
    (`UnknownSku`, `OutOfStock`, `InvalidInput`, `VoucherNotForThis`) raise, each naming the field of the wish.
    """
    check_wish(wish)
    check_addable(order)
    lines = (await orders.lines_of(db, [order.id]))[order.id]
    announced = announcement_of(order, wish)
    # What pieces are worth does not depend on what is given for them; what goes back for them does.
    before = await preview_return(db, order, announced, exchanged=Standing(open=True))
    goods = await price_goods(db, order, lines, wanted_of(wish), before, replacement=wish.replacement)
    stands = _standing(goods, await standing(db, order.id, None))
    due = await preview_return(db, order, announced, exchanged=stands)
    rows = new_rows(order, lines, [each.priced for each in goods])
    await check_changed(db, order, more={row.tax_class for row in rows})
    paths = {row.id: _path(each.priced.input_index) for row, each in zip(rows, goods, strict=True)}
    sourcing = await find_goods(db, order, rows, paths=paths)
    cost = sum(row.gross_total for row in rows)
    # What nobody has paid yet is not collected for the goods that come back, but for the new ones.
    kept = min(cost, sum(due.withheld.get(rule, 0) for rule in COLLECTED_NO_MORE))
    difference = await plan_difference(db, order, off=kept, more=cost, steps=())
    preview = ExchangePreview(
        order_id=order.id, currency=order.currency, way=wish.way, replacement=wish.replacement,
        lines=tuple(_lines(wish, goods, rows, worth_of(due), sourcing)),
        credited=due.credited, cost=cost, kept=kept, refund=due.amount, fee=due.fee, difference=difference,
        arrives_on=sourcing.arrives_on,
        due_at=db.now + await advance_days(db, order) if wish.way is W.ADVANCE else None,
        held_until=db.now + await label_days(db, order) if wish.way is W.AFTER_RETURN else None,
        messages=(AGREED_MESSAGE,),
    )  # fmt: skip
    return Plan(_stamped(preview, wish, lines), tuple(goods), tuple(lines), tuple(rows), sourcing)


def check_wish(wish: ExchangeWish) -> None:
    """Raise `InvalidExchange` for what is wrong whatever the order is. Pure."""
    if not 1 <= len(wish.pieces) <= MOST_LINES:
        raise InvalidExchange("An exchange has 1 to 200 lines.", path=("lines",))
    if len(wish.note) > 1000:
        raise InvalidExchange("At most 1000 characters.", path=("note",), code="INVALID_TEXT")
    seen: set[UUID] = set()
    for index, each in enumerate(wish.pieces):
        if each.quantity < 1:
            raise InvalidExchange("At least one piece.", path=("lines", index, "quantity"), code="INVALID_QUANTITY")
        if each.order_line_id in seen:
            raise InvalidExchange("A line is named once.", path=("lines", index, "orderLineId"))
        seen.add(each.order_line_id)


def wanted_of(wish: ExchangeWish) -> list[tuple[UUID, str, int]]:
    """Line, article for it, pieces."""
    return [(each.order_line_id, each.sku, each.quantity) for each in wish.pieces]


def worth_of(due: RefundDue) -> dict[UUID, Amounts]:
    """What the pieces that come back are worth, by order line, after goodwill that was given for them."""
    found: dict[UUID, Amounts] = {}
    for row in due.lines:
        found[row.order_line_id] = found.get(row.order_line_id, Amounts()).plus(Amounts(row.net, row.tax, row.gross))
    return found


async def price_goods(
    db: Session, order: Order, lines: Sequence[OrderLine], wanted: Sequence[tuple[UUID, str, int]],
    due: RefundDue, *, replacement: bool,
) -> list[NewGoods]:  # fmt: skip
    """The lines to add, at the price of the order's date in its channel, like any that is added.

    An article of the same price costs what the pieces that come back are worth, with the discounts they were bought at;
    so does a replacement, whatever it costs. `due` says what those are worth. Raises what `price_added` raises, and
    `InvalidExchange` for what is no goods, such as a voucher, and for a set as replacement.
    """
    worth, rates = worth_of(due), rates_of(due)
    by_id = {line.id: line for line in lines}
    plain = [NewLine(sku, count) for _, sku, count in wanted]
    parts: dict[int, list[PricedLine]] = {}
    for each in await price_added(db, order, lines, [_free(new) for new in plain] if replacement else plain):
        parts.setdefault(each.input_index, []).append(each)
    check_goods(parts, replacement=replacement)
    news, same = [], []
    for index, (line_id, _, _) in enumerate(wanted):
        line = by_id[line_id]
        alike = replacement or (not _is_set(parts[index]) and parts[index][0].unit_price == line.unit_price)
        exact = rates.get(line_id) == {parts[index][0].tax_rate}
        news.append(_at_worth(order, line, plain[index], worth[line_id], exact=exact) if alike else plain[index])
        same.append(alike)
    priced = await price_added(db, order, lines, news)
    check_deliverable(order, priced)
    return [
        NewGoods(by_id[wanted[each.input_index][0]], news[each.input_index], each, same[each.input_index])
        for each in priced
    ]


def _free(new: NewLine) -> NewLine:
    """A replacement needs no price of its own."""
    return replace(new, source=PriceSource.FREE)


def _is_set(parts: Sequence[PricedLine]) -> bool:
    return len(parts) != 1 or parts[0].bundle_key is not None


def check_goods(parts: Mapping[int, Sequence[PricedLine]], *, replacement: bool) -> None:
    """Raise `InvalidExchange` for what cannot be given for goods, by the position of its wish. Pure."""
    for index, own in parts.items():
        if any(each.kind != ProductKind.PHYSICAL for each in own):
            raise InvalidExchange("Only goods are given for goods.", path=_path(index), code="NOT_EXCHANGEABLE")
        if replacement and _is_set(own):
            raise InvalidExchange("A set replaces nothing; name its parts.", path=_path(index), code="NOT_EXCHANGEABLE")


def _at_worth(order: Order, line: OrderLine, new: NewLine, worth: Amounts, *, exact: bool) -> NewLine:
    """The new pieces for what the others are worth; `exact` to the cent of net and tax where both are taxed alike."""
    shown = worth.gross if order.gross else worth.net
    discount = line.unit_price * new.quantity - shown
    return replace(
        new, source=PriceSource.GIVEN, unit_price=line.unit_price, discount=discount,
        discount_code="EXCHANGE" if discount else None,
        worth=(worth.net, worth.tax, worth.gross) if exact else None,
    )  # fmt: skip


def rates_of(due: RefundDue) -> dict[UUID, set[Decimal]]:
    """The tax rates of the pieces that come back, by order line."""
    found: dict[UUID, set[Decimal]] = {}
    for row in due.lines:
        found.setdefault(row.order_line_id, set()).add(row.tax_rate)
    return found


async def check_same_product(db: Session, order: Order, wish: ExchangeWish) -> None:
    """Raise `InvalidExchange` for another product: by themselves customers choose only another variant."""
    lines = {line.id: line for line in (await orders.lines_of(db, [order.id]))[order.id]}
    skus = {each.sku for each in wish.pieces}
    ids = {lines[each.order_line_id].variant_id for each in wish.pieces if each.order_line_id in lines}
    found = sa.select(ProductVariant.id, ProductVariant.sku, ProductVariant.product_id).where(
        sa.or_(ProductVariant.id.in_(ids), ProductVariant.sku.in_(skus))
    )
    rows = list(await db.execute(found))
    product_of, by_sku = {row.id: row.product_id for row in rows}, {row.sku: row.product_id for row in rows}
    for index, each in enumerate(wish.pieces):
        line = lines.get(each.order_line_id)
        known = by_sku.get(each.sku)
        if line is not None and known is not None and product_of.get(line.variant_id) != known:
            raise InvalidExchange("Another variant of the same product.", path=_path(index), code="OTHER_PRODUCT")


def _standing(goods: Sequence[NewGoods], before: Standing) -> Standing:
    """What these change about the refund, and exchanges before them. Pure."""
    stands_in = dict(before.stands_in)
    for each in goods:
        if each.same_price:
            bought = before.lines.get(each.line.id, each.line.id)
            stands_in[bought] = stands_in.get(bought, 0) + each.priced.quantity
    return Standing(sum(each.priced.gross for each in goods), open=True, stands_in=stands_in, lines=before.lines)


async def find_goods(db: Session, order: Order, rows: Sequence[OrderLine], *, paths: Mapping[UUID, Path]) -> Sourcing:
    """Where the new pieces would come from today; raises `OutOfStock` as `placing.check_promised` does."""
    goods = {row.id: row.ordered for row in rows if row.kind == ProductKind.PHYSICAL}
    found = await plan_pieces(db, order, rows, goods)
    await check_promised(db, order, rows, found, paths=paths)
    return found


def _path(index: int) -> Path:
    return ("lines", index, "sku")


async def advance_days(db: Session, order: Order) -> timedelta:
    """How long goods may take that come after the new ones: the channel's `advance_return_days`."""
    channel = await db.get_one(SalesChannel, order.channel_id)
    return timedelta(days=int(channel.settings.get("advance_return_days", ADVANCE_DAYS)))


def _lines(
    wish: ExchangeWish, goods: Sequence[NewGoods], rows: Sequence[OrderLine], worth: Mapping[UUID, Amounts],
    sourcing: Sourcing,
) -> list[ExchangedLine]:  # fmt: skip
    found = []
    for index, pieces in enumerate(wish.pieces):
        own = [(row, each) for row, each in zip(rows, goods, strict=True) if each.priced.input_index == index]
        line, ids = own[0][1].line, {row.id for row, _ in own}
        cost = Amounts()
        for row, _ in own:
            cost = cost.plus(Amounts(row.net_total, row.tax_total, row.gross_total))
        found.append(
            ExchangedLine(
                line.id, line.sku, line.name, pieces.sku, ", ".join(row.name for row, _ in own), pieces.quantity,
                worth[line.id], cost, own[0][1].same_price,
                tuple(each for each in sourcing.sendings if each.line_id in ids),
                sum(sourcing.missing.get(row_id, 0) for row_id in ids),
            )
        )  # fmt: skip
    return found


def _stamped(preview: ExchangePreview, wish: ExchangeWish, lines: Sequence[OrderLine]) -> ExchangePreview:
    """The preview with its token, by part as those of changes."""
    money = preview.difference
    asked_by = money.method
    parts = {
        "WISH": [str(preview.order_id), wish.way, wish.reason, wish.replacement, wish.note, str(wish.location_id),
                 [[str(each.order_line_id), each.quantity, each.sku] for each in wish.pieces]],
        "LINES": [[str(line.id), line.ordered, line.canceled, line.shipped, line.refunded] for line in lines],
        "PRICES": [[each.worth.gross, each.cost.gross, each.cost.tax, each.same_price] for each in preview.lines],
        "MONEY": [preview.credited, preview.cost, preview.kept, preview.refund, preview.fee, money.to_pay,
                  money.owed_after, None if asked_by is None else [asked_by.kind, asked_by.amount]],
        "PLACES": [[[str(sent.location_id), sent.quantity, sent.arrives_on.isoformat()] for sent in each.sendings]
                   + [each.missing] for each in preview.lines],
    }  # fmt: skip
    sections = {name: digest(part)[:LENGTH] for name, part in parts.items()}
    token = ".".join(["1", *[f"{name}-{said}" for name, said in sections.items()]])
    return replace(preview, sections=sections, token=token)
