"""Invoices, credit notes and the files that show them."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_id, by_parent
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.payment_types import amounts, plain
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long, Money
from kontor.api.http.files import readable
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.pagination import Page, Sort, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.documents.models import Document as DocumentRow
from kontor.documents.queries import narrowed
from kontor.documents.queries import visible_to as documents_visible_to
from kontor.invoicing import models, queries, service
from kontor.invoicing.electronic import InvoiceForm
from kontor.invoicing.states import InvoiceState

strawberry.enum(InvoiceState)
strawberry.enum(InvoiceForm)


def _visible_documents(principal: Principal) -> sa.ColumnElement[bool] | None:
    return documents_visible_to(principal).whereclause


@strawberry.type(description="A file we keep.")
class Document:
    id: UUID
    kind: str
    number: str
    order_id: UUID | None
    subject_id: UUID | None
    content_type: str
    size: int
    language: str
    created_at: datetime

    @strawberry.field(description="Where the content is, for the caller as signed in.")
    def url(self) -> str:
        return f"/files/documents/{self.id}"

    @classmethod
    def of(cls, row: Any) -> Document:
        """From a row."""
        return cls(**plain(row, _DOCUMENT))


_DOCUMENT = (
    "id", "kind", "number", "order_id", "subject_id", "content_type", "size", "language", "created_at",
)  # fmt: skip


async def _document(info: Info, document_id: UUID | None) -> Document | None:
    row = await by_id(info, DocumentRow, document_id, visible=_visible_documents)
    return None if row is None else Document.of(row)


_ELECTRONIC = (
    "The document as EN 16931 has it, written when its address is asked for. The page has the form CII inside."
)


@strawberry.type(description="An invoice or credit note for machines.")
class ElectronicDocument:
    form: InvoiceForm
    name: str
    content_type: str
    url: str = strawberry.field(description="Where the content is, for the caller as signed in.")

    @classmethod
    def of(cls, folder: str, row_id: UUID, number: str, form: InvoiceForm) -> ElectronicDocument:
        """Of an invoice or credit note."""
        name = f"{number.replace('/', '-')}-{form.file_part}.xml"
        return cls(
            form=form, name=name, content_type="application/xml", url=f"/files/{folder}/{row_id}/{form.file_part}"
        )


@strawberry.type(description="A legal document for one shipment. It never changes; corrections are credit notes.")
class Invoice:
    id: UUID
    number: str
    order_id: UUID
    shipment_id: UUID
    state: InvoiceState
    issued_at: datetime
    supplied_on: date
    due_on: date
    net: Money
    tax: Money
    gross: Money
    paid: Money
    credited: Money
    written_off: Money = strawberry.field(description="What was given up and has not come in after all.")
    content: JSON = strawberry.field(description="Everything the page shows, as it was frozen at issue.")
    document_id: strawberry.Private[UUID | None]

    @strawberry.field
    async def document(self, info: Info) -> Document | None:
        return await _document(info, self.document_id)

    @strawberry.field(description=_ELECTRONIC)
    def electronic(self, form: InvoiceForm) -> ElectronicDocument:
        return ElectronicDocument.of("invoices", self.id, self.number, form)

    @strawberry.field
    async def credit_notes(self, info: Info) -> list[CreditNote]:
        rows = await by_parent(info, models.CreditNote.invoice_id, self.id)
        return [show_credit_note(row) for row in rows]


@strawberry.type(description="A correction that names its invoice and lines.")
class CreditNote:
    id: UUID
    number: str
    order_id: UUID
    invoice_id: UUID
    refund_id: UUID | None
    issued_at: datetime
    net: Money
    tax: Money
    gross: Money
    content: JSON
    document_id: strawberry.Private[UUID | None]

    @strawberry.field
    async def document(self, info: Info) -> Document | None:
        return await _document(info, self.document_id)

    @strawberry.field(description=_ELECTRONIC)
    def electronic(self, form: InvoiceForm) -> ElectronicDocument:
        return ElectronicDocument.of("credit-notes", self.id, self.number, form)


def show_invoice(row: Any) -> Invoice:
    """An invoice's row as the API shows it."""
    names = ("id", "number", "order_id", "shipment_id", "state", "issued_at", "supplied_on", "due_on", "document_id")
    sums = ("net", "tax", "gross", "paid", "credited", "written_off")
    return Invoice(**plain(row, names), **amounts(row, sums), content=JSON(row.content))


def show_credit_note(row: Any) -> CreditNote:
    """A credit note's row as the API shows it."""
    names = ("id", "number", "order_id", "invoice_id", "refund_id", "issued_at", "document_id")
    return CreditNote(**plain(row, names), **amounts(row, ("net", "tax", "gross")), content=JSON(row.content))


@strawberry.input(description="All conditions hold together.")
class InvoicesFilter:
    state: list[InvoiceState] | None = None
    number: str | None = None
    order_id: UUID | None = None
    issued_from: datetime | None = None
    issued_before: datetime | None = None
    due_before: date | None = None
    changed_since: datetime | None = None

    def apply(self, found: Any) -> Any:
        """Narrow a statement over invoices."""
        row = models.Invoice
        return narrow(
            found,
            (row.state.in_, self.state),
            (row.number.__eq__, self.number),
            (row.order_id.__eq__, self.order_id),
            (row.issued_at.__ge__, self.issued_from),
            (row.issued_at.__lt__, self.issued_before),
            (row.due_on.__lt__, self.due_before),
            (row.updated_at.__ge__, self.changed_since),
        )


