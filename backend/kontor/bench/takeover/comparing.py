"""The end of a takeover against what the data set says it must be; every difference is a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from kontor.bench.replay.expecting import expect as expect_order
from kontor.bench.replay.expecting import totals_by_method
from kontor.bench.takeover.expecting import Expected, expect
from kontor.bench.takeover.playing import Taking
from kontor.core.db import Session
from kontor.invoicing.models import OpenItem
from kontor.payments.models import Payment

if TYPE_CHECKING:
    from kontor.bench.takeover.running import Report

BY_GATEWAY = frozenset({"CARD", "WALLET"})
MOVED = ("captured", "refunded")
SHOWN = 20


async def compare(db: Session, takings: Sequence[Taking], report: Report) -> None:
    """Payments by method and number, money taken and given back, and what is open, order by order."""
    wanted = {taking.id: expect(taking.story) for taking in takings}
    held = await _payments(db, takings, report)
    items = await _items(db)
    wrong = []
    for taking in takings:
        name, expected, order_id = taking.story.order.id, wanted[taking.id], taking.id
        captured, refunded = held.get(order_id, (0, 0))
        if (captured, refunded) != (expected.captured, expected.refunded):
            wrong.append(
                f"order {name}: {captured} taken and {refunded} given back instead of "
                f"{expected.captured} and {expected.refunded}"
            )
        if items.get(order_id, {}) != _open(expected):
            wrong.append(f"order {name}: open is {items.get(order_id, {})} instead of {_open(expected)}")
    report.figures["orders that ended otherwise than recorded"] = len(wrong)
    report.differences += wrong[:SHOWN]
    _count_items(takings, wanted, report)
    strangers = set(items) - set(wanted)
    report.differences += [f"open items of unknown order {order_id}" for order_id in sorted(strangers)[:SHOWN]]


def _open(expected: Expected) -> dict[str, int]:
    return {expected.kind: expected.open} if expected.open else {}


async def _payments(db: Session, takings: Sequence[Taking], report: Report) -> dict[UUID, tuple[int, int]]:
    """What was taken and given back, by order."""
    row = Payment
    counts, sums = totals_by_method(expect_order(taking.story) for taking in takings)
    found = await db.execute(sa.select(row.kind, sa.func.count(), sa.func.sum(row.amount)).group_by(row.kind))
    by_method = {str(kind): (int(count), int(amount)) for kind, count, amount in found}
    recorded = {method: (counts[method], sums[method]) for method in counts}
    report.figures["payments by method (number, sum)"] = dict(sorted(by_method.items()))
    if by_method != recorded:
        report.differences.append(f"payments by method: {recorded} by the data set, {by_method} in Kontor")
    held: dict[UUID, tuple[int, int]] = {}
    moved = Counter(dict.fromkeys((*MOVED, *(f"{name} over the gateway" for name in MOVED)), 0))
    rows = sa.select(row.order_id, row.kind, row.captured, row.refunded)
    for order_id, kind, captured, refunded in await db.execute(rows):
        before = held.get(order_id, (0, 0))
        held[order_id] = (before[0] + captured, before[1] + refunded)
        moved.update(captured=captured, refunded=refunded)
        if kind in BY_GATEWAY:
            moved.update({"captured over the gateway": captured, "refunded over the gateway": refunded})
    report.figures |= moved
    return held


async def _items(db: Session) -> dict[UUID, dict[str, int]]:
    """What is open, by order and kind."""
    found: dict[UUID, dict[str, int]] = {}
    for order_id, kind, amount in await db.execute(
        sa.select(OpenItem.order_id, OpenItem.kind, sa.func.sum(OpenItem.open))
        .where(OpenItem.open != 0)
        .group_by(OpenItem.order_id, OpenItem.kind)
    ):
        if order_id is not None:  # what nobody has explained is of no order
            found.setdefault(order_id, {})[str(kind)] = int(amount)
    return found


def _count_items(takings: Sequence[Taking], wanted: Mapping[UUID, Expected], report: Report) -> None:
    """How many orders stay open, by kind, and how many of them by more than a cent."""
    counts: Counter[str] = Counter()
    for taking in takings:
        expected = wanted[taking.id]
        if expected.open:
            name = expected.kind if taking.story.payments else f"{expected.kind} without any payment"
            counts[name] += 1
            counts[f"{name}, more than a cent"] += abs(expected.open) > 1
    report.figures["orders with something open"] = dict(sorted(counts.items()))
