"""Rules of channels: saved as versions, and asked before a customer does something."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.changes.values import Wish
from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.ids import new_id
from kontor.core.principal import Principal, PrincipalKind
from kontor.fulfillment import queries as fulfillment
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder
from kontor.fulfillment.states import OPEN_STATES, FulfillmentState
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import DeliveryType
from kontor.returns.eligibility import NEVER, Hindrance, SentPieces, choose, is_in_time
from kontor.returns.queries import sent_pieces
from kontor.selfservice.errors import InvalidPolicy, NotOffered, RulesMoved, TooLateAlone
from kontor.selfservice.models import SelfServicePolicy
from kontor.selfservice.policy import (
    DEFAULT,
    WITH_GOODS,
    Act,
    Policy,
    Stage,
    Until,
    check,
    check_claim,
    check_exchange,
    check_return,
    checked,
    furthest,
    may,
)

S = FulfillmentState
FARTHEST = timedelta(days=365)
_STAGES = {S.SCHEDULED: Stage.WAITING, S.OPEN: Stage.RELEASED, S.ON_HOLD: Stage.RELEASED}


def is_customer(principal: Principal) -> bool:
    """Whether a customer acts alone, whom the rules are for."""
    return principal.kind is PrincipalKind.CUSTOMER


async def save_policy(
    db: Session,
    channel: str,
    policy: Policy,
    *,
    valid_from: datetime | None = None,
    newest: int | None = None,
    now: datetime,
) -> SelfServicePolicy:
    """The rules of a channel by its code from a moment on, or at once: a new version; what counts then anyway is none.

    Raises `InvalidPolicy`, and `RulesMoved` when the newest version is no longer the one the caller saw (0 for none).
    """
    policy = checked(policy)
    begins = valid_from or now
    if not now - timedelta(minutes=1) <= begins <= now + FARTHEST:
        raise InvalidPolicy("From now on or within a year.", code="INVALID_DATE", path=("validFrom",))
    channel_id = await db.scalar(sa.select(SalesChannel.id).where(SalesChannel.code == channel))
    if channel_id is None:
        raise InvalidInput("There is no such channel.", code="CHANNEL_NOT_FOUND", path=("channel",))
    await db.execute(sa.select(SalesChannel.id).where(SalesChannel.id == channel_id).with_for_update())
    rows = (await versions(db, [channel_id])).get(channel_id, [])
    latest = max(rows, key=lambda row: row.version, default=None)
    known = 0 if latest is None else latest.version
    if newest is not None and newest != known:
        told = {} if latest is None else {"by": latest.created_by, "at": latest.created_at.isoformat()}
        raise RulesMoved("Somebody has changed these rules meanwhile.", path=("newest",), **told)
    there = in_force(rows, begins)
    later = [row for row in rows if row.valid_from > begins]
    if there is not None and not later and Policy.from_json(there.rules) == policy:
        return there
    row = SelfServicePolicy(
        id=new_id(), channel_id=channel_id, version=known + 1, rules=policy.as_json(), valid_from=begins,
        created_at=now, created_by=db.by,
    )  # fmt: skip
    db.add(row)
    await db.flush()
    return row


async def versions(db: Session, channel_ids: Collection[UUID] | None = None) -> dict[UUID, list[SelfServicePolicy]]:
    """All versions by channel, what begins last first; channels without rules of their own are missing."""
    found = sa.select(SelfServicePolicy).order_by(
        SelfServicePolicy.channel_id, SelfServicePolicy.valid_from.desc(), SelfServicePolicy.version.desc()
    )
    if channel_ids is not None:
        found = found.where(SelfServicePolicy.channel_id.in_(channel_ids))
    kept: dict[UUID, list[SelfServicePolicy]] = {}
    for row in await db.scalars(found):
        kept.setdefault(row.channel_id, []).append(row)
    return kept


def in_force(rows: Sequence[SelfServicePolicy], moment: datetime) -> SelfServicePolicy | None:
    """Of a channel's versions, what begins last first, the one that counts at a moment. Pure."""
    return next((row for row in rows if row.valid_from <= moment), None)


async def policies(db: Session, channel_ids: Collection[UUID] | None = None) -> dict[UUID, SelfServicePolicy]:
    """The version that counts now, by channel; channels without rules of their own are missing."""
    kept = await versions(db, channel_ids)
    chosen = {channel_id: in_force(rows, db.now) for channel_id, rows in kept.items()}
    return {channel_id: row for channel_id, row in chosen.items() if row is not None}


