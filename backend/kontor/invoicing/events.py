"""What happens to legal documents. The stream is the order."""

from dataclasses import dataclass
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
