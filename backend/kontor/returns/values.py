"""What a return is to be paid. Integer minor units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from kontor.payments.refund_due import Withheld

RETURN_FEE = "RETURN_FEE"
"""The name of the line of a refund that keeps the fee of a return."""


@dataclass(frozen=True, slots=True)
class RefundLine:
    """Pieces to pay back with the frozen amounts of their supply; `reduced` is what goodwill gave back for them before.

    The amounts are what is left after that.
    """

    order_line_id: UUID
    shipment_line_id: UUID
    quantity: int
    net: int
    tax: int
    gross: int
    tax_rate: Decimal
    reduced: int = 0


@dataclass(frozen=True, slots=True)
class RefundCharge:
    """A fee of the order that is paid back."""

    charge_id: UUID
    net: int
    tax: int
    gross: int
    tax_rate: Decimal


@dataclass(frozen=True, slots=True)
class RefundDue:
    """What a return is to be paid: pieces, charges, and the fee that is kept, a line of its own.

    `rechecked` is kept, too: discounts the kept goods no longer earn, gross by tax rate (negative: given back).
    `withheld` is what does not go back although the goods are credited, by the rule that says so; `waits` that the
    outcome of a capture decides it.
    """

    currency: str
    lines: tuple[RefundLine, ...] = ()
    charges: tuple[RefundCharge, ...] = ()
    fee: int = 0
    rechecked: Mapping[str, int] = field(default_factory=dict)
    withheld: Mapping[Withheld, int] = field(default_factory=dict)
    waits: bool = False

    @property
    def goods(self) -> int:
        """What pieces and charges come to, before anything is kept."""
        return sum(line.gross for line in self.lines) + sum(charge.gross for charge in self.charges)

    @property
    def credited(self) -> int:
        """What credit notes take off the invoices: goods and charges less what is kept of them."""
        return self.goods - self.fee - sum(self.rechecked.values())

    @property
    def amount(self) -> int:
        """What is paid out, minor units; never negative."""
        return self.credited - sum(self.withheld.values())
