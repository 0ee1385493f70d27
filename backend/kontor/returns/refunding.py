"""What a return is to be paid, and that it was: computed here, paid by payments, brought together by the process."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.statemachine import transition
from kontor.orders import progress
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderCharge
from kontor.orders.totals import LOST_DISCOUNT
from kontor.payments.covering import Standing, standing, use_cover
from kontor.payments.errors import CaptureUndecided
from kontor.payments.kept import refunds_of, taken_off
from kontor.payments.models import Refund
from kontor.payments.paying_back import payable_for
from kontor.payments.refund_due import Withheld
from kontor.promotions.rechecking import sums
from kontor.returns import queries
from kontor.returns.inspection import Entitlement, all_returned, due, is_complete
from kontor.returns.models import Return, ReturnLine
from kontor.returns.rechecking import kept_back
from kontor.returns.states import RETURN, ReturnState
from kontor.returns.values import RETURN_FEE, RefundCharge, RefundDue


async def refund_due(db: Session, found: Return) -> RefundDue:
    """What is to be paid now: accepted pieces that were not refunded, less the fee, which is kept once of
    all that was announced together.

    What kept goods no longer earn of promotions with the rule RECHECK is kept, too. Goodwill given for the goods before
    is part of what they are paid. When with them every shipped piece of the order is paid back, its charges are too.
    Never more goes back than came in: the rest is withheld by a rule that is named. Pieces in whose place others were
    given at the same worth count as kept, and as long as such others are still to be sent, not all has come back.
    """
    return await due_for(db, found, (await queries.lines_of(db, [found.id]))[found.id])


async def due_for(
    db: Session, found: Return, lines: Sequence[ReturnLine], *, exchanged: Standing | None = None
) -> RefundDue:
    """The same for a return with these lines, kept or not; `exchanged` where that is not what is stored."""
    stands = exchanged or await standing(db, found.order_id, found.id)
    shipped = {line.id: line for line in await queries.shipped_lines(db, found.order_id)}
    units = {line.shipment_line_id: line.accepted - line.refunded for line in lines}
    refunds = await refunds_of(db, found.order_id)
    given = taken_off(refunds)
    rows = [
        Entitlement(
            line.order_line_id, line.shipment_line_id, sent.quantity, sent.gross, sent.tax, sent.tax_rate,
            sent.refunded_units, sent.refunded_gross, units[line.shipment_line_id],
            given.get(str(line.shipment_line_id), 0),
        )
        for line in lines
        if (sent := shipped.get(line.shipment_line_id)) is not None
    ]  # fmt: skip
    whole = (
        not stands.open
        and any(units.values())
        and all_returned(
            {row.id: row.quantity for row in shipped.values()},
            {row.id: row.refunded_units for row in shipped.values()},
            units,
        )
    )
    open_charges = [row for row in (await orders.charges_of(db, [found.order_id]))[found.order_id] if _is_open(row)]
    charges = open_charges if whole else []
    lost = [] if whole else [row for row in open_charges if row.kind == LOST_DISCOUNT]
    fee = await _fee_left(db, found, refunds)
    answer = due(rows, [_charge(row) for row in charges], fee=fee, currency=found.currency)
    if not answer.lines:
        return answer
    returned: dict[UUID, int] = {}
    for sent in shipped.values():
        paid_back = sent.refunded_units + units.get(sent.id, 0)
        returned[sent.order_line_id] = returned.get(sent.order_line_id, 0) + paid_back
    for line_id, count in stands.stood_in(returned).items():
        returned[line_id] = max(0, returned.get(line_id, 0) - count)
    supplied = {sent.order_line_id: sent for _, sent in sorted(shipped.items())}
    charged = sums([{str(row.tax_rate): row.gross - row.refunded} for row in lost])
    most = answer.goods - answer.fee
    kept = await kept_back(db, found.order_id, returned, supplied, charged=charged, most=most, instead=stands.lines)
    kept, back = charged_too_much(kept, lost)
    answer = replace(answer, charges=(*answer.charges, *back), rechecked=kept)
    return await _payable(db, found, answer, stands.cover)


async def _fee_left(db: Session, found: Return, refunds: Sequence[Refund]) -> int:
    """What of the fee of an announcement is still to be kept: whichever of its parts comes, and in however many steps.

    The first of its returns bears the fee; that one may be refused or never come, or its goods be worth less.
    """
    together = await queries.announced_with(db, found)
    ids = {each.id for each in together}
    kept = sum(
        -int(line["gross"])
        for refund in refunds
        if refund.return_id in ids
        for line in refund.lines
        if line.get("name") == RETURN_FEE
    )
    return max(0, sum(each.fee for each in together) - kept)


def charged_too_much(kept: Mapping[str, int], lost: Sequence[OrderCharge]) -> tuple[dict[str, int], list[RefundCharge]]:
    """What is given back of charges for discounts that were lost, where less is lost in the end, and what is kept then.

    `kept` is by tax rate, below zero where earlier steps kept too much.
    """
    left, back = dict(kept), []
    for row in lost:
        rate = str(row.tax_rate)
        part = min(row.gross - row.refunded, max(0, -left.get(rate, 0)))
        if part:
            tax = row.tax * part // row.gross
            back.append(RefundCharge(row.id, part - tax, tax, part, row.tax_rate))
            left[rate] += part
    return {rate: amount for rate, amount in left.items() if amount}, back


async def _payable(db: Session, found: Return, answer: RefundDue, cover: int) -> RefundDue:
    order = await db.get_one(Order, found.order_id)
    paid = await payable_for(db, order, answer.credited, cover=cover)
    return replace(answer, withheld=paid.withheld, waits=paid.waits)


def _is_open(charge: OrderCharge) -> bool:
    return charge.shipment_id is not None and not charge.canceled and charge.gross > charge.refunded


def _charge(charge: OrderCharge) -> RefundCharge:
    gross = charge.gross - charge.refunded
    tax = charge.tax * gross // charge.gross if charge.refunded else charge.tax
    return RefundCharge(charge.id, gross - tax, tax, gross, charge.tax_rate)


async def book_refund(db: Session, return_id: UUID, *, now: datetime) -> RefundDue:
    """Use the entitlement up: what is answered is to be requested from payments in the same transaction.

    A second call answers nothing more to pay until more pieces are accepted. Raises `CaptureUndecided` as long as it
    depends on a capture whose outcome is unknown.
    """
    order, found = await queries.lock_return(db, return_id)
    answer = await refund_due(db, found)
    if not answer.lines:
        return answer
    if answer.waits:
        raise CaptureUndecided("The outcome of a capture is not known yet.", return_id=str(return_id))
    lines = (await queries.lines_of(db, [found.id]))[found.id]
    sent = await queries.lock_shipment_lines(db, [line.shipment_line_id for line in answer.lines])
    for row in answer.lines:
        sent[row.shipment_line_id].refunded_units += row.quantity
        sent[row.shipment_line_id].refunded_gross += row.gross + row.reduced
    for line in lines:
        line.refunded = line.accepted
    await _book_charges(db, order, answer)
    kept, uncollected = (answer.withheld.get(rule, 0) for rule in (Withheld.EXCHANGED, Withheld.NOT_COLLECTED))
    await use_cover(db, found.id, kept, not_collected=uncollected)
    found.rechecked = sums([found.rechecked or {}, answer.rechecked])
    changes: dict[UUID, dict[str, int]] = {}
    for row in answer.lines:
        counters = changes.setdefault(row.order_line_id, {"refunded": 0})
        counters["refunded"] += row.quantity
    progress.count(db, order, (await orders.lines_of(db, [order.id]))[order.id], changes, now=now)
    found.updated_at = now
    return answer


async def _book_charges(db: Session, order: Order, answer: RefundDue) -> None:
    if answer.charges:
        charges = {charge.id: charge for charge in (await orders.charges_of(db, [order.id]))[order.id]}
        for row in answer.charges:
            charges[row.charge_id].refunded += row.gross


async def mark_refunded(db: Session, return_id: UUID, *, now: datetime) -> bool:
    """The money for what came is on its way: the return is REFUNDED once nothing more is announced. Whether it is."""
    _, found = await queries.lock_return(db, return_id)
    lines: list[ReturnLine] = (await queries.lines_of(db, [found.id]))[found.id]
    if found.state is not ReturnState.INSPECTED or not is_complete(lines):
        return False
    transition(db, found, ReturnState.REFUNDED, table=RETURN, now=now)
    found.updated_at = now
    return True
