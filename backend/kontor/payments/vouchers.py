"""Which orders a voucher that was taxed when it was sold may pay for: those its tax was right for."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.giftcards.models import GiftCard
from kontor.giftcards.service import taxed_cards
from kontor.giftcards.values import GATEWAY, TAXED_METHOD, is_taxed
from kontor.orders.intake import PaymentInput
from kontor.orders.models import Order, OrderCharge, OrderLine
from kontor.orders.states import FulfillmentStatus
from kontor.payments.errors import VoucherNotForThis
from kontor.payments.models import Payment
from kontor.payments.states import PaymentMethodKind, PaymentState
from kontor.tax.determination import PlaceOfSupply, TaxTreatment

Vouchers = Mapping[str, GiftCard]
"""Cards that were taxed when they were sold, by the code a payment names."""


async def named_vouchers(db: Session, payments: Iterable[PaymentInput]) -> Vouchers:
    """The cards of payments by vouchers that were taxed when they were sold."""
    codes = {each.token for each in payments if each.token and is_taxed(each.kind, each.gateway)}
    return await taxed_cards(db, codes) if codes else {}


def check_voucher(
    payment: PaymentInput, known: Vouchers, *, seller: UUID, place: PlaceOfSupply | None, classes: Collection[str]
) -> None:
    """Everything in an order has to be what the voucher's tax was charged for (VAT Directive art. 30a (2)).

    `classes` are the tax classes of goods and fees. Raises `VoucherNotForThis`; codes of no such card are declined
    when they are asked to pay, like any other that cannot.
    """
    card = known.get(payment.token or "")
    if card is None or card.tax_class is None:
        return
    reasons = (
        ("SELLER", card.legal_entity_id != seller),
        ("PLACE", place is None or place.treatment is not TaxTreatment.DOMESTIC or place.country != card.country),
        ("TAX_CLASS", bool(set(classes) - {card.tax_class})),
    )
    for reason, differs in reasons:
        if differs:
            raise VoucherNotForThis(
                "The voucher was taxed for other goods.", path=("token",), reason=reason, tax_class=card.tax_class,
                country=card.country or "",
            )  # fmt: skip


async def check_added(db: Session, order: Order, payment: PaymentInput) -> None:
    """The same for a payment that is named for an order later on.

    Before anything of the order left: its invoices say what vouchers pay for. Raises `VoucherNotForThis`.
    """
    if not is_taxed(payment.kind, payment.gateway):
        return
    if order.fulfillment_status is not FulfillmentStatus.UNFULFILLED:
        raise VoucherNotForThis("Goods of the order have been invoiced.", path=("kind",), reason="INVOICED")
    known = await named_vouchers(db, [payment])
    seller, classes = await _sold(db, order)
    check_voucher(payment, known, seller=seller, place=order.place_of_supply, classes=classes)


async def check_changed(db: Session, order: Order, *, more: Collection[str]) -> None:
    """Whether the vouchers that pay for an order still may when lines of the classes `more` are added, or it is sold
    to another place. Raises `VoucherNotForThis`."""
    found = sa.select(Payment.token, Payment.amount).where(
        Payment.order_id == order.id,
        Payment.kind == PaymentMethodKind(TAXED_METHOD),
        Payment.gateway == GATEWAY,
        Payment.state.not_in((PaymentState.FAILED, PaymentState.VOIDED)),
    )
    payments = [PaymentInput(TAXED_METHOD, amount, GATEWAY, token) for token, amount in await db.execute(found)]
    if not payments:
        return
    known = await named_vouchers(db, payments)
    seller, _ = await _sold(db, order)
    for payment in payments:
        try:
            check_voucher(payment, known, seller=seller, place=order.place_of_supply, classes=more)
        except VoucherNotForThis as refusal:
            refusal.path = ("address",) if refusal.params["reason"] == "PLACE" else ("lines",)
            raise


async def _sold(db: Session, order: Order) -> tuple[UUID, set[str]]:
    """Seller and tax classes of an order."""
    seller = await db.scalar(sa.select(SalesChannel.legal_entity_id).where(SalesChannel.id == order.channel_id))
    assert seller is not None
    classes: set[str] = set()
    for column, of in ((OrderLine.tax_class, OrderLine.order_id), (OrderCharge.tax_class, OrderCharge.order_id)):
        classes.update(await db.scalars(sa.select(column).where(of == order.id).distinct()))
    return seller, classes