async def policy_of(db: Session, channel_id: UUID) -> Policy:
    """What customers of a channel may do."""
    row = (await policies(db, [channel_id])).get(channel_id)
    return DEFAULT if row is None else Policy.from_json(row.rules)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an order's goods have come: open pieces by line and stage, and the furthest of all.

    `asked` are pieces that a place was asked to give back already.
    """

    pieces: Mapping[UUID, Mapping[Stage, int]]
    stage: Stage
    asked: Mapping[UUID, int] = field(default_factory=dict)

    def alone(self, policy: Policy, act: Act, line_id: UUID) -> int:
        """How many pieces of a line a customer may still act on."""
        own = self.pieces.get(line_id, {})
        free = sum(count for stage, count in own.items() if may(policy, act, stage))
        return max(0, min(free, sum(own.values()) - self.asked.get(line_id, 0)))

    def stage_of(self, line_id: UUID) -> Stage:
        """The furthest stage of a line's open pieces; of a line without any, that of goods that left."""
        own = [stage for stage, count in self.pieces.get(line_id, {}).items() if count]
        return furthest(own) if own else Stage.SHIPPED


async def progress_of(db: Session, order: Order, lines: Collection[OrderLine], *, lock: bool = False) -> Progress:
    """How far an order has come; `lock` holds its work as it is."""
    if lock:
        rows = await fulfillment.lock_of_order(db, order.id, OPEN_STATES)
    else:
        found = sa.select(FulfillmentOrder).where(
            FulfillmentOrder.order_id == order.id, FulfillmentOrder.state.in_(OPEN_STATES)
        )
        rows = list(await db.scalars(found))
    by_work: dict[UUID, list[FulfillmentLine]] = await fulfillment.lines_of(db, [row.id for row in rows])
    pieces: dict[UUID, dict[Stage, int]] = {line.id: {Stage.WAITING: line.open_quantity} for line in lines}
    asked: dict[UUID, int] = {}
    stages = [Stage.SHIPPED] if any(line.shipped for line in lines) else []
    for row in rows:
        stage = _STAGES.get(row.state, Stage.BEGUN)
        stages.append(stage)
        for each in by_work[row.id]:
            own = pieces.setdefault(each.order_line_id, {Stage.WAITING: 0})
            own[Stage.WAITING] = max(0, own.get(Stage.WAITING, 0) - each.quantity)
            own[stage] = own.get(stage, 0) + each.quantity
            if row.cancel_requested:
                asked[each.order_line_id] = asked.get(each.order_line_id, 0) + each.quantity
    return Progress(pieces, furthest(stages), asked)


async def _zone(db: Session, order: Order) -> str:
    found = sa.select(LegalEntity.timezone).join(SalesChannel, SalesChannel.legal_entity_id == LegalEntity.id)
    return await db.scalar(found.where(SalesChannel.id == order.channel_id)) or "UTC"


async def cancelable(
    db: Session, order: Order, lines: Collection[OrderLine], wanted: Mapping[UUID, int] | None
) -> dict[UUID, int]:
    """The pieces of a locked order that its customer may cancel alone: those wanted, or without a wish all there are.

    Raises `NotOffered`, or `TooLateAlone` when more is wanted, or nothing is left.
    """
    policy = await policy_of(db, order.channel_id)
    progress = await progress_of(db, order, lines, lock=True)
    free: dict[UUID, int] = {}
    for line in lines:
        asked = (wanted or {}).get(line.id)
        act = Act.CANCEL if asked is None or asked >= line.open_quantity else Act.REDUCE
        free[line.id] = progress.alone(policy, act, line.id)
        refused = asked is not None and (asked > free[line.id] or not may(policy, act, Stage.WAITING))
        # What is asked beyond what there is at all is refused by the cancellation itself.
        if refused and asked is not None and asked <= line.open_quantity:
            check(policy, act, progress.stage_of(line.id))
    if wanted is not None:
        return dict(wanted)
    left = {line_id: count for line_id, count in free.items() if count}
    if not left and any(line.open_quantity or line.shipped for line in lines):
        check(policy, Act.CANCEL, Stage.SHIPPED if progress.stage is Stage.WAITING else progress.stage)
    return left


async def check_returnable(db: Session, order: Order, wanted: Mapping[UUID, int], *, now: datetime) -> None:
    """Raise `NotOffered` or `TooLateAlone` when the customer may not send these pieces of lines back alone.

    What cannot be sent back at all is refused by the return itself.
    """
    policy = await policy_of(db, order.channel_id)
    check_return(policy, None, date.max)  # whether it is offered at all
    await _check_days(db, order, policy, wanted, now=now)


async def _check_days(db: Session, order: Order, policy: Policy, wanted: Mapping[UUID, int], *, now: datetime) -> None:
    if policy.return_days is None:
        return
    zone = await _zone(db, order)
    today, sent = local_day(now, zone), await sent_pieces(db, order.id, zone)
    for line_id, quantity in wanted.items():
        own = [each for each in sent if each.order_line_id == line_id]
        _, hindrance = choose(own, quantity, return_days=policy.return_days, today=today)
        if hindrance is Hindrance.TOO_LATE:
            came = min((each.delivered_on for each in own if each.delivered_on is not None), default=None)
            check_return(policy, came, today)


