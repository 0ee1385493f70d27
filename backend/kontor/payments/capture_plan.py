"""Which payments to capture now, given what has left so far: never more than promised, never more than shipped."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kontor.core.errors import InvalidInput
from kontor.core.money import spread
from kontor.payments.states import PaymentMethodKind


class CapturePolicy(StrEnum):
    """In which order the payments of one order are drawn on."""

    STORED_VALUE_FIRST = "STORED_VALUE_FIRST"
    CARD_FIRST = "CARD_FIRST"
    RATIO = "RATIO"
    CHOSEN = "CHOSEN"


@dataclass(frozen=True, slots=True)
class PlannedPayment:
    """One payment of the order, amounts in minor units of one currency.

    `authorized` is what is promised and still valid, captured part included; on account, what is agreed. `captured`
    is what was taken, came in or was invoiced, less what went back for goods that never shipped. `position` is
    the place in the chosen order. One whose last capture was `declined` is drawn on when the others are not enough.
    One that is paid `at_the_till` is no money in advance although its method is. A voucher that was `taxed` when it was
    sold comes first under every policy: invoices say what it pays for, as that is not taxed again.
    """

    id: str
    kind: PaymentMethodKind
    authorized: int
    captured: int = 0
    multi_capture: bool = True
    position: int = 0
    declined: bool = False
    at_the_till: bool = False
    taxed: bool = False

    @property
    def in_advance(self) -> bool:
        """Its money is there already."""
        return self.kind.money_in_advance and not self.at_the_till

    @property
    def billed_later(self) -> bool:
        """It is invoiced, and paid some time after that."""
        return not self.kind.captured_by_kontor and not self.at_the_till

    @property
    def capacity(self) -> int:
        """The most that can ever be taken: a gateway with one capture is done after the first."""
        if self.captured and not self.multi_capture:
            return self.captured
        return max(self.authorized, self.captured)


@dataclass(frozen=True, slots=True)
class Share:
    """An amount of one payment."""

    payment: str
    amount: int


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """`captures` to take now, `billed` to invoice on account, `releases` to void once all of that is done, `uncovered`
    by nobody."""

    captures: tuple[Share, ...]
    billed: tuple[Share, ...]
    releases: tuple[Share, ...]
    uncovered: int


def plan_captures(
    payments: Sequence[PlannedPayment], *, shipped: int, policy: CapturePolicy, final: bool = False
) -> CapturePlan:
    """Decide what to take now for a cumulative value `shipped` in minor units.

    Money paid in advance counts first. A gateway with one capture waits until its share can grow no more, that is
    until the share is its whole authorization or `final` says that nothing else will ship; then the rest is released.
    Capturing shipment by shipment ends at the same total as capturing once.

    >>> card = PlannedPayment("card", PaymentMethodKind.CARD, authorized=8000)
    >>> gift = PlannedPayment("gift", PaymentMethodKind.GIFT_CARD, authorized=2000)
    >>> plan_captures([card, gift], shipped=3000, policy=CapturePolicy.STORED_VALUE_FIRST).captures
    (Share(payment='gift', amount=2000), Share(payment='card', amount=1000))
    """
    if shipped < 0:
        raise InvalidInput("The value shipped cannot be negative.", path=("shipped",))
    advance = sum(payment.captured for payment in payments if payment.in_advance)
    drawn = _in_order([payment for payment in payments if not payment.in_advance], policy)
    due = max(0, shipped - advance)
    targets = _targets(drawn, due, policy)
    shares = [
        (payment, target - payment.captured)
        for payment, target in zip(drawn, targets, strict=True)
        if target > payment.captured and (payment.multi_capture or final or target == payment.capacity)
    ]
    return CapturePlan(
        captures=tuple(Share(payment.id, amount) for payment, amount in shares if not payment.billed_later),
        billed=tuple(Share(payment.id, amount) for payment, amount in shares if payment.billed_later),
        releases=_releases(drawn, targets) if final else (),
        uncovered=max(0, due - sum(targets)),
    )


def _targets(drawn: Sequence[PlannedPayment], due: int, policy: CapturePolicy) -> list[int]:
    """What each payment should have given once `due` is covered; never below what it gave already."""
    total = min(due, sum(payment.capacity for payment in drawn))
    sound = [payment.capacity for payment in drawn if not payment.declined]
    first = min(total, sum(sound))
    wanted = _fill(first, sound)
    if policy is CapturePolicy.RATIO:
        vouchers = len([each for each in drawn if each.taxed and not each.declined])
        paid = wanted[:vouchers]
        wanted = [*paid, *spread(first - sum(paid), sound[vouchers:])]
    wanted += _fill(total - first, [payment.capacity for payment in drawn if payment.declined])
    targets = [max(want, payment.captured) for want, payment in zip(wanted, drawn, strict=True)]
    # What was captured under another order of payments, or rounded up before, comes off the others, last one first.
    surplus = sum(targets) - total
    for index in reversed(range(len(drawn))):
        cut = min(surplus, targets[index] - drawn[index].captured)
        if cut > 0:
            targets[index] -= cut
            surplus -= cut
    return targets


def _fill(total: int, capacities: Sequence[int]) -> list[int]:
    filled = []
    for capacity in capacities:
        filled.append(min(total, capacity))
        total -= filled[-1]
    return filled


def _releases(drawn: Sequence[PlannedPayment], targets: Sequence[int]) -> tuple[Share, ...]:
    return tuple(
        Share(payment.id, payment.authorized - target)
        for payment, target in zip(drawn, targets, strict=True)
        if (payment.kind.authorizes or payment.at_the_till) and payment.authorized > target
    )


def _in_order(payments: Sequence[PlannedPayment], policy: CapturePolicy) -> list[PlannedPayment]:
    return sorted(
        payments,
        key=lambda payment: (payment.declined, _rank(payment, policy), payment.position, payment.id),
    )


def _rank(payment: PlannedPayment, policy: CapturePolicy) -> int:
    kind = payment.kind
    if payment.taxed:
        return -1
    if policy is CapturePolicy.CHOSEN:
        return 0
    if kind is PaymentMethodKind.ON_ACCOUNT:
        return 2  # what nothing else pays for is what goes on account
    return int(kind.stored_value if policy is CapturePolicy.CARD_FIRST else not kind.stored_value)
