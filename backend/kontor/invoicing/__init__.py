"""Invoices per shipment, credit notes that name them, and the journal of every financial event.

Owns: `Invoice`, `CreditNote`, `JournalEntry`, `JournalLine`. Numbers are gapless per legal entity, year and series and
taken at issue; issued documents never change. Every entry balances. Records InvoiceIssued, InvoicePaid,
CreditNoteIssued.
"""
