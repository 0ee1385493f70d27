"""Electronic invoices as files: what is kept beside the page, and the other forms on demand.

All forms come from the frozen content, so they may be written at any time and are the same each time.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from kontor.core.db import Session
from kontor.core.principal import Principal
from kontor.invoicing import queries
from kontor.invoicing.cii import cii
from kontor.invoicing.en16931 import lacking_for_xrechnung
from kontor.invoicing.errors import InvoiceNotFound, NotExpressible
from kontor.invoicing.models import CreditNote
from kontor.invoicing.papers import Paper, papers_of
from kontor.invoicing.profiles import EN_16931, XRECHNUNG, Profile
from kontor.invoicing.ubl import ubl
from kontor.invoicing.values import ElectronicInvoice


class InvoiceForm(StrEnum):
    """Syntax and specification of an electronic invoice."""

    CII = "CII"
    UBL = "UBL"
    XRECHNUNG_CII = "XRECHNUNG_CII"
    XRECHNUNG_UBL = "XRECHNUNG_UBL"

    @property
    def file_part(self) -> str:
        """The form as names of files and addresses have it."""
        return self.value.lower().replace("_", "-")


_WRITERS: dict[InvoiceForm, tuple[Callable[[ElectronicInvoice, Profile], bytes], Profile]] = {
    InvoiceForm.CII: (cii, EN_16931),
    InvoiceForm.UBL: (ubl, EN_16931),
    InvoiceForm.XRECHNUNG_CII: (cii, XRECHNUNG),
    InvoiceForm.XRECHNUNG_UBL: (ubl, XRECHNUNG),
}


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """A file as it is handed out."""

    name: str
    data: bytes


def written(paper: Paper, form: InvoiceForm) -> InvoiceFile:
    """The document in a form. Raises `NotExpressible`, code XRECHNUNG_INCOMPLETE for what only XRechnung wants.

    A buyer without a reference of their own (BT-10) is given our order number, which they know.
    """
    write, profile = _WRITERS[form]
    invoice = paper.electronic()
    if profile is XRECHNUNG:
        invoice = replace(invoice, buyer_reference=invoice.buyer_reference or invoice.sales_order)
        if terms := ", ".join(lacking_for_xrechnung(invoice)):
            raise NotExpressible(f"XRechnung lacks terms: {terms}.", code="XRECHNUNG_INCOMPLETE", terms=terms)
    return InvoiceFile(f"{invoice.number.replace('/', '-')}-{form.file_part}.xml", write(invoice, profile))


async def file_of_invoice(db: Session, invoice_id: UUID, form: InvoiceForm, principal: Principal) -> InvoiceFile:
    """An invoice that the principal may see; raises `InvoiceNotFound` and what `written` raises."""
    invoice = await queries.get_invoice(db, invoice_id, principal)
    [paper] = await papers_of(db, [invoice.id], [], drawn=True)
    return written(paper, form)


async def file_of_credit_note(db: Session, note_id: UUID, form: InvoiceForm, principal: Principal) -> InvoiceFile:
    """A credit note that the principal may see; raises `InvoiceNotFound` and what `written` raises."""
    note: CreditNote | None = await db.scalar(
        queries.credit_notes_visible_to(principal).where(CreditNote.id == note_id)
    )
    if note is None:
        raise InvoiceNotFound("There is no such credit note.", credit_note_id=str(note_id))
    [paper] = await papers_of(db, [], [note.id], drawn=True)
    return written(paper, form)
