"""From a recorded order to what is done with it, when, and where it has to end. Pure.

The recorded states say more than Kontor's orders have (and less than its fulfillment orders have); ENDINGS is the
mapping, by name. Where the set gives a time that cannot be (delivered before handed over) or none at all, a named rule
fills it in and is counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from hashlib import blake2b

from kontor.bench.replay.dataset import Recorded

RETURNED_PER_THOUSAND = 20
CANCEL_AFTER = timedelta(days=1)
PAY_AFTER = timedelta(days=1)
COMES_BACK_AFTER = timedelta(days=7)
RETURN_AFTER = timedelta(days=5)
TRAVELS_BACK = timedelta(days=5)


class Ending(StrEnum):
    """Where an order has to stand when the replay is over."""

    DELIVERED = "delivered"
    RETURNED = "delivered, returned in whole and refunded"
    RETURNED_IN_PART = "delivered, one piece returned and refunded"
    SHIPPED = "shipped"
    ACCEPTED = "accepted by its sellers"
    OPEN = "released to its sellers"
    CANCELED = "canceled before hand-over"
    RECALLED = "canceled after hand-over: sent back and refunded"
    GIVEN_BACK = "canceled after delivery: returned and refunded"
    UNAVAILABLE = "refused by its seller, canceled"


ENDINGS = {
    "delivered": Ending.DELIVERED,
    "shipped": Ending.SHIPPED,
    "invoiced": Ending.ACCEPTED,
    "processing": Ending.OPEN,
    "approved": Ending.OPEN,
    "unavailable": Ending.UNAVAILABLE,
}
WENT_BACK = frozenset({Ending.RETURNED, Ending.RECALLED, Ending.GIVEN_BACK})
SENT = WENT_BACK | {Ending.DELIVERED, Ending.RETURNED_IN_PART, Ending.SHIPPED}


class Act(StrEnum):
    """What somebody does with an order; ACCEPT has no time of its own, it follows the release."""

    PLACE = "place"
    PAY = "pay"
    ACCEPT = "accept"
    REFUSE = "refuse"
    SHIP = "ship"
    DELIVER = "deliver"
    CANCEL = "cancel"
    RETURN = "return"
    TAKE_BACK = "take back"


# The payment methods of the set in Kontor's words, with the token the gateway simulator knows; the channel keeps
# the balance of vouchers itself.
METHODS: dict[str, tuple[str, str | None]] = {
    "credit_card": ("CARD", "tok_visa"),
    "debit_card": ("WALLET", "tok_wallet"),
    "voucher": ("VOUCHER", None),
    "boleto": ("PREPAYMENT", None),
    "not_defined": ("ON_ACCOUNT", None),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is due."""

    at: datetime
    act: Act


@dataclass(frozen=True, slots=True)
class Story:
    """A recorded order with its ending and the steps that lead there, in the order of time."""

    order: Recorded
    ending: Ending
    steps: tuple[Step, ...]

    @property
    def prepaid(self) -> bool:
        """Whether nothing moves before money has come in."""
        return any(METHODS[paid.kind][0] == "PREPAYMENT" for paid in self.payments)

    @property
    def payments(self) -> list[_Payment]:
        """What is promised; payments of nothing are left out."""
        return [_Payment(paid.kind, paid.amount) for paid in self.order.payments if paid.amount]

    @property
    def accepted(self) -> bool:
        """Whether its sellers take it on."""
        return self.ending in SENT or self.ending in (Ending.ACCEPTED, Ending.CANCELED)


@dataclass(frozen=True, slots=True)
class _Payment:
    kind: str
    amount: int

    @property
    def method(self) -> str:
        """Kontor's name of the method."""
        return METHODS[self.kind][0]

    @property
    def token(self) -> str | None:
        """What the gateway charges."""
        return METHODS[self.kind][1]


def story(order: Recorded, notes: Counter[str], *, returned_per_thousand: int = RETURNED_PER_THOUSAND) -> Story:
    """Plan one order; what had to be filled in is counted in `notes`."""
    ending = _ending(order, returned_per_thousand)
    steps = [Step(order.purchased_at, Act.PLACE)]
    if any(METHODS[paid.kind][0] == "PREPAYMENT" for paid in order.payments):
        if order.approved_at is None:
            notes["paid in advance without a time of approval (one day after the purchase)"] += 1
        steps.append(Step(order.approved_at or order.purchased_at + PAY_AFTER, Act.PAY))
    notes.update(_omissions(order))
    steps += _further(order, ending, steps[-1].at, notes)
    return Story(order, ending, _in_order(steps, notes))


def _ending(order: Recorded, returned_per_thousand: int) -> Ending:
    if order.status == "canceled":
        if order.delivered_at is not None:
            return Ending.GIVEN_BACK
        return Ending.RECALLED if order.handed_over_at is not None else Ending.CANCELED
    ending = ENDINGS[order.status]
    if ending is Ending.DELIVERED:
        draw = int.from_bytes(blake2b(order.id.encode(), digest_size=4).digest(), "big")
        if draw % 1000 < returned_per_thousand:
            return Ending.RETURNED if draw % 2 else Ending.RETURNED_IN_PART
    return ending


def _omissions(order: Recorded) -> Counter[str]:
    found: Counter[str] = Counter()
    found["payments of 0.00 (left out)"] = sum(1 for paid in order.payments if not paid.amount)
    found["orders without payment (on account)"] = int(not any(paid.amount for paid in order.payments))
    if order.payments and sum(paid.amount for paid in order.payments) != order.goods + order.freight:
        found["orders paid otherwise than owed (within the tolerance of the channel)"] = 1
    return +found


def _further(order: Recorded, ending: Ending, ready: datetime, notes: Counter[str]) -> list[Step]:
    if ending in (Ending.ACCEPTED, Ending.OPEN):
        return []
    if ending is Ending.CANCELED:
        return [Step((order.approved_at or ready) + CANCEL_AFTER, Act.CANCEL)]
    if ending is Ending.UNAVAILABLE:
        refused = (order.approved_at or ready) + CANCEL_AFTER
        return [Step(refused, Act.REFUSE), Step(refused + CANCEL_AFTER, Act.CANCEL)]
    return _sent(order, ending, notes)


def _sent(order: Recorded, ending: Ending, notes: Counter[str]) -> list[Step]:
    left = order.handed_over_at
    if left is None:
        notes["sent without a time of hand-over (that of approval)"] += 1
        left = order.approved_at or order.purchased_at
    steps = [Step(left, Act.SHIP)]
    if ending is Ending.SHIPPED:
        return steps
    if ending is Ending.RECALLED:
        back = left + COMES_BACK_AFTER
    else:
        arrived = order.delivered_at
        if arrived is None:
            notes["delivered without a time of delivery (noon of the promised day)"] += 1
            arrived = datetime.combine(order.promised_on, time(15), UTC)
        steps.append(Step(arrived, Act.DELIVER))
        back = max(arrived, left) + RETURN_AFTER
    if ending in WENT_BACK or ending is Ending.RETURNED_IN_PART:
        steps += [Step(back, Act.RETURN), Step(back + TRAVELS_BACK, Act.TAKE_BACK)]
    return steps


def _in_order(steps: list[Step], notes: Counter[str]) -> tuple[Step, ...]:
    """No step before the one it needs."""
    ordered = steps[:1]
    for step in steps[1:]:
        if step.at < ordered[-1].at:
            notes[f"{step.act} recorded before {ordered[-1].act} (done right after it)"] += 1
        ordered.append(Step(max(step.at, ordered[-1].at), step.act))
    return tuple(ordered)
