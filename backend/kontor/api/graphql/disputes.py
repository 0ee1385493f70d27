"""Disputes: what customers complain of at their banks, and what we answer."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.evidence import collect
from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.invoicing import Document
from kontor.api.graphql.loaders import by_parent
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_types import money
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.payment_types import Refund, plain, show_refund
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Money
from kontor.auth.permissions import Permission
from kontor.banking import payouts
from kontor.core.db import Session
from kontor.documents.models import Document as DocumentRow
from kontor.documents.service import add_all
from kontor.invoicing.dispute_evidence import evidence_of
from kontor.orders.queries import lock_order
from kontor.payments import dispute_lists, disputing, models, queries, returning
from kontor.payments.errors import DisputesNotAnswered
from kontor.payments.evidence import reason_text
from kontor.payments.models import TransactionState
from kontor.payments.ports import PaymentGateway
from kontor.payments.states import DisputeState

strawberry.enum(DisputeState)


@strawberry.enum
class Language(Enum):
    EN = "en"
    DE = "de"


@strawberry.type(description="A text that speaks for us, by the name it has in the evidence.")
class EvidenceText:
    name: str
    text: str


@strawberry.type(description="A document that speaks for us, by what it shows.")
class EvidenceDocument:
    purpose: str
    document_id: UUID


@strawberry.type(description="What we answered a bank, and whether it took it.")
class DisputeAnswer:
    id: UUID
    kind: str = strawberry.field(description="CONTEST or ACCEPT.")
    outcome: TransactionState
    texts: list[EvidenceText]
    documents: list[EvidenceDocument]
    error: str | None
    asked_at: datetime
    asked_by: str
    finished_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> DisputeAnswer:
        """From a row."""
        return cls(
            **plain(row, ("id", "kind", "outcome", "error", "asked_at", "asked_by", "finished_at")),
            texts=[EvidenceText(name=name, text=text) for name, text in sorted(row.texts.items())],
            documents=[
                EvidenceDocument(purpose=each["purpose"], document_id=UUID(each["document_id"]))
                for each in row.documents
            ],
        )


@strawberry.type(description="A customer's complaint at the bank about a payment.")
class Dispute:
    id: UUID
    order_id: UUID
    payment_id: UUID
    gateway: str
    reference: str = strawberry.field(description="The gateway's own.")
    state: DisputeState
    inquiry: bool = strawberry.field(description="The bank only asks; no money has moved.")
    reason: str
    amount: Money
    fee: Money = strawberry.field(description="What the gateway keeps for it, less what it gave back.")
    held: bool = strawberry.field(description="The bank has the money now.")
    due_at: datetime | None = strawberry.field(description="The last moment to answer.")
    opened_at: datetime
    closed_at: datetime | None
    updated_at: datetime

    @strawberry.field(description="What the reason means.")
    def reason_text(self, language: Language = Language.EN) -> str:
        return reason_text(self.reason, language.value)

    @strawberry.field
    async def answers(self, info: Info) -> list[DisputeAnswer]:
        rows = await by_parent(info, models.DisputeAction.dispute_id, self.id)
        return [DisputeAnswer.of(row) for row in rows]

    @classmethod
    def of(cls, row: Any) -> Dispute:
        """From a row."""
        return cls(**plain(row, _DISPUTE), amount=money(row.amount, row.currency), fee=money(row.fee, row.fee_currency))


_DISPUTE = (
    "id", "order_id", "payment_id", "gateway", "reference", "state", "inquiry", "reason", "held", "due_at",
    "opened_at", "closed_at", "updated_at",
)  # fmt: skip


@strawberry.type(description="What the order itself says; nothing is sent before `contestDispute`.")
class DisputeEvidence:
    texts: list[EvidenceText]
    documents: list[EvidenceDocument]


@strawberry.input(description="All conditions hold together.")
class DisputesFilter:
    state: list[DisputeState] | None = None
    order_id: UUID | None = None
    payment_id: UUID | None = None
    channel_ids: list[UUID] | None = None
    gateways: list[str] | None = None
    reason: list[str] | None = None
    inquiry: bool | None = None
    due_before: datetime | None = None
    opened_from: datetime | None = None
    opened_until: datetime | None = None
    changed_since: datetime | None = None


@strawberry.enum
class DisputesSort(Enum):
    OPENED_AT = "OPENED_AT"
    OPENED_AT_DESC = "OPENED_AT_DESC"
    DUE_AT = "DUE_AT"
    DUE_AT_DESC = "DUE_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input
class EvidenceTextInput:
    name: str
    text: str


@strawberry.input
class EvidenceDocumentInput:
    purpose: str
    document_id: UUID


@strawberry.input(description="Texts and documents of the order; the bank takes them once.")
class ContestDisputeInput:
    dispute_id: UUID
    evidence: list[EvidenceTextInput]
    documents: list[EvidenceDocumentInput] | None = None


@strawberry.type
class DisputeAnswered:
    dispute: Dispute


@strawberry.type
class RefundTransferred:
    refund: Refund


@strawberry.type
class EvidenceCollected:
    document: Document


EvidenceResult = Annotated[EvidenceCollected | Refusal, strawberry.union("EvidenceResult")]
DisputeResult = Annotated[DisputeAnswered | Refusal, strawberry.union("DisputeResult")]
RefundTransferResult = Annotated[RefundTransferred | Refusal, strawberry.union("RefundTransferResult")]


@strawberry.type
class DisputesQuery:
    @strawberry.field(extensions=[requires(Permission.PAYMENTS_READ)])
    async def disputes(
        self,
        info: Info,
        filter: DisputesFilter | None = None,
        sort: DisputesSort = DisputesSort.OPENED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Dispute]:
        wanted = dispute_lists.DisputeFilter(**vars(filter)) if filter else dispute_lists.DisputeFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await dispute_lists.list_disputes(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Dispute.of)

    @strawberry.field(
        extensions=[requires(Permission.PAYMENTS_WRITE, Permission.DISPUTES_WRITE)],
        description="What of the order speaks for us in a dispute.",
    )
    async def dispute_evidence(self, info: Info, id: UUID) -> DisputeEvidence:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            found = await evidence_of(db, (await dispute_lists.get_dispute(db, id)).order_id)
        return DisputeEvidence(
            texts=[EvidenceText(name=name, text=text) for name, text in sorted(found.texts.items())],
            documents=[EvidenceDocument(purpose=name, document_id=row) for name, row in found.documents.items()],
        )


async def _locked(info: Info, db: Session, dispute_id: UUID) -> models.Dispute:
    """The dispute as it is once its order is locked; refused where its gateway takes no answers."""
    found = await dispute_lists.get_dispute(db, dispute_id)
    payment = await queries.get_payment(db, found.payment_id, db.principal)
    gateway = info.context.runtime.ports.get(PaymentGateway, payment.gateway)  # type: ignore[type-abstract]
    if not gateway.abilities.disputes:
        raise DisputesNotAnswered("This gateway takes no answers.", gateway=payment.gateway)
    await lock_order(db, found.order_id)
    return await dispute_lists.get_dispute(db, dispute_id, lock=True)


async def _answered(db: Session, ids: list[UUID]) -> DisputeAnswered:
    return DisputeAnswered(dispute=Dispute.of(await dispute_lists.get_dispute(db, ids[0])))


@strawberry.type
class DisputesMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.PAYMENTS_WRITE, Permission.DISPUTES_WRITE)],
        description="Put what is known of the order into one PDF: order, delivery, invoices, messages. It goes to the "
        "bank with `contestDispute`, for the purpose uncategorized_file.",
    )
    async def collect_evidence(self, info: Info, id: UUID) -> EvidenceResult:
        context = info.context
        made = await collect(context.runtime, context.principal, id, context.language)

        async def work(db: Session) -> EvidenceCollected:
            (document_id,) = await add_all(db, [made], now=db.now)
            await db.flush()
            return EvidenceCollected(document=Document.of(await db.get_one(DocumentRow, document_id)))

        async def again(db: Session, ids: list[UUID]) -> EvidenceCollected:
            return EvidenceCollected(document=Document.of(await db.get_one(DocumentRow, ids[0])))

        return await change(
            info, work, body=id, again=again,
            targets=lambda done: [("document", done.document.id), ("dispute", id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.PAYMENTS_WRITE, Permission.DISPUTES_WRITE)],
        description="Send evidence to the customer's bank. It goes within moments, and once.",
    )
    async def contest_dispute(self, info: Info, input: ContestDisputeInput) -> DisputeResult:
        async def work(db: Session) -> DisputeAnswered:
            dispute = await _locked(info, db, input.dispute_id)
            texts = {each.name: each.text for each in input.evidence}
            documents = [disputing.DocumentRef(each.document_id, each.purpose) for each in input.documents or ()]
            await disputing.contest(db, dispute, texts, documents, now=db.now)
            return DisputeAnswered(dispute=Dispute.of(dispute))

        return await change(
            info, work, body=input, again=_answered,
            targets=lambda done: [("dispute", done.dispute.id), ("order", done.dispute.order_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.PAYMENTS_WRITE, Permission.DISPUTES_WRITE)],
        description="Let the customer have the money. That is final.",
    )
    async def accept_dispute(self, info: Info, id: UUID) -> DisputeResult:
        async def work(db: Session) -> DisputeAnswered:
            dispute = await _locked(info, db, id)
            await disputing.accept(db, dispute, now=db.now)
            return DisputeAnswered(dispute=Dispute.of(dispute))

        return await change(
            info, work, body=id, again=_answered,
            targets=lambda done: [("dispute", done.dispute.id), ("order", done.dispute.order_id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.REFUNDS_APPROVE)],
        description="Pay what of a failed refund is open by bank transfer, to the account of the customer; it leaves "
        "with the next file of payouts.",
    )
    async def pay_refund_by_transfer(self, info: Info, id: UUID, name: str, iban: str) -> RefundTransferResult:
        async def work(db: Session) -> RefundTransferred:
            found = await queries.get_refund(db, id, db.principal)
            order = await lock_order(db, found.order_id)
            refund = await queries.get_refund(db, id, db.principal)
            for made in await returning.pay_by_transfer(db, order, refund, now=db.now):
                await payouts.set_account(db, made.id, name=name, iban=iban, now=db.now)
            return RefundTransferred(refund=show_refund(refund, outside=db.principal.outside))

        async def again(db: Session, ids: list[UUID]) -> RefundTransferred:
            found = await queries.get_refund(db, ids[0], db.principal)
            return RefundTransferred(refund=show_refund(found, outside=db.principal.outside))

        return await change(
            info, work, body=[id, name, iban], again=again,
            targets=lambda done: [("refund", done.refund.id), ("order", done.refund.order_id)],
        )  # fmt: skip
