"""What follows from what was found, and what is due for it. Pure; integer minor units."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from kontor.core.money import of_units
from kontor.returns.states import ReturnState
from kontor.returns.values import RefundCharge, RefundDue, RefundLine


class Progress(Protocol):
    """How far the pieces of a return line are."""

    @property
    def quantity(self) -> int: ...
    @property
    def received(self) -> int: ...
    @property
    def inspected(self) -> int: ...


def state_after(lines: Iterable[Progress]) -> ReturnState:
    """Where a return with arrived pieces stands: all of them looked at, all announced ones there, or more to come."""
    rows = list(lines)
    if all(line.inspected == line.received for line in rows):
        return ReturnState.INSPECTED
    complete = all(line.received >= line.quantity for line in rows)
    return ReturnState.RECEIVED if complete else ReturnState.PARTIALLY_RECEIVED


def is_complete(lines: Iterable[Progress]) -> bool:
    """Whether every announced piece has arrived."""
    return all(line.received >= line.quantity for line in lines)


def is_done(lines: Iterable[Progress]) -> bool:
    """Whether every announced piece has arrived and was looked at."""
    return all(line.inspected >= line.quantity for line in lines)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Pieces of one shipment line: shipped for `gross` with `tax` in it, so far refunded, and accepted anew.

    `given` is what goodwill lowered the price of those by that were not refunded yet.
    """

    order_line_id: UUID
    shipment_line_id: UUID
    quantity: int
    gross: int
    tax: int
    tax_rate: Decimal
    refunded_units: int
    refunded_gross: int
    units: int
    given: int = 0


def entitled(row: Entitlement) -> RefundLine:
    """Entitled so far minus refunded so far: any sequence of partial refunds ends at what was shipped, to the cent.

    Goodwill lowered the price of all pieces that were kept then: each takes its share of it along.
    """
    units = row.refunded_units + row.units
    worth = of_units(row.gross, row.quantity, units) - row.refunded_gross
    tax = of_units(row.tax, row.quantity, units) - of_units(row.tax, row.quantity, row.refunded_units)
    reduced = min(worth, of_units(max(0, row.given), row.quantity - row.refunded_units, row.units))
    gross = worth - reduced
    tax -= (2 * tax * reduced + worth) // (2 * worth) if reduced else 0
    net = gross - tax
    return RefundLine(row.order_line_id, row.shipment_line_id, row.units, net, tax, gross, row.tax_rate, reduced)


def due(rows: Sequence[Entitlement], charges: Sequence[RefundCharge], *, fee: int, currency: str) -> RefundDue:
    """The refund of the pieces; the fee is never more than what it is kept from."""
    lines = tuple(entitled(row) for row in rows if row.units)
    total = sum(line.gross for line in lines) + sum(charge.gross for charge in charges)
    return RefundDue(currency, lines, tuple(charges), min(fee, total))


def all_returned(shipped: Mapping[UUID, int], refunded: Mapping[UUID, int], now_due: Mapping[UUID, int]) -> bool:
    """Whether with what is due now every shipped piece is paid back, so that the shipping charge is too."""
    return bool(shipped) and all(
        refunded.get(line_id, 0) + now_due.get(line_id, 0) >= quantity for line_id, quantity in shipped.items()
    )
