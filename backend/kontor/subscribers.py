"""Which jobs react to which event: the whole map on one page. An event nobody reacts to has an empty tuple."""

SUBSCRIBERS: dict[str, tuple[str, ...]] = {
    # catalog
    "ProductsSaved": (),
    "PoolCodesAdded": (),
    # channels
    "SalesChannelsSaved": (),
    # customers
    "CustomersSaved": (),
    # fulfillment
    "FulfillmentOrdersCreated": ("processes.advance",),
    "FulfillmentAccepted": ("processes.advance",),
    "FulfillmentRejected": ("processes.advance", "fulfillment.note_change"),
    "FulfillmentEscalated": (),
    "FulfillmentOrderShipped": ("processes.advance", "notifications.tell"),
    "ShipmentRecalled": (),
    "FulfillmentReadyForPickup": ("processes.advance", "notifications.tell"),
    "FulfillmentPickedUp": ("processes.advance", "notifications.tell"),
    "FulfillmentDelivered": ("processes.advance", "notifications.tell"),
    "FulfillmentCanceled": ("processes.advance",),
    "CancellationAsked": (),
    "CancellationRefused": (),
    "ServiceConfirmed": ("processes.advance",),
    "LockedPiecesRouted": (),
    "OrderMoved": ("processes.advance",),
    "CodesIssued": ("processes.advance", "notifications.tell"),
    # inventory
    "StockArrived": ("processes.advance", "fulfillment.note_change"),
    "AllocationsReleased": ("fulfillment.take_out_lost", "processes.advance"),
    "BackorderFilled": ("processes.advance",),
    "BackorderRescheduled": ("notifications.tell",),
    # invoicing
    "InvoiceIssued": ("invoicing.post_journal", "invoicing.render"),
    "InvoicePaid": (),
    "CreditNoteIssued": ("invoicing.post_journal", "invoicing.render"),
    # locations
    "StockLocationsSaved": ("fulfillment.note_change",),
    "ShippingTariffsSaved": (),
    # orders
    "OrderPlaced": ("processes.advance",),
    "OrderConfirmed": ("notifications.tell",),
    "OrderRejected": ("notifications.tell", "promotions.give_back"),
    "HoldPlaced": ("notifications.tell",),
    "HoldReleased": ("processes.advance", "risk.accept_released"),
    "OrderLinesCanceled": ("processes.refund_canceled", "notifications.tell"),
    "OrderCanceled": ("processes.advance", "promotions.give_back"),
    "OrderFulfilled": ("processes.advance",),
    "OrderDelivered": ("processes.advance",),
    "OrderCompleted": (),
    "RoutingLocked": (),
    "RoutingUnlocked": (),
    "LinesUnallocated": ("processes.advance", "care.raise"),
    # partners
    "PartnerInvited": (),
    "PartnerActivated": (),
    "PartnerSuspended": ("fulfillment.note_change",),
    "PartnerOnboarding": (),
    "PartnerChanged": (),
    "PartnerEnded": ("webhooks.partner_ended",),
    # payments
    "PaymentAuthorized": ("processes.advance",),
    "PaymentDeclined": ("processes.advance", "notifications.tell"),
    "PaymentReceived": ("processes.advance", "invoicing.post_journal"),
    "PaymentCaptured": ("invoicing.post_journal",),
    "CaptureFailed": ("processes.advance",),
    "CaptureFinished": ("processes.advance",),
    "PaymentVoided": (),
    "DebtTakenOver": (),
    "PaymentChargedBack": ("invoicing.post_journal",),
    "ChargebackLost": ("invoicing.post_journal", "care.raise"),
    "AuthorizationExpiring": ("care.raise",),
    "AuthorizationRenewed": ("care.raise",),
    "RenewalDeclined": ("care.raise",),
    "RefundRequested": (),
    "RefundSucceeded": ("processes.advance", "invoicing.credit", "invoicing.post_journal", "notifications.tell"),
    "RefundFailed": ("processes.advance", "care.raise"),
    # pricing
    "PricesSet": (),
    # promotions
    "PromotionSaved": (),
    "PromotionEnded": (),
    "CouponsGenerated": (),
    "CouponsBlocked": (),
    "PromotionsGivenBack": (),
    # returns
    "ReturnRequested": ("processes.advance",),
    "ReturnApproved": ("processes.advance", "notifications.tell"),
    "ReturnDeclined": ("processes.advance",),
    "ReturnReceived": ("processes.advance", "notifications.tell"),
    "ReturnInspected": ("processes.advance",),
    "ReturnCanceled": ("processes.advance",),
    "ReturnClosed": (),
    # risk
    "RiskAssessed": (),
    "RiskReviewed": ("processes.advance",),
    # webhooks
    "WebhookEndpointDisabled": ("care.raise",),
}
