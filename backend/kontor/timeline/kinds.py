"""What each fact is about, and who may read that. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kontor.auth.permissions import Permission
from kontor.core.principal import Principal
from kontor.timeline.values import Source, TimelineKind

K = TimelineKind

NEEDED: Mapping[TimelineKind, Permission] = {
    K.ORDER: Permission.ORDERS_READ,
    K.GOODS: Permission.FULFILLMENT_READ,
    K.MONEY: Permission.PAYMENTS_READ,
    K.RETURN: Permission.RETURNS_READ,
    K.MESSAGE: Permission.NOTIFICATIONS_READ,
    K.CONTACT: Permission.CARE_READ,
    K.CASE: Permission.CARE_READ,
    K.RISK: Permission.CARE_READ,
    K.ROUTING: Permission.ROUTING_READ,
    K.PROCESS: Permission.PROCESSES_READ,
}

_EVENTS: Mapping[TimelineKind, tuple[str, ...]] = {
    K.ORDER: (
        "OrderPlaced", "OrderConfirmed", "OrderRejected", "HoldPlaced", "HoldReleased", "OrderLinesCanceled",
        "OrderCanceled", "OrderFulfilled", "OrderDelivered", "OrderCompleted", "OrderClosed", "PromotionsGivenBack",
        "OrderLinesAdded", "DeliveryChanged", "OrderChangeAsked", "OrderChangeConfirmed", "OrderChangeDeclined",
        "OrderChangeCanceled",
    ),
    K.GOODS: (
        "LinesUnallocated", "AllocationsReleased", "BackorderFilled", "BackorderRescheduled",
        "FulfillmentOrdersCreated", "FulfillmentAccepted", "FulfillmentPostponed", "FulfillmentMessageWritten",
        "FulfillmentRejected", "FulfillmentEscalated", "FulfillmentOverdue", "FulfillmentOrderShipped",
        "ShipmentRecalled", "FulfillmentReadyForPickup", "FulfillmentPickedUp", "FulfillmentDelivered",
        "ParcelReturned", "ParcelLost", "PromisePassed",
        "FulfillmentCanceled", "CancellationAsked", "CancellationRefused", "CancellationWithdrawn",
        "ServiceConfirmed", "CodesIssued",
        "ParcelsVoided", "LabelCreated", "LabelRefused", "LabelCanceled", "PartnerInvoiceRecorded",
    ),
    K.MONEY: (
        "PaymentAuthorized", "PaymentDeclined", "PaymentReceived", "PaymentWithdrawn", "PaymentCaptured",
        "DirectDebitAnnounced", "CaptureFailed", "CaptureFinished", "PaymentVoided", "DebtTakenOver",
        "PaymentChargedBack", "ChargebackLost", "AuthorizationExpiring", "AuthorizationRenewed", "RenewalDeclined",
        "RefundRequested", "RefundSucceeded", "RefundFailed", "RefundReturned", "RefundRepaid", "DisputeOpened",
        "DisputeChanged", "DisputeDeadlineNear", "DisputeAnswerFailed", "DisputeClosed", "PaymentReinstated",
        "LossRecovered", "DisputeFeeCharged", "InvoiceIssued", "InvoicePaid", "CreditNoteIssued",
        "DunningNoticeIssued", "DunningInterestAdded", "DunningFeeSettled", "DebtWrittenOff", "DebtRecovered",
        "DebtHandedOver", "GoodwillAsked", "GoodwillGranted", "GoodwillDeclined", "GoodwillRecalled",
        "GoodwillVoucherIssued",
    ),
    K.RETURN: (
        "ReturnRequested", "ReturnApproved", "ReturnDeclined", "ReturnReceived", "ReturnInspected", "ReturnDecided",
        "ReturnLabelRenewed", "ReturnLabelMade", "ReturnLabelFailed", "ReturnCanceled", "ReturnClosed", "ClaimOpened",
        "ClaimApproved", "ClaimResolved", "ClaimReopened", "ClaimDenied", "ClaimCanceled", "ExchangeRequested",
        "ExchangeApproved", "ExchangeReceived", "ExchangeFulfilled", "ExchangeReminded", "ExchangeOverdue",
        "ExchangeCanceled",
    ),
    K.MESSAGE: ("MessageBounced",),
    K.CONTACT: ("ContactLogged", "FollowUpDue", "FollowUpDone"),
    K.CASE: ("CaseEscalated",),
    K.RISK: ("RiskAssessed", "RiskReviewed"),
    K.ROUTING: ("RoutingLocked", "RoutingUnlocked", "OrderMoved", "LockedPiecesRouted"),
}  # fmt: skip
EVENTS: Mapping[str, TimelineKind] = {name: kind for kind, names in _EVENTS.items() for name in names}
"""Every event of an order's life, with what it is about."""

STEPS: Mapping[str, tuple[TimelineKind, tuple[str, ...]]] = {
    "parcel": (K.GOODS, ("IN_TRANSIT", "DELIVERED", "EXCEPTION", "VOIDED")),
    "refund": (K.MONEY, ("REQUESTED", "CANCELED")),
    "care_case": (K.CASE, ("OPEN", "ASSIGNED", "WAITING", "DONE")),
    "user_task": (K.PROCESS, ("DONE", "OBSOLETE")),
    "process_instance": (K.PROCESS, ("RUNNING", "FAILED", "FINISHED", "CANCELED")),
}
"""Steps of states that no event of the log tells: by entity what they are about, and the states that are told."""

SOURCES: Mapping[Source, TimelineKind] = {
    Source.REFUND: K.MONEY,
    Source.DECISION: K.ROUTING,
    Source.PROCESS: K.PROCESS,
    Source.TASK: K.PROCESS,
    Source.MESSAGE: K.MESSAGE,
}


def readable(principal: Principal, wanted: Collection[TimelineKind] | None) -> frozenset[TimelineKind]:
    """Of the kinds wanted (None: all) those the principal may read."""
    allowed = frozenset(kind for kind, needed in NEEDED.items() if principal.may(needed))
    return allowed if wanted is None else allowed & frozenset(wanted)


def kind_of(source: Source, name: str) -> TimelineKind:
    """What a fact is about, by its source and name."""
    if source is Source.EVENT:
        return EVENTS[name]
    if source is Source.STATE:
        return STEPS[name.split(".", 1)[0]][0]
    return SOURCES[source]