@strawberry.enum
class InvoicesSort(Enum):
    ISSUED_AT = "ISSUED_AT"
    ISSUED_AT_DESC = "ISSUED_AT_DESC"
    DUE_ON = "DUE_ON"
    DUE_ON_DESC = "DUE_ON_DESC"
    NUMBER = "NUMBER"
    NUMBER_DESC = "NUMBER_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.enum
class DocumentsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"


@strawberry.enum
class IssuedSort(Enum):
    ISSUED_AT = "ISSUED_AT"
    ISSUED_AT_DESC = "ISSUED_AT_DESC"


@strawberry.type(description="A transfer that was booked for an invoice.")
class InvoicePaymentRecorded:
    invoice: Invoice


RecordInvoicePaymentResult = Annotated[InvoicePaymentRecorded | Refusal, strawberry.union("RecordInvoicePaymentResult")]


@strawberry.type
class InvoicingQuery:
    @strawberry.field(extensions=[requires(Permission.INVOICES_READ)], description="By id or by number.")
    async def invoice(self, info: Info, id: UUID | None = None, number: str | None = None) -> Invoice | None:
        if (id is None) == (number is None):
            raise InvalidInput("Give the id or the number.", code="INVALID_LOOKUP", path=("id",))
        found = queries.invoices_visible_to(info.context.principal)
        found = found.where(models.Invoice.id == id if id else models.Invoice.number == number)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await db.scalar(found)
        return None if row is None else show_invoice(row)

    @strawberry.field(extensions=[requires(Permission.INVOICES_READ)])
    async def invoices(
        self,
        info: Info,
        filter: InvoicesFilter | None = None,
        sort: InvoicesSort = InvoicesSort.ISSUED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Invoice]:
        found = queries.invoices_visible_to(info.context.principal)
        found = filter.apply(found) if filter else found
        order = choose(queries.INVOICE_SORTS, **sorting(sort))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page: Page[Any] = await paginate(db, found, order, models.Invoice.id, page_of(first, after))
        return connect(page, show_invoice)

    @strawberry.field(extensions=[requires(Permission.INVOICES_READ)])
    async def credit_notes(
        self,
        info: Info,
        order_id: UUID | None = None,
        invoice_id: UUID | None = None,
        number: str | None = None,
        sort: IssuedSort = IssuedSort.ISSUED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[CreditNote]:
        row = models.CreditNote
        found = narrow(
            queries.credit_notes_visible_to(info.context.principal),
            (row.order_id.__eq__, order_id),
            (row.invoice_id.__eq__, invoice_id),
            (row.number.__eq__, number),
        )
        order = Sort(models.CreditNote.issued_at, sort is IssuedSort.ISSUED_AT_DESC)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page: Page[Any] = await paginate(db, found, order, models.CreditNote.id, page_of(first, after))
        return connect(page, show_credit_note)

    @strawberry.field(
        extensions=[requires(Permission.INVOICES_READ, Permission.RETURNS_READ, Permission.ORDERS_READ)],
        description="Files; of each kind those that the caller may read.",
    )
    async def documents(
        self,
        info: Info,
        order_id: UUID | None = None,
        kind: str | None = None,
        number: Annotated[str | None, strawberry.argument(description="A part of the number.")] = None,
        sort: DocumentsSort = DocumentsSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Document]:
        principal = info.context.principal
        found = documents_visible_to(principal).where(readable(principal))
        found = narrowed(found, order_id=order_id, kind=kind, number=number)
        async with info.context.runtime.database.read_only(principal) as db:
            order = Sort(DocumentRow.created_at, sort is DocumentsSort.CREATED_AT_DESC)
            page: Page[Any] = await paginate(db, found, order, DocumentRow.id, page_of(first, after))
        return connect(page, Document.of)


@strawberry.type
class InvoicingMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.INVOICES_WRITE)],
        description="Book a transfer for an invoice on account, in minor units; the same reference is booked once.",
    )
    async def record_invoice_payment(
        self, info: Info, invoice_id: UUID, amount: Long, reference: str
    ) -> RecordInvoicePaymentResult:
        async def work(db: Session) -> InvoicePaymentRecorded:
            invoice = await queries.get_invoice(db, invoice_id, db.principal)
            await service.record_invoice_payment(db, invoice, amount, reference=reference, now=db.now)
            return InvoicePaymentRecorded(invoice=show_invoice(invoice))

        async def again(db: Session, ids: list[UUID]) -> InvoicePaymentRecorded:
            return InvoicePaymentRecorded(invoice=show_invoice(await queries.get_invoice(db, ids[0], db.principal)))

        return await change(
            info, work, body=[invoice_id, amount, reference], again=again,
            targets=lambda done: [("invoice", done.invoice.id), ("order", done.invoice.order_id)],
        )  # fmt: skip
