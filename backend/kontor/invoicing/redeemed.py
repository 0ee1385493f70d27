"""What vouchers pay for that were taxed when they were sold: taken off documents, so that nothing is taxed twice.

Handing over goods for a single-purpose voucher is no supply of its own as far as the voucher pays for them (VAT
Directive art. 30b (1)). A document says the goods with their prices and takes that part off again, at the rates of the
goods, in lines below zero; what is paid beyond it is taxed. A credit note takes off what vouchers do not pay any more.

So at every moment what documents take off is what vouchers pay of what is invoiced and not credited, whatever became of
it: goods that were given for goods are paid by the same vouchers once, and what goes back onto a voucher pays nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.money import spread
from kontor.giftcards.values import GATEWAY, TAXED_METHOD
from kontor.invoicing import queries
from kontor.invoicing.build import Line, tax_rows, totals
from kontor.invoicing.models import CreditNote, Invoice
from kontor.payments.kept import CANCELLATION, paid_back_for_canceled
from kontor.payments.models import Payment, Refund, RefundAllocation
from kontor.payments.states import PaymentMethodKind, RefundState

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


def add_off(found: dict[str, Part], lines: Iterable[Line], sign: int) -> None:
    """Add what lines take off to the sums by rate."""
    for line in lines:
        if line.get("redeemed"):
            part = found.setdefault(line["tax_rate"], Part())
            part.gross, part.tax = part.gross + sign * line["gross"], part.tax + sign * line["tax"]


@dataclass(slots=True)
class Vouchers:
    """The vouchers of an order that were taxed when they were sold, and what its documents say of them, minor units.

    `taken` is what was taken of them, less what went back for pieces that never shipped. `back` is what refunds of
    goods give back to them, by refund; `noted` are the refunds that have credit notes. `invoiced` is not credited
    yet; of it `off` was taken off, by rate. `ever` is what invoices took off, given back or not.
    """

    taken: int
    back: dict[UUID, int] = field(default_factory=dict)
    noted: set[UUID] = field(default_factory=set)
    invoiced: int = 0
    off: dict[str, Part] = field(default_factory=dict)
    ever: int = 0

    def _paid(self) -> int:
        """What they pay of what is invoiced. What a refund gives back counts with its credit note."""
        there = self.taken - sum(amount for refund_id, amount in self.back.items() if refund_id in self.noted)
        return max(0, min(self.invoiced, there))

    def _off(self) -> int:
        return sum(part.gross for part in self.off.values())

    def invoice(self, lines: Sequence[Line], language: str, *, by_gross: bool) -> list[Line]:
        """What an invoice with these lines takes off."""
        gross = sum(line["gross"] for line in lines)
        self.invoiced += gross
        off = redeemed_lines(lines, max(0, self._paid() - self._off()), language, by_gross=by_gross)
        self.ever -= sum(line["gross"] for line in off)
        add_off(self.off, off, -1)
        return off

    def credit(self, refund_id: UUID, lines: Sequence[Line], language: str, *, by_gross: bool) -> list[Line]:
        """What a credit note with these lines takes off."""
        self.invoiced -= sum(line["gross"] for line in lines)
        self.noted.add(refund_id)
        amount = max(0, self._off() - self._paid())
        off = redeemed_lines(lines, amount, language, by_gross=by_gross, rest=self.off)
        add_off(self.off, off, 1)
        return off


async def vouchers_of(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, Vouchers]:
    """The vouchers that were taxed when they were sold, by order; nothing for orders that none has paid for."""
    mine = sa.select(Payment.id, Payment.order_id, Payment.captured).where(
        Payment.kind == PaymentMethodKind(TAXED_METHOD), Payment.gateway == GATEWAY, Payment.captured > 0
    )
    rows = await queries.rows_of(db, mine, Payment.order_id, order_ids)
    found = {row["order_id"]: Vouchers(0) for row in rows}
    if not found:
        return found
    gone = await paid_back_for_canceled(db, found)
    for row in rows:
        found[row["order_id"]].taken += max(0, row["captured"] - gone.get(row["id"], 0))
    given = sa.select(Refund.order_id, Refund.id, RefundAllocation.amount).join(
        Refund, Refund.id == RefundAllocation.refund_id
    )
    given = given.where(Refund.kind != CANCELLATION, Refund.state != RefundState.CANCELED)
    for row in await queries.rows_of(db, given, RefundAllocation.payment_id, [row["id"] for row in rows]):
        back = found[row["order_id"]].back
        back[row["id"]] = back.get(row["id"], 0) + row["amount"]
    issued = sa.select(Invoice.order_id, Invoice.gross, Invoice.content)
    for row in await queries.rows_of(db, issued, Invoice.order_id, found):
        vouchers = found[row["order_id"]]
        vouchers.invoiced += row["gross"]
        add_off(vouchers.off, row["content"]["lines"], -1)
    for vouchers in found.values():
        vouchers.ever = vouchers._off()
    noted = sa.select(CreditNote.order_id, CreditNote.refund_id, CreditNote.gross, CreditNote.content)
    for row in await queries.rows_of(db, noted, CreditNote.order_id, found):
        vouchers = found[row["order_id"]]
        vouchers.invoiced -= row["gross"]
        vouchers.noted.add(row["refund_id"])
        add_off(vouchers.off, row["content"]["lines"], 1)
    return found
