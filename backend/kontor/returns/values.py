"""What a return is to be paid. Integer minor units."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RefundLine:
    """Pieces to pay back with the frozen amounts of their supply."""

    order_line_id: UUID
    shipment_line_id: UUID
    quantity: int
    net: int
    tax: int
    gross: int
    tax_rate: Decimal


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
    """What a return is to be paid: pieces, charges, and the fee that is kept, a line of its own."""

    currency: str
    lines: tuple[RefundLine, ...] = ()
    charges: tuple[RefundCharge, ...] = ()
    fee: int = 0

    @property
    def amount(self) -> int:
        """What is paid out, minor units; never negative."""
        return sum(line.gross for line in self.lines) + sum(charge.gross for charge in self.charges) - self.fee
