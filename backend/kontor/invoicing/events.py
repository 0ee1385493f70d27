"""What happens to legal documents. The stream is the order."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(Event):
    """An invoice has its number."""

    invoice_id: UUID
    shipment_id: UUID
    number: str
    net: int
    tax: int
    gross: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class InvoicePaid(Event):
    """An invoice is paid in full."""

    invoice_id: UUID
    number: str


@dataclass(frozen=True, kw_only=True)
class CreditNoteIssued(Event):
    """A correction has its number."""

    credit_note_id: UUID
    invoice_id: UUID
    return_id: UUID | None
    number: str
    net: int
    tax: int
    gross: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class DunningNoticeIssued(Event):
    """A customer is reminded of an invoice; with the last level the next step is collection."""

    notice_id: UUID
    invoice_id: UUID
    number: str
    level: int
    claimed: int
    fee: int
    fees: int
    currency: str
    due_on: str
    interest: int = 0
    instalment: int = 0


@dataclass(frozen=True, kw_only=True)
class DunningInterestAdded(Event):
    """The base rate of days that a reminder could not count is known: their interest is asked for, too."""

    notice_id: UUID
    invoice_id: UUID
    interest: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class DunningFeeSettled(Event):
    """Fee and interest of a reminder were paid, or are not asked for any more (`waived`); negative: taken back."""

    notice_id: UUID
    invoice_id: UUID
    fee: int
    currency: str
    waived: bool
    interest: int = 0


@dataclass(frozen=True, kw_only=True)
class DebtWrittenOff(Event):
    """What was open of an invoice is given up; `parts` by way of taxing: detail, net, tax."""

    invoice_id: UUID
    decision_id: UUID
    number: str
    amount: int
    parts: list[Any]
    currency: str


@dataclass(frozen=True, kw_only=True)
class DebtRecovered(Event):
    """Money came in for what was given up, or it was credited; `parts` as they were given up."""

    invoice_id: UUID
    decision_id: UUID
    number: str
    amount: int
    parts: list[Any]
    currency: str


@dataclass(frozen=True, kw_only=True)
class DebtHandedOver(Event):
    """An agency collects an invoice from now on."""

    invoice_id: UUID
    decision_id: UUID
    number: str
    amount: int
    currency: str
