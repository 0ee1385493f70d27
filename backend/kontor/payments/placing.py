"""Place orders together with their promises of money, in one transaction.

Payments stand above orders, so this is where both are written. What is wrong with a payment is found before anything
is written, so it refuses its own order alone.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from kontor.auth import audit
from kontor.channels.queries import days_of_sellers
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError, Unavailable
from kontor.core.ids import new_id
from kontor.orders.placing import Outcome, Placed, Placement, Taken, place_orders, take_stock
from kontor.orders.resolving import Resolved
from kontor.payments.debiting import Known, mandate_for, named_mandates
from kontor.payments.errors import MandateNotValid
from kontor.payments.methods import MethodRule, check_method
from kontor.payments.models import Mandate, Payment
from kontor.payments.offering import methods_by_code
from kontor.payments.states import PaymentMethodKind, PaymentState
from kontor.payments.vouchers import Vouchers, check_voucher, named_vouchers

_COLUMNS = (
    "id", "order_id", "position", "kind", "gateway", "state", "currency", "amount", "authorized", "captured",
    "refunded", "token", "label", "mandate_id", "multi_capture", "created_at", "updated_at",
)  # fmt: skip


Chosen = dict[tuple[str, str, int], Mandate]
"""Mandates by channel and external number of an order and the position of its payment."""


async def take_orders(
    db: Session, batch: Sequence[Taken], numbers: Sequence[int], *, stock_last: bool = False
) -> list[Outcome]:
    """Place the batch and write its payments; the outcome of each order in its position.

    With `stock_last` its stock rows are locked for the last moments of the transaction only; raises `StockMoved` when
    what the batch was planned on is gone by then.
    """
    rules = await methods_by_code(db, [each.order.channel for each in batch])
    known = await named_mandates(db, [payment for each in batch for payment in each.order.payments])
    vouchers = await named_vouchers(db, [payment for each in batch for payment in each.order.payments])
    mandates: Chosen = {}
    days = await days_of_sellers(db, db.now) if known else {}

    def approve(resolved: Resolved) -> None:
        check_promises(resolved, rules)
        check_vouchers(resolved, vouchers)
        choose_mandates(resolved, known, mandates, days.get(resolved.channel.legal_entity_id, date.max))

    outcomes = await place_orders(db, batch, numbers, approve=approve, stock_last=stock_last)
    ask_again(outcomes, batch, mandates)
    fresh = [each.placement for each in outcomes if isinstance(each, Placed) and each.placement]
    await db.bulk_insert(Payment, _COLUMNS, [row for placement in fresh for row in _rows(db, placement, mandates)])
    for placement in fresh:  # one unit of work may serve many calls
        audit.note(
            db,
            "placeOrder",
            [("order", placement.order_id)],
            principal=placement.resolved.principal,
            request_id=placement.request_id,
        )
    if stock_last and fresh:
        await db.write_records()
        await take_stock(db, fresh)
    return outcomes


def check_promises(resolved: Resolved, rules: Mapping[UUID, Sequence[MethodRule]]) -> None:
    """The payments use methods of the channel and add up to the order; raises `InvalidInput` naming the payment.

    `rules` are what channels say of their methods by country and amount; a channel that says nothing takes all it has.

    A channel may tolerate a difference of `payment_tolerance` minor units (instalment interest, rounding at a
    marketplace). Without any payment the order is on account, where the channel allows that.
    """
    channel, payments = resolved.channel, resolved.input.payments
    allowed = set(channel.payment_methods)
    if not payments:
        if PaymentMethodKind.ON_ACCOUNT not in allowed and resolved.total > 0:
            raise InvalidInput("The order names no payment.", code="PAYMENT_MISSING", path=("payments",))
        if resolved.total > 0:
            said = rules.get(channel.id, ())
            check_method(said, PaymentMethodKind.ON_ACCOUNT, resolved.country, resolved.total, path=("payments",))
        return
    for index, payment in enumerate(payments):
        if payment.kind not in allowed:
            raise InvalidInput(
                f"{channel.code} does not take {payment.kind}.",
                code="PAYMENT_METHOD_NOT_ALLOWED",
                path=("payments", index, "kind"),
                allowed=sorted(allowed),
            )
        said = rules.get(channel.id, ())
        check_method(said, payment.kind, resolved.country, payment.amount, path=("payments", index))
    paid = sum(payment.amount for payment in payments)
    if abs(paid - resolved.total) > int(channel.settings.get("payment_tolerance", 0)):
        raise InvalidInput(
            f"The payments add up to {paid}, the order to {resolved.total}.",
            code="PAYMENTS_MISMATCH",
            path=("payments",),
            paid=paid,
            total=resolved.total,
        )


def check_vouchers(resolved: Resolved, known: Vouchers) -> None:
    """Vouchers that were taxed when they were sold pay for what they were taxed for; raises `VoucherNotForThis`."""
    classes = {line.tax_class for line in resolved.lines} | {charge.tax_class for charge in resolved.charges}
    seller, place = resolved.channel.legal_entity_id, resolved.taxation.place
    for index, payment in enumerate(resolved.input.payments):
        try:
            check_voucher(payment, known, seller=seller, place=place, classes=classes)
        except KontorError as problem:
            raise problem.within("payments", index) from None


def choose_mandates(resolved: Resolved, known: Known, chosen: Chosen, today: date) -> None:
    """Note the mandate of each direct debit of an order; raises what `mandate_for` raises, naming the payment.

    A mandate for one debit is for one payment: what another order of the batch has chosen is taken. An order that is
    refused here chooses nothing.
    """
    order = resolved.input
    mine: Chosen = {}
    for index, payment in enumerate(order.payments):
        try:
            found = mandate_for(payment, resolved.channel.settings, resolved.currency, known, today)
            if found is not None and found.once and any(found is each for each in (*chosen.values(), *mine.values())):
                raise MandateNotValid(
                    f"The mandate {found.reference} cannot be drawn on.", path=("mandate",), mandate=found.reference,
                    reason="USED",
                )  # fmt: skip
        except KontorError as problem:
            raise problem.within("payments", index) from None
        if found is not None:
            mine[order.channel, order.external_id, index] = found
    chosen.update(mine)


def ask_again(outcomes: list[Outcome], batch: Sequence[Taken], chosen: Chosen) -> None:
    """Orders that are refused after all leave mandates that others of the batch were refused for: those may ask again.

    See `orders.placing.ask_again` for coupons.
    """
    placed = {
        (taken.order.channel, taken.order.external_id)
        for taken, outcome in zip(batch, outcomes, strict=True)
        if isinstance(outcome, Placed)
    }
    left = {mandate.reference for key, mandate in chosen.items() if mandate.once and key[:2] not in placed}
    for index, outcome in enumerate(outcomes):
        if (
            isinstance(outcome, MandateNotValid)
            and outcome.params["reason"] == "USED"
            and outcome.params["mandate"] in left
        ):
            outcomes[index] = Unavailable(
                "The mandate is held by another order at this moment; please send the order again.",
                code="TRY_AGAIN",
                path=outcome.path,
            )


def _rows(db: Session, placement: Placement, mandates: Chosen) -> list[tuple[object, ...]]:
    resolved = placement.resolved
    order = resolved.input
    key = (order.channel, order.external_id)
    promises = [(each.kind, each.gateway, each.amount, each.token, each.label) for each in resolved.input.payments]
    if not promises:
        promises = [(str(PaymentMethodKind.ON_ACCOUNT), "", resolved.total, None, None)]
    return [
        (
            new_id(), placement.order_id, position, PaymentMethodKind(kind), gateway, PaymentState.CREATED,
            resolved.currency, amount, 0, 0, 0, token, label, *_mandate(mandates.get((*key, position - 1))), db.now,
            db.now,
        )
        for position, (kind, gateway, amount, token, label) in enumerate(promises, 1)
    ]  # fmt: skip


def _mandate(mandate: Mandate | None) -> tuple[UUID | None, bool | None]:
    """The mandate of a payment, and that it is taken in no parts where it is for one debit."""
    return (None, None) if mandate is None else (mandate.id, False if mandate.once else None)