def returnable_until(
    sent: Sequence[SentPieces], *, days: Sequence[int | None], today: date
) -> dict[UUID, date | None]:  # fmt: skip
    """The lines of which pieces can be sent back today, each with the last day of its latest pieces. Pure.

    None as the day stands for pieces that have not arrived. `days` are the times that count, the shortest first of all.
    """
    least = min((each for each in days if each is not None), default=None)
    found: dict[UUID, date | None] = {}
    for each in sent:
        if each.left <= 0 or each.kind in NEVER:
            continue
        if least is not None and not is_in_time(each, return_days=least, today=today):
            continue
        last = None if each.delivered_on is None or least is None else each.delivered_on + timedelta(days=least)
        known = found.get(each.order_line_id, last)
        found[each.order_line_id] = None if known is None or last is None else max(known, last)
    return found


async def check_exchangeable(db: Session, order: Order, wanted: Mapping[UUID, int], *, now: datetime) -> None:
    """Raise `NotOffered` or `TooLateAlone` when the customer may not ask for other goods for these pieces alone."""
    policy = await policy_of(db, order.channel_id)
    check_exchange(policy, None, date.max)  # whether it is offered at all
    await _check_days(db, order, policy, wanted, now=now)


async def check_claimable(db: Session, order: Order) -> None:
    """Raise `NotOffered` when the customer may not report a problem with goods of an order alone."""
    check_claim(await policy_of(db, order.channel_id), sent=bool(await sent_pieces(db, order.id, "UTC")))


@dataclass(frozen=True, slots=True)
class Offer:
    """What a customer may do with an order alone: `hindered` says why not of what is not allowed."""

    policy: Policy
    hindered: Mapping[Act, KontorError]
    cancelable: Mapping[UUID, int]
    returnable_until: Mapping[UUID, date | None]


async def offer_of(db: Session, order: Order, lines: Collection[OrderLine], *, now: datetime) -> Offer:
    """What the customer of an order may do alone now; lines are returnable until a day, once they have come."""
    policy, progress = await policy_of(db, order.channel_id), await progress_of(db, order, lines)
    zone = await _zone(db, order)
    today, sent = local_day(now, zone), await sent_pieces(db, order.id, zone)
    open_lines = [line.id for line in lines if line.open_quantity]
    stages = {stage for line_id in open_lines for stage, count in progress.pieces[line_id].items() if count}
    earliest = min(stages, key=list(Stage).index, default=Stage.SHIPPED)
    hindered: dict[Act, KontorError] = {}
    for act in Act:
        if act in WITH_GOODS:
            continue
        try:
            if act is Act.CLAIM:
                check_claim(policy, sent=bool(sent))
            else:
                check(policy, act, earliest if act in _BY_LINE else progress.stage)
        except KontorError as problem:
            hindered[act] = problem
    days = await db.scalar(sa.select(SalesChannel.return_days).where(SalesChannel.id == order.channel_id)) or 0
    returnable = returnable_until(sent, days=(days, policy.return_days), today=today)
    if not policy.returns or not returnable:
        try:
            check_return(policy, None, today)
            hindered[Act.RETURN] = TooLateAlone("Nothing can be sent back.", code="NOTHING_TO_RETURN", act="RETURN")
        except KontorError as problem:
            hindered[Act.RETURN] = problem
        returnable = {}
    if not policy.exchanges:
        hindered[Act.EXCHANGE] = NotOffered("The shop does not offer this.", act=Act.EXCHANGE.value)
    elif Act.RETURN in hindered:
        hindered[Act.EXCHANGE] = hindered[Act.RETURN]
    cancel = {line_id: count for line_id in open_lines if (count := progress.alone(policy, Act.CANCEL, line_id))}
    return Offer(policy, hindered, cancel, returnable)


_BY_LINE = frozenset({Act.CANCEL, Act.REDUCE, Act.SWAP})


async def check_change(db: Session, order: Order, lines: Collection[OrderLine], wish: Wish) -> None:
    """Raise `NotOffered` or `TooLateAlone` when the customer may not change this alone.

    A customer may have an order collected; what carriage costs instead is for the shop to say.
    """
    policy, progress = await policy_of(db, order.channel_id), await progress_of(db, order, lines)
    by_id = {line.id: line for line in lines}
    for each in wish.lines:
        line = by_id.get(each.line_id)
        if line is None:
            continue  # the change itself says that there is no such line
        less = line.ordered - line.canceled - each.quantity
        if less < 0:
            check(policy, Act.ADD, progress.stage)
        elif less:
            act = Act.CANCEL if each.quantity == 0 else Act.REDUCE
            if policy.until(act) is Until.NEVER or less > progress.alone(policy, act, line.id):
                check(policy, act, progress.stage_of(line.id))
    for swap in wish.swaps:
        check(policy, Act.SWAP, progress.stage_of(swap.line_id))
    whole = {
        Act.ADD: bool(wish.adds), Act.ADDRESS: wish.address is not None, Act.DELIVERY: wish.delivery is not None,
        Act.DATE: wish.requested_on is not None,
    }  # fmt: skip
    for act, wished in whole.items():
        if wished:
            check(policy, act, progress.stage)
    if wish.delivery is not None and wish.delivery.type is not DeliveryType.PICKUP:
        raise NotOffered("The shop does not offer this.", act=Act.DELIVERY.value)
