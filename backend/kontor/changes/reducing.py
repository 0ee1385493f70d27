"""What canceled pieces take off an order, and what the pieces that stay no longer earn of its promotions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import ProductKind
from kontor.changes.values import Amounts, PromotionPreview
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.money import of_units, spread
from kontor.fulfillment.amounts import of_pieces
from kontor.orders.models import Order, OrderCharge, OrderLine, PriceAdjustment
from kontor.orders.totals import LOST_DISCOUNT, with_tax
from kontor.payments.covering import standing
from kontor.promotions.rechecking import sums
from kontor.promotions.values import ReturnRule
from kontor.returns.models import Return
from kontor.returns.rechecking import lost_of_kept
from kontor.tax.rounding import tax_from_gross

NAMES = {"de": "Nicht mehr verdienter Rabatt", "en": "Discount no longer earned"}
Rate = tuple[str, Decimal]
"""Tax class and rate in percent."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What kept pieces no longer earn and nobody has charged yet, gross by tax class and rate: before and after."""

    before: Mapping[Rate, int]
    after: Mapping[Rate, int]

    @property
    def more(self) -> int:
        """By how much the order costs more because of it; below 0: less."""
        return sum(self.after.values()) - sum(self.before.values())

    @property
    def tax(self) -> int:
        """By how much the tax changes with it."""
        after = sum(tax_from_gross(gross, rate) for (_, rate), gross in self.after.items())
        return after - sum(tax_from_gross(gross, rate) for (_, rate), gross in self.before.items())


def taken_off(order: Order, line: OrderLine, quantity: int) -> Amounts:
    """What the next pieces of a line that are canceled take off, to the cent as it is booked."""
    done = line.shipped + line.canceled
    worth = of_pieces(line, done, quantity, gross=order.gross)
    discount = of_units(line.discount_total, line.ordered, done + quantity) - of_units(
        line.discount_total, line.ordered, done
    )
    return Amounts(worth.net, worth.tax, worth.gross, discount)


def live(order: Order, line: OrderLine) -> Amounts:
    """What the pieces of a line that are wanted cost: all less the canceled ones, whose amounts were booked."""
    discount = line.discount_total - of_units(line.discount_total, line.ordered, line.canceled)
    gross = line.gross_total - line.canceled_gross
    tax = line.tax_total - of_units(line.tax_total, line.ordered, line.canceled)
    return Amounts(gross - tax, tax, gross, discount)


class Priced(NamedTuple):
    """What an order costs, and why."""

    lines: Sequence[OrderLine]
    reductions: Sequence[PriceAdjustment]
    charges: Sequence[OrderCharge]


async def plan_lost(
    db: Session, order: Order, priced: Priced, canceled: Mapping[UUID, int], *, took: int, added: bool = False,
    again: bool = False,
) -> Lost:  # fmt: skip
    """What is to be charged with the last shipment once these pieces are canceled; gross.

    The pieces that stay are priced again with prices and promotions of the order's date. They are never charged more
    than the canceled ones take off (`took`), and nothing when no goods are left to send (`added` ones are).
    Without canceled pieces nothing is reckoned, unless `again`.
    """
    lines, reductions, charges = priced
    uncharged = [each for each in charges if each.kind == LOST_DISCOUNT and not each.canceled]
    before = _by_rate([each for each in uncharged if each.shipment_id is None])
    if not (took or again) or not any(row.return_rule is ReturnRule.RECHECK for row in reductions):
        return Lost(before, before)
    left = any(line.open_quantity > canceled.get(line.id, 0) for line in lines if line.kind == ProductKind.PHYSICAL)
    if not (left or added):
        return Lost(before, {})
    kept = await _kept(db, order, lines, canceled)
    lost = await lost_of_kept(db, order, lines, reductions, kept)
    target: dict[Rate, int] = {}
    for line in lines:
        amount = lost.get(str(line.id), 0)
        if amount:
            key = (line.tax_class, line.tax_rate)
            target[key] = target.get(key, 0) + with_tax(amount, line.tax_rate, gross=order.gross)[2]
    taken = sums(list(await db.scalars(sa.select(Return.rechecked).where(Return.order_id == order.id))))
    charged = _by_rate([each for each in uncharged if each.shipment_id is not None])
    return Lost(before, still_to_charge(target, charged, taken, most=sum(before.values()) + took))


