"""Claims: reported, decided with a remedy, resolved when the customer has what it brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import ProductKind, ProductVariant
from kontor.changes import service as changes
from kontor.changes.values import Wish
from kontor.claims import queries
from kontor.claims.correcting import correct_stock
from kontor.claims.errors import ClaimAboveLimit, InvalidClaim, NotClaimable
from kontor.claims.events import ClaimApproved, ClaimCanceled, ClaimDenied, ClaimOpened, ClaimReopened, ClaimResolved
from kontor.claims.goodwill import GoodwillWish, grant_goodwill
from kontor.claims.models import Claim, ClaimLine
from kontor.claims.states import (
    CLAIM,
    ClaimKind,
    ClaimState,
    Fault,
    GoodwillForm,
    GoodwillReason,
    Remedy,
)  # fmt: skip
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.statemachine import TransitionRefused, change_row, transition
from kontor.exchanges.errors import ExchangeAboveLimit
from kontor.exchanges.service import create_exchange
from kontor.exchanges.states import ExchangeWay
from kontor.exchanges.values import ExchangeWish, PiecesWish
from kontor.fulfillment.models import Shipment, ShipmentLine
from kontor.locations.models import StockLocation
from kontor.orders import queries as orders
from kontor.orders.errors import LineNotFound
from kontor.orders.intake import Address
from kontor.orders.models import Order
from kontor.payments.capturing import AbilitiesOf
from kontor.payments.refunding import above_limit
from kontor.returns import service as returns
from kontor.returns.errors import NotReturnable
from kontor.returns.service import Announcement, ReturnWish
from kontor.returns.states import ReturnReason
from kontor.returns.values import RefundDue
from kontor.returns.writing_off import preview_return, write_off, written_off

MOST_LINES = 200
RETURN_REASON = {
    ClaimKind.WRONG: ReturnReason.WRONG_ITEM,
    ClaimKind.DAMAGED: ReturnReason.DAMAGED,
    ClaimKind.MISSING: ReturnReason.MISSING,
}
GOODWILL_REASON = {
    ClaimKind.WRONG: GoodwillReason.WRONG_ITEM,
    ClaimKind.DAMAGED: GoodwillReason.DAMAGED,
    ClaimKind.MISSING: GoodwillReason.MISSING_ITEM,
}


@dataclass(frozen=True, slots=True)
class ClaimedPieces:
    """Pieces of an order line; `came_sku` is the article that came in their place."""

    order_line_id: UUID
    quantity: int
    came_sku: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a customer reports, and what they want for it."""

    kind: ClaimKind
    pieces: Sequence[ClaimedPieces]
    note: str = ""
    wished: Remedy | None = None
    returns_goods: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a claim. Goods of a MISSING one never come back.

    `corrects_stock` puts the count of the place right: what did not leave is still there, what left in its place is
    not. `form` and `amount` (minor units) are those of goodwill; `wait` lets its money be recalled for a minute.
    `advance` sends a replacement at once although the goods are to come back, `address` sends it there.
    """

    remedy: Remedy
    returns_goods: bool = False
    fault: Fault = Fault.US
    corrects_stock: bool = False
    form: GoodwillForm = GoodwillForm.CREDIT
    amount: int = 0
    wait: bool = False
    advance: bool = False
    address: Address | None = None


async def open_claim(db: Session, order: Order, report: Report, *, now: datetime) -> Claim:
    """Note a problem with goods of a locked order. Pieces are taken from the oldest shipments.

    Raises `InvalidClaim`, `LineNotFound` and `NotClaimable` naming the field.
    """
    _check(report)
    lines = await _claimed(db, order, report)
    claim = Claim(
        id=new_id(), number=f"C{order.number}-{await queries.count_claims(db, order.id) + 1}", order_id=order.id,
        kind=report.kind, state=ClaimState.OPEN, note=report.note.strip(), wished=report.wished,
        returns_goods=report.returns_goods and report.kind is not ClaimKind.MISSING,
        partner_id=await _partner_of(db, [line.shipment_line_id for line in lines]), opened_at=now, opened_by=db.by,
    )  # fmt: skip
    db.add(claim)
    await db.flush()
    for line in lines:
        line.claim_id = claim.id
    db.add_all(lines)
    await db.flush()
    db.note_state(change_row(Claim.__tablename__, claim.id, None, claim.state, now=now, by=db.by))
    record(db, ClaimOpened(stream_id=order.id, claim_id=claim.id, number=claim.number, kind=claim.kind.value))
    return claim


async def preview_claim(db: Session, order: Order, report: Report) -> RefundDue:
    """What would go back if the claim ended in money; changes nothing. Raises what `open_claim` does."""
    _check(report)
    claim = Claim(order_id=order.id, kind=report.kind, number="")  # never added to the session
    return await preview_return(db, order, announcement_of(claim, await _claimed(db, order, report)))


async def preview_decision(db: Session, order: Order, claim: Claim) -> RefundDue:
    """What would go back if a claim that is open ended in money; changes nothing. Raises what its return does."""
    return await preview_return(db, order, announcement_of(claim, await queries.lines_of_claim(db, claim.id)))


def _check(report: Report) -> None:
    if not 1 <= len(report.pieces) <= MOST_LINES:
        raise InvalidClaim("A claim has 1 to 200 lines.", path=("lines",))
    if len(report.note) > 1000:
        raise InvalidClaim("At most 1000 characters.", path=("note",), code="INVALID_TEXT")
    seen: set[UUID] = set()
    for index, each in enumerate(report.pieces):
        if each.quantity < 1:
            raise InvalidClaim("At least one piece.", path=("lines", index, "quantity"))
        if each.order_line_id in seen:
            raise InvalidClaim("A line is named once.", path=("lines", index, "orderLineId"))
        if each.came_sku is not None and report.kind is not ClaimKind.WRONG:
            raise InvalidClaim("Only of a wrong article it is said what came.", path=("lines", index, "cameSku"))
        seen.add(each.order_line_id)


async def _claimed(db: Session, order: Order, report: Report) -> list[ClaimLine]:
    known = {line.id: line for line in (await orders.lines_of(db, [order.id]))[order.id]}
    came = await _articles(db, [each.came_sku for each in report.pieces if each.came_sku])
    for index, each in enumerate(report.pieces):
        if each.order_line_id not in known or known[each.order_line_id].kind != ProductKind.PHYSICAL:
            raise LineNotFound("The order has no such line of goods.", path=("lines", index, "orderLineId"))
        if each.came_sku is not None and each.came_sku not in came:
            raise InvalidClaim("There is no such article.", path=("lines", index, "cameSku"), code="UNKNOWN_SKU")
        if each.came_sku is not None and each.came_sku == known[each.order_line_id].sku:
            raise InvalidClaim(
                "That is what was ordered.", path=("lines", index, "cameSku"), code="SAME_ARTICLE", sku=each.came_sku
            )
    reason = RETURN_REASON[report.kind]
    wishes = tuple(
        ReturnWish(each.order_line_id, each.quantity, reason, variant_id=came.get(each.came_sku or ""))
        for each in report.pieces
    )
    announced = Announcement(order.id, wishes, anyway=True, taken=await queries.claimed_pieces(db, order.id))
    try:
        _, rows = await returns.draft_return(db, order, announced, now=db.now)
    except NotReturnable as refused:
        raise NotClaimable(
            "More pieces than left and are neither claimed nor announced.", path=refused.path,
            possible=refused.params["possible"], requested=refused.params["requested"],
        ) from None  # fmt: skip
    return [
        ClaimLine(
            id=new_id(), shipment_line_id=row.shipment_line_id, order_line_id=row.order_line_id,
            quantity=row.quantity, came_id=row.variant_id,
        )
        for row in rows
    ]  # fmt: skip


async def _articles(db: Session, skus: Sequence[str]) -> dict[str, UUID]:
    if not skus:
        return {}
    rows = await db.execute(sa.select(ProductVariant.sku, ProductVariant.id).where(ProductVariant.sku.in_(skus)))
    return {row[0]: row[1] for row in rows}


async def _partner_of(db: Session, shipment_line_ids: Sequence[UUID]) -> UUID | None:
    """The partner that sent the goods; None when none or several did."""
    found = (
        sa.select(StockLocation.partner_id)
        .join(Shipment, Shipment.location_id == StockLocation.id)
        .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
        .where(ShipmentLine.id.in_(shipment_line_ids))
        .distinct()
    )
    partners = list(await db.scalars(found))
    return partners[0] if len(partners) == 1 else None


async def approve_claim(
    db: Session, order: Order, claim: Claim, verdict: Verdict, *, now: datetime, abilities_of: AbilitiesOf | None = None
) -> Claim:
    """Decide for the customer and do what follows: announce or write off the goods, pay, replace, or give goodwill.

    A claim whose goodwill was not approved, or whose exchange came to nothing, can be decided again. A replacement for
    another address takes with it what else of the order has not left; where it cannot, the unit of work is to be given
    up. Raises `TransitionRefused`, `InvalidClaim`, and what the remedy or the change of the address does.
    """
    if verdict.address is not None and verdict.remedy is not Remedy.REPLACEMENT:
        raise InvalidClaim("Only a replacement goes anywhere.", path=("shippingAddress",), code="NO_REPLACEMENT")
    if not (claim.state is ClaimState.APPROVED and claim.remedy is None):
        transition(db, claim, ClaimState.APPROVED, table=CLAIM, now=now)
    lines = await queries.lines_of_claim(db, claim.id)
    if verdict.fault is Fault.PARTNER and claim.partner_id is None:
        raise InvalidClaim("No partner sent these goods.", path=("fault",), code="NO_PARTNER")
    claim.remedy, claim.fault, claim.decided_at, claim.decided_by = verdict.remedy, verdict.fault, now, db.by
    claim.returns_goods = verdict.returns_goods and claim.kind is not ClaimKind.MISSING
    if verdict.corrects_stock and not claim.corrects_stock:
        claim.corrects_stock = await correct_stock(db, claim, lines)
    approved = ClaimApproved(
        stream_id=order.id, claim_id=claim.id, remedy=verdict.remedy.value, returns_goods=claim.returns_goods
    )
    record(db, approved)
    if verdict.remedy is Remedy.GOODWILL:
        await _goodwill(db, order, claim, verdict, now=now, abilities_of=abilities_of)
    elif verdict.remedy is Remedy.REPLACEMENT:
        await _replace(db, order, claim, lines, advance=verdict.advance, now=now)
        if verdict.address is not None:
            await _redirect(db, order, claim, verdict.address, now=now)
    else:
        await _pay_back(db, order, claim, lines, now=now)
    await db.flush()
    return claim


async def _goodwill(
    db: Session, order: Order, claim: Claim, verdict: Verdict, *, now: datetime, abilities_of: AbilitiesOf | None
) -> None:
    wish = GoodwillWish(
        verdict.form, verdict.amount, GOODWILL_REASON[claim.kind], recallable=verdict.wait, claim_id=claim.id
    )
    given = await grant_goodwill(db, order, wish, now=now, abilities_of=abilities_of)
    claim.goodwill_id = given.id  # resolved when its money has gone or its voucher is issued


async def _replace(
    db: Session, order: Order, claim: Claim, lines: Sequence[ClaimLine], *, advance: bool, now: datetime
) -> None:
    """The same article again, for nothing: at once, or once the goods are back."""
    skus = {line.id: line.sku for line in (await orders.lines_of(db, [order.id]))[order.id]}
    wish = replacement_of(claim, lines, skus, advance=advance)
    try:
        exchange = (await create_exchange(db, order, wish, None, now=now)).exchange
    except ExchangeAboveLimit as refused:
        raise ClaimAboveLimit(refused.message, **refused.params) from None
    claim.exchange_id, claim.return_id = exchange.id, exchange.return_id


async def _redirect(db: Session, order: Order, claim: Claim, address: Address, *, now: datetime) -> None:
    """What was just added goes to another address: no place has heard of it before this is all done."""
    if address.as_json() == order.shipping_address:
        return
    await db.flush()
    wish = Wish(address=address)
    token = (await changes.preview_change(db, order, wish)).token
    await changes.confirm_change(db, order, wish, token, reason=f"replacement {claim.number}", now=now)


def replacement_of(
    claim: Claim, lines: Sequence[ClaimLine], skus: Mapping[UUID, str], *, advance: bool
) -> ExchangeWish:
    """The exchange of claimed pieces for the article that was ordered."""
    way = ExchangeWay.ADVANCE if advance else ExchangeWay.AFTER_RETURN
    announced = announcement_of(claim, lines)
    return ExchangeWish(
        tuple(
            PiecesWish(each.order_line_id, each.quantity, skus[each.order_line_id], each.variant_id)
            for each in announced.wishes
        ),
        way if claim.returns_goods else ExchangeWay.WITHOUT_RETURN,
        reason=RETURN_REASON[claim.kind], note=claim.number, replacement=True, anyway=True,
        shipped=announced.pieces,
    )  # fmt: skip


async def _pay_back(db: Session, order: Order, claim: Claim, lines: Sequence[ClaimLine], *, now: datetime) -> None:
    announced = announcement_of(claim, lines)
    due = await preview_return(db, order, announced)
    worth = due.amount if claim.returns_goods else due.credited + await written_off(db, order.id)
    if worth and await above_limit(db, order, worth):
        raise ClaimAboveLimit("Somebody with a higher limit has to decide this.", amount=worth, currency=order.currency)
    if not claim.returns_goods:
        claim.return_id = (await write_off(db, announced, now=now)).id
        return
    found = await returns.request_return(db, announced, now=now)
    await returns.approve_agreed(db, found.id, now=now)
    claim.return_id = found.id


def announcement_of(claim: Claim, lines: Sequence[ClaimLine]) -> Announcement:
    """The return that brings, or only counts, the claimed pieces back."""
    reason = RETURN_REASON[claim.kind]
    wishes: dict[UUID, ReturnWish] = {}
    for line in lines:
        known = wishes.get(line.order_line_id)
        count = line.quantity + (known.quantity if known else 0)
        wishes[line.order_line_id] = ReturnWish(line.order_line_id, count, reason, variant_id=line.came_id)
    pieces = {line.shipment_line_id: line.quantity for line in lines}
    return Announcement(claim.order_id, tuple(wishes.values()), note=f"{claim.number}", anyway=True, pieces=pieces)


def resolve(db: Session, claim: Claim, *, now: datetime) -> None:
    """The customer has what the claim brings."""
    transition(db, claim, ClaimState.RESOLVED, table=CLAIM, now=now)
    claim.resolved_at = now
    record(db, ClaimResolved(stream_id=claim.order_id, claim_id=claim.id, remedy=(claim.remedy or Remedy.REFUND).value))


def reopen(db: Session, claim: Claim) -> None:
    """What the claim was to bring does not come: its pieces are claimed as before, and it is decided again."""
    claim.remedy = claim.goodwill_id = claim.return_id = claim.exchange_id = None
    record(db, ClaimReopened(stream_id=claim.order_id, claim_id=claim.id, number=claim.number, kind=claim.kind.value))


def _check_undecided(claim: Claim, to: ClaimState) -> None:
    if claim.remedy is not None:
        raise TransitionRefused("Claim", claim.state, to)


def deny_claim(db: Session, claim: Claim, *, reason: str, now: datetime) -> Claim:
    """The claim is not right; raises `TransitionRefused`, `InvalidClaim` without words.

    An approved one only when what it was to bring was called off.
    """
    _check_undecided(claim, ClaimState.DENIED)
    claim.decision = _reason(reason)
    transition(db, claim, ClaimState.DENIED, table=CLAIM, now=now, reason=claim.decision)
    claim.decided_at, claim.decided_by = now, db.by
    record(db, ClaimDenied(stream_id=claim.order_id, claim_id=claim.id, reason=claim.decision))
    return claim


def cancel_claim(db: Session, claim: Claim, *, reason: str, now: datetime) -> Claim:
    """The customer takes it back, as long as nothing of it is on its way; raises as `deny_claim` does."""
    _check_undecided(claim, ClaimState.CANCELED)
    claim.decision = _reason(reason)
    transition(db, claim, ClaimState.CANCELED, table=CLAIM, now=now, reason=claim.decision)
    record(db, ClaimCanceled(stream_id=claim.order_id, claim_id=claim.id, reason=claim.decision))
    return claim


def _reason(text: str) -> str:
    if not 1 <= len(text.strip()) <= 500:
        raise InvalidClaim("1 to 500 characters.", path=("reason",), code="INVALID_REASON")
    return text.strip()
