"""What vouchers pay for that were taxed when they were sold: taken off documents, so that nothing is taxed twice.

Handing over goods for a single-purpose voucher is no supply of its own as far as the voucher pays for them (VAT
Directive art. 30b (1)). A document says the goods with their prices and takes that part off again, at the rates of the
goods, in lines below zero; what is paid beyond it is taxed. A credit note takes off what goes back onto the voucher.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.money import spread
from kontor.giftcards.values import GATEWAY, TAXED_METHOD
from kontor.invoicing import queries
from kontor.invoicing.build import Line, tax_rows, totals
from kontor.payments.models import Payment, RefundAllocation
from kontor.payments.states import PaymentMethodKind

_NAMES = {
    "de": "Bezahlt mit Einzweck-Gutschein, beim Verkauf versteuert",
    "en": "Paid by single-purpose voucher, taxed when it was sold",
}


@dataclass(slots=True)
class Part:
    """An amount and the tax in it, minor units."""

    gross: int = 0
    tax: int = 0


def supplied(lines: Iterable[Line]) -> tuple[int, int, int]:
    """Net, tax and gross of what was supplied, whatever paid for it; a document states them less what is taken off."""
    return totals(tax_rows(line for line in lines if not line.get("redeemed")))


def redeemed_lines(
    lines: Sequence[Line], amount: int, language: str, *, by_gross: bool, rest: Mapping[str, Part] | None = None
) -> list[Line]:
    """The lines that take `amount` (gross) off `lines`, one for each rate, in proportion to what is said at it.

    `rest` is what was taken off and has not been given back, by rate: what takes the last of it takes all its tax.
    """
    rows = [row for row in tax_rows(lines) if row["gross"] > 0]
    amount = min(amount, sum(row["gross"] for row in rows))
    found = []
    for row, part in zip(rows, spread(amount, [row["gross"] for row in rows]), strict=True):
        if not part:
            continue
        last = (rest or {}).get(row["rate"])
        tax = last.tax if last and last.gross == part else (2 * part * row["tax"] + row["gross"]) // (2 * row["gross"])
        shown = -part if by_gross else tax - part
        found.append(
            {
                "redeemed": True, "name": _NAMES.get(language, _NAMES["en"]), "quantity": 1, "unit_price": shown,
                "discount": 0, "total": shown, "net": tax - part, "tax": -tax, "gross": -part,
                "tax_rate": row["rate"], "pieces": 0,
            }
        )  # fmt: skip
    return found


def still_off(invoices: Iterable[Mapping[str, Any]], notes: Iterable[Mapping[str, Any]]) -> dict[str, Part]:
    """What contents of invoices take off and those of credit notes have not given back, by rate."""
    found: dict[str, Part] = {}
    for contents, sign in ((invoices, -1), (notes, 1)):
        for content in contents:
            add_off(found, content["lines"], sign)
    return found


def add_off(found: dict[str, Part], lines: Iterable[Line], sign: int) -> None:
    """Add what lines take off to the sums by rate."""
    for line in lines:
        if line.get("redeemed"):
            part = found.setdefault(line["tax_rate"], Part())
            part.gross, part.tax = part.gross + sign * line["gross"], part.tax + sign * line["tax"]


async def onto_vouchers(db: Session, refund_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What of refunds goes back onto vouchers that were taxed when they were sold, by refund, minor units."""
    found = sa.select(RefundAllocation.refund_id, RefundAllocation.amount).join(
        Payment, Payment.id == RefundAllocation.payment_id
    )
    found = found.where(Payment.kind == PaymentMethodKind(TAXED_METHOD), Payment.gateway == GATEWAY)
    sums: dict[UUID, int] = {}
    for row in await queries.rows_of(db, found, RefundAllocation.refund_id, refund_ids):
        sums[row["refund_id"]] = sums.get(row["refund_id"], 0) + row["amount"]
    return sums