async def _kept(db: Session, order: Order, lines: Sequence[OrderLine], canceled: Mapping[UUID, int]) -> dict[UUID, int]:
    """The pieces by line that stay. Those in whose place others were given stay with them, as when goods come back."""
    stands = await standing(db, order.id, None)
    gone = {line.id: line.refunded + canceled.get(line.id, 0) for line in lines}
    for line_id, count in stands.stood_in(gone).items():
        gone[line_id] -= min(count, next(line.refunded for line in lines if line.id == line_id))
    return {line.id: 0 if line.id in stands.lines else line.ordered - line.canceled - gone[line.id] for line in lines}


def still_to_charge(
    target: Mapping[Rate, int], charged: Mapping[Rate, int], taken: Mapping[str, int], *, most: int
) -> dict[Rate, int]:
    """What is lost and neither charged nor kept back of a return yet, `most` at most; gross by tax class and rate.

    Rates may have changed between order and shipment, and returns keep back by those of the shipment: together never
    more than is lost is charged.

    >>> old, new = ("STANDARD", Decimal(19)), ("STANDARD", Decimal(16))
    >>> still_to_charge({old: 500}, {}, {"16": 300}, most=1000)
    {('STANDARD', Decimal('19')): 200}
    >>> still_to_charge({old: 500}, {new: 500}, {}, most=1000)
    {}
    """
    after = {key: max(0, gross - charged.get(key, 0) - _of_rate(taken, key[1])) for key, gross in target.items()}
    left = max(0, sum(target.values()) - sum(charged.values()) - sum(taken.values()))
    least = min(sum(after.values()), left, most)
    if sum(after.values()) > least:
        after = dict(zip(after, spread(least, list(after.values())), strict=True))
    return {key: amount for key, amount in after.items() if amount}


def _of_rate(taken: Mapping[str, int], rate: Decimal) -> int:
    return sum(amount for text, amount in taken.items() if Decimal(text) == rate)


def _by_rate(charges: Sequence[OrderCharge]) -> dict[Rate, int]:
    found: dict[Rate, int] = {}
    for each in charges:
        key = (each.tax_class, each.tax_rate)
        found[key] = found.get(key, 0) + each.gross - each.refunded
    return found


def book_lost(db: Session, order: Order, charges: Sequence[OrderCharge], lost: Lost) -> None:
    """Charge what is lost now in place of what was lost before; the charges leave with the last shipment."""
    if lost.before == lost.after:
        return
    for each in charges:
        if each.kind == LOST_DISCOUNT and not each.canceled and each.shipment_id is None:
            each.canceled = True
    for (tax_class, rate), gross in lost.after.items():
        tax = tax_from_gross(gross, rate)
        add_charge(
            db, order, LOST_DISCOUNT, NAMES.get(order.language, NAMES["en"]), tax_class=tax_class, rate=rate,
            amounts=(gross - tax, tax, gross),
        )  # fmt: skip


def add_charge(
    db: Session, order: Order, kind: str, name: str, *, tax_class: str, rate: Decimal, amounts: tuple[int, int, int]
) -> None:
    """Write a fee of a locked order and raise its totals; `amounts` are net, tax and gross."""
    net, tax, gross = amounts
    db.add(
        OrderCharge(
            id=new_id(), order_id=order.id, kind=kind, name=name, tax_class=tax_class, tax_rate=rate, net=net, tax=tax,
            gross=gross, canceled=False, refunded=0,
        )
    )  # fmt: skip
    order.charges_total += gross
    order.total += gross
    order.tax_total += tax


def promotions_of(
    lines: Sequence[OrderLine], reductions: Sequence[PriceAdjustment], canceled: Mapping[UUID, int]
) -> list[PromotionPreview]:
    """What the wanted pieces bear of each discount before and after, as it was frozen."""
    by_id = {line.id: line for line in lines}
    found: dict[str, list[PriceAdjustment]] = {}
    for row in reductions:
        found.setdefault(row.code, []).append(row)
    rows = []
    for code, own in found.items():
        before = after = 0
        for row in own:
            line = by_id[row.order_line_id]
            gone = line.canceled + canceled.get(line.id, 0)
            before += row.amount - of_units(row.amount, line.ordered, line.canceled)
            after += row.amount - of_units(row.amount, line.ordered, gone)
        rule = own[0].return_rule
        rows.append(PromotionPreview(code, own[0].label, None if rule is None else rule.value, before, after))
    return rows
