"""What a case may be about, and who may decide it. Pure."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from kontor.auth.permissions import Permission


class CaseKind(StrEnum):
    """Why somebody has to look."""

    UNALLOCATED = "UNALLOCATED"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    AUTHORIZATION_EXPIRING = "AUTHORIZATION_EXPIRING"
    CAPTURE_FAILED = "CAPTURE_FAILED"
    REFUND_FAILED = "REFUND_FAILED"
    CHARGEBACK_LOSS = "CHARGEBACK_LOSS"
    DISPUTE = "DISPUTE"
    UNANSWERED = "UNANSWERED"
    LATE = "LATE"
    CODES_MISSING = "CODES_MISSING"
    PROCESS_FAILED = "PROCESS_FAILED"
    DIFFERENCES = "DIFFERENCES"
    FOLLOW_UP = "FOLLOW_UP"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"
    UNPAID = "UNPAID"
    RETURNED_DEBIT = "RETURNED_DEBIT"
    UNDELIVERABLE = "UNDELIVERABLE"
    WRONG_ARTICLE = "WRONG_ARTICLE"
    RETURN_LABEL = "RETURN_LABEL"
    RISK_REVIEW = "RISK_REVIEW"
    GOODWILL = "GOODWILL"
    CLAIM = "CLAIM"
    EXCHANGE_OVERDUE = "EXCHANGE_OVERDUE"
    CUSTOMER_MAIL = "CUSTOMER_MAIL"
    MAIL_BOUNCED = "MAIL_BOUNCED"
    MANUAL = "MANUAL"


class CaseQueue(StrEnum):
    """Where cases wait for the next free hand."""

    UNAVAILABLE = "UNAVAILABLE"
    LATE = "LATE"
    UNPAID = "UNPAID"
    CHARGEBACK = "CHARGEBACK"
    ADDRESS = "ADDRESS"
    WRONG_ARTICLE = "WRONG_ARTICLE"
    RISK = "RISK"
    MAIL = "MAIL"
    OTHER = "OTHER"


K = CaseKind
_QUEUES: Mapping[CaseQueue, tuple[CaseKind, ...]] = {
    CaseQueue.UNAVAILABLE: (K.UNALLOCATED, K.CODES_MISSING),
    CaseQueue.LATE: (K.LATE, K.UNANSWERED),
    CaseQueue.UNPAID: (
        K.UNPAID, K.PAYMENT_FAILED, K.AUTHORIZATION_EXPIRING, K.CAPTURE_FAILED, K.REFUND_FAILED, K.EXCHANGE_OVERDUE,
    ),
    CaseQueue.CHARGEBACK: (K.DISPUTE, K.CHARGEBACK_LOSS, K.RETURNED_DEBIT),
    CaseQueue.ADDRESS: (K.UNDELIVERABLE,),
    CaseQueue.WRONG_ARTICLE: (K.WRONG_ARTICLE, K.CLAIM),
    CaseQueue.RISK: (K.RISK_REVIEW,),
    CaseQueue.MAIL: (K.CUSTOMER_MAIL, K.MAIL_BOUNCED),
}  # fmt: skip
_QUEUE_OF: Mapping[CaseKind, CaseQueue] = {kind: queue for queue, kinds in _QUEUES.items() for kind in kinds}

DEADLINES: Mapping[CaseKind, timedelta] = {
    K.RISK_REVIEW: timedelta(hours=8),
    K.UNALLOCATED: timedelta(days=1),
    K.CODES_MISSING: timedelta(days=1),
    K.LATE: timedelta(days=1),
    K.UNANSWERED: timedelta(days=1),
    K.UNDELIVERABLE: timedelta(days=1),
    K.WRONG_ARTICLE: timedelta(days=1),
    K.RETURN_LABEL: timedelta(days=1),
    K.GOODWILL: timedelta(days=1),
    K.CUSTOMER_MAIL: timedelta(days=1),
    K.MAIL_BOUNCED: timedelta(days=1),
    K.RETURNED_DEBIT: timedelta(days=2),
    K.UNPAID: timedelta(days=5),
    K.EXCHANGE_OVERDUE: timedelta(days=5),
}
"""How long a case may take that brings no deadline of its own; the others have none until somebody sets one."""


P = Permission
_NEEDED: Mapping[CaseKind, tuple[Permission, ...]] = {
    K.UNALLOCATED: (P.ORDERS_CHANGE, P.ORDERS_CANCEL),
    K.CODES_MISSING: (P.ORDERS_CANCEL, P.CATALOG_WRITE),
    K.PAYMENT_FAILED: (P.ORDERS_CHANGE, P.PAYMENTS_WRITE),
    K.AUTHORIZATION_EXPIRING: (P.ORDERS_CHANGE, P.PAYMENTS_WRITE),
    K.CAPTURE_FAILED: (P.ORDERS_CHANGE, P.PAYMENTS_WRITE),
    K.RETURNED_DEBIT: (P.ORDERS_CHANGE, P.PAYMENTS_WRITE),
    K.UNPAID: (P.DUNNING_WRITE, P.LEDGER_WRITE),
    K.REFUND_FAILED: (P.REFUNDS_WRITE,),
    K.DISPUTE: (P.DISPUTES_WRITE, P.PAYMENTS_WRITE),
    K.CHARGEBACK_LOSS: (P.DISPUTES_WRITE, P.PAYMENTS_WRITE),
    K.GOODWILL: (P.REFUNDS_APPROVE,),
    K.CLAIM: (P.REFUNDS_WRITE,),
    K.WRONG_ARTICLE: (P.CLAIMS_WRITE, P.EXCHANGES_WRITE),
    K.EXCHANGE_OVERDUE: (P.EXCHANGES_WRITE, P.ORDERS_CHANGE),
    K.UNDELIVERABLE: (P.ORDERS_CHANGE, P.ORDERS_WRITE),
    K.RISK_REVIEW: (P.RISK_REVIEW,),
    K.PROCESS_FAILED: (P.PROCESSES_WRITE,),
    K.WEBHOOK_DISABLED: (P.WEBHOOKS_WRITE,),
    K.DIFFERENCES: (P.LEDGER_WRITE, P.OPERATIONS_WRITE),
}
"""One of these is needed by what ends a case of the kind; what is not named needs no more than to look after cases."""

BOUND = frozenset({K.DISPUTE, K.AUTHORIZATION_EXPIRING})
"""Kinds whose deadline is set by a bank: waiting moves it for nobody."""


def may_decide(may: Callable[[str], bool], kind: CaseKind) -> bool:
    """Whether somebody of whom `may` tells what they may do can do what ends a case of the kind."""
    needed = _NEEDED.get(kind)
    return needed is None or any(may(each) for each in needed)


def queue_of(kind: CaseKind) -> CaseQueue:
    """Where cases of a kind wait."""
    return _QUEUE_OF.get(kind, CaseQueue.OTHER)


def kinds_of(queues: Collection[CaseQueue]) -> list[CaseKind]:
    """The kinds of cases that wait in any of these queues."""
    return [kind for kind in CaseKind if queue_of(kind) in queues]


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to raise, unless one of its kind about `subject` is open."""

    kind: CaseKind
    subject: str
    order_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None

    @property
    def subject_key(self) -> str:
        """What may be open once."""
        return f"{self.kind.lower()}:{self.subject}"[:120]
