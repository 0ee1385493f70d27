"""What others ask of invoicing. Documents and journal entries follow by jobs that react to the events."""

from kontor.invoicing.bad_debts import Appropriation, appropriate, order_of
from kontor.invoicing.crediting import issue_credit_notes
from kontor.invoicing.issuing import Issued, issue_invoices
from kontor.invoicing.settling import record_invoice_payment, settle_invoices

__all__ = [
    "Appropriation",
    "Issued",
    "appropriate",
    "issue_credit_notes",
    "issue_invoices",
    "order_of",
    "record_invoice_payment",
    "settle_invoices",
]
