"""What every field of the schema needs, and what names a thing of somebody else in each of its arguments.

The permissions are written down a second time on purpose: a new field, or a changed mark, has to be thought about here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from kontor.auth.permissions import Permission as P
from proofs.schema_walk import Root

Needed = tuple[str, ...]

READS: Mapping[str, Needed] = {
    "version": (),
    "me": (),
    "users": (P.USERS_READ,),
    "apiClients": (P.CLIENTS_READ,),
    "auditEntries": (P.AUDIT_READ,),
    "cases": (P.CARE_READ,),
    "case": (P.CARE_READ,),
    "products": (P.CATALOG_READ,),
    "product": (P.CATALOG_READ,),
    "productVariants": (P.CATALOG_READ,),
    "productVariant": (P.CATALOG_READ,),
    "salesChannels": (P.CHANNELS_READ,),
    "salesChannel": (P.CHANNELS_READ,),
    "legalEntities": (P.CHANNELS_READ,),
    "customers": (P.CUSTOMERS_READ,),
    "customer": (P.CUSTOMERS_READ,),
    "events": (P.EVENTS_READ,),
    "deadJobs": (P.OPERATIONS_READ,),
    "fulfillmentOrder": (P.FULFILLMENT_READ,),
    "fulfillmentOrders": (P.FULFILLMENT_READ,),
    "shipments": (P.FULFILLMENT_READ,),
    "parcels": (P.FULFILLMENT_READ,),
    "issuedCodes": (P.ORDERS_READ,),
    "importKinds": (P.IMPORTS_READ,),
    "availability": (P.AVAILABILITY_READ,),
    "basketPromise": (P.AVAILABILITY_READ,),
    "stockLevels": (P.STOCK_READ,),
    "stockMovements": (P.STOCK_READ,),
    "reservations": (P.STOCK_WRITE, P.ORDERS_PLACE),
    "inboundStock": (P.STOCK_READ,),
    "journalEntries": (P.JOURNAL_READ,),
    "ledgerSettings": (P.JOURNAL_READ,),
    "ledgerAccounts": (P.JOURNAL_READ,),
    "ledgerExports": (P.JOURNAL_READ,),
    "openItems": (P.JOURNAL_READ,),
    "bankStatements": (P.JOURNAL_READ,),
    "waitingPayouts": (P.JOURNAL_READ,),
    "payoutFiles": (P.JOURNAL_READ,),
    "bankEntries": (P.JOURNAL_READ,),
    "bankSuggestions": (P.JOURNAL_READ,),
    "debtDecisions": (P.JOURNAL_READ,),
    "gatewayAccounts": (P.JOURNAL_READ,),
    "gatewayPayouts": (P.JOURNAL_READ,),
    "gatewayPayoutLines": (P.JOURNAL_READ,),
    "gatewayDifferences": (P.JOURNAL_READ,),
    "dunningNotices": (P.JOURNAL_READ,),
    "dailyClose": (P.JOURNAL_READ,),
    "invoice": (P.INVOICES_READ,),
    "invoices": (P.INVOICES_READ,),
    "creditNotes": (P.INVOICES_READ,),
    "documents": (P.INVOICES_READ, P.RETURNS_READ, P.ORDERS_READ),
    "stockLocations": (P.LOCATIONS_READ,),
    "stockLocation": (P.LOCATIONS_READ,),
    "shippingTariffs": (P.LOCATIONS_READ,),
    "notifications": (P.NOTIFICATIONS_READ,),
    "order": (P.ORDERS_READ,),
    "orders": (P.ORDERS_READ,),
    "routingDecision": (P.ROUTING_READ,),
    "routingRuns": (P.ROUTING_READ,),
    "routingRun": (P.ROUTING_READ,),
    "routingMoves": (P.ROUTING_READ,),
    "routingPolicies": (P.ROUTING_READ,),
    "routingPolicy": (P.ROUTING_READ,),
    "routingPolicyInForce": (P.ROUTING_READ,),
    "routingPresets": (P.ROUTING_READ,),
    "routingSimulation": (P.ROUTING_READ,),
    "routingSimulationOrders": (P.ROUTING_READ,),
    "routingSimulations": (P.ROUTING_READ,),
    "shadowPrices": (P.ROUTING_READ,),
    "shadowPriceRuns": (P.ROUTING_READ,),
    "partners": (P.PARTNERS_READ,),
    "partner": (P.PARTNERS_READ,),
    "paymentMethods": (P.CHANNELS_READ,),
    "paymentPolicies": (P.CHANNELS_READ,),
    "payments": (P.PAYMENTS_READ,),
    "refunds": (P.PAYMENTS_READ,),
    "disputes": (P.PAYMENTS_READ,),
    "disputeEvidence": (P.PAYMENTS_WRITE,),
    "previewRefund": (P.REFUNDS_WRITE, P.GOODWILL_WRITE),
    "promotions": (P.PROMOTIONS_READ,),
    "promotion": (P.PROMOTIONS_READ,),
    "coupons": (P.PROMOTIONS_READ,),
    "promotionRedemptions": (P.PROMOTIONS_READ,),
    "previewPromotions": (P.PRICES_READ,),
    "prices": (P.PRICES_READ,),
    "price": (P.PRICES_READ,),
    "lowestPrices": (P.PRICES_READ,),
    "priceLists": (P.PRICES_READ,),
    "processInstances": (P.PROCESSES_READ,),
    "processInstance": (P.PROCESSES_READ,),
    "processDefinitions": (P.PROCESSES_READ,),
    "userTasks": (P.PROCESSES_READ,),
    "return": (P.RETURNS_READ,),
    "returns": (P.RETURNS_READ,),
    "returnRefundDue": (P.RETURNS_READ,),
    "returnPlaces": (P.RETURNS_REQUEST, P.RETURNS_WRITE),
    "reroutePreview": (P.ROUTING_READ,),
    "routingExclusions": (P.ROUTING_READ,),
    "riskAssessment": (P.RISK_REVIEW, P.RISK_WRITE),
    "riskAssessments": (P.RISK_REVIEW, P.RISK_WRITE),
    "riskRules": (P.RISK_REVIEW, P.RISK_WRITE),
    "riskListEntries": (P.RISK_REVIEW, P.RISK_WRITE),
    "taxRates": (P.TAX_READ,),
    "taxRegions": (P.TAX_READ,),
    "giftCards": (P.PAYMENTS_READ,),
    "mandates": (P.PAYMENTS_READ,),
    "giftCardBalance": (P.ORDERS_PLACE,),
    "vatIds": (P.TAX_READ,),
    "vatIdChecks": (P.TAX_READ,),
    "webhookEndpoints": (P.WEBHOOKS_READ,),
    "webhookEventTypes": (P.WEBHOOKS_READ,),
    "eventDeliveries": (P.WEBHOOKS_READ,),
}

CHANGES: Mapping[str, Needed] = {
    "createUser": (P.USERS_WRITE,),
    "updateUser": (P.USERS_WRITE,),
    "resetPassword": (P.USERS_WRITE,),
    "changePassword": (),
    "createApiClient": (P.CLIENTS_WRITE,),
    "rotateApiClientSecret": (P.CLIENTS_WRITE,),
    "revokeApiClient": (P.CLIENTS_WRITE,),
    "createCustomerToken": (P.CUSTOMER_TOKENS_WRITE,),
    "openCase": (P.CARE_WRITE,),
    "assignCase": (P.CARE_WRITE,),
    "waitCase": (P.CARE_WRITE,),
    "finishCase": (P.CARE_WRITE,),
    "saveProducts": (P.CATALOG_WRITE,),
    "addPoolCodes": (P.CATALOG_WRITE,),
    "savePaymentMethods": (P.CHANNELS_WRITE,),
    "savePaymentPolicy": (P.CHANNELS_WRITE,),
    "saveSalesChannels": (P.CHANNELS_WRITE,),
    "saveLegalEntities": (P.CHANNELS_WRITE,),
    "saveCustomers": (P.CUSTOMERS_WRITE,),
    "replayDeadJobs": (P.OPERATIONS_WRITE,),
    "acceptFulfillmentOrder": (P.FULFILLMENT_WRITE,),
    "acceptFulfillmentOrders": (P.FULFILLMENT_WRITE,),
    "rejectFulfillmentOrder": (P.FULFILLMENT_WRITE,),
    "rerouteFulfillmentOrder": (P.FULFILLMENT_ROUTE,),
    "excludePlace": (P.FULFILLMENT_ROUTE,),
    "liftExclusion": (P.FULFILLMENT_ROUTE,),
    "holdFulfillmentOrder": (P.FULFILLMENT_WRITE,),
    "resumeFulfillmentOrder": (P.FULFILLMENT_WRITE,),
    "answerCancellation": (P.FULFILLMENT_WRITE,),
    "importFile": (P.IMPORTS_WRITE,),
    "setStockLevels": (P.STOCK_WRITE,),
    "adjustStock": (P.STOCK_WRITE,),
    "setSafetyStock": (P.STOCK_WRITE,),
    "setChannelReservation": (P.STOCK_WRITE,),
    "reserveStock": (P.STOCK_WRITE, P.ORDERS_PLACE),
    "releaseReservation": (P.STOCK_WRITE, P.ORDERS_PLACE),
    "announceInbound": (P.STOCK_WRITE,),
    "receiveInbound": (P.STOCK_WRITE,),
    "closeInbound": (P.STOCK_WRITE,),
    "recordInvoicePayment": (P.INVOICES_WRITE,),
    "saveLedgerSettings": (P.LEDGER_WRITE,),
    "setLedgerAccounts": (P.LEDGER_WRITE,),
    "createLedgerExport": (P.LEDGER_WRITE,),
    "agreeDunning": (P.LEDGER_WRITE,),
    "importBankStatement": (P.LEDGER_WRITE,),
    "setPayoutAccount": (P.LEDGER_WRITE,),
    "createPayoutFile": (P.LEDGER_WRITE,),
    "assignBankEntry": (P.LEDGER_WRITE,),
    "undoBankAssignment": (P.LEDGER_WRITE,),
    "setAsideBankEntry": (P.LEDGER_WRITE,),
    "settleDunningFee": (P.LEDGER_WRITE,),
    "handOverInvoice": (P.LEDGER_WRITE,),
    "payDebt": (P.LEDGER_WRITE,),
    "writeOffInvoice": (P.LEDGER_WRITE,),
    "saveStockLocations": (P.LOCATIONS_WRITE,),
    "saveShippingTariffs": (P.LOCATIONS_WRITE,),
    "pauseLocation": (P.LOCATIONS_WRITE,),
    "resumeLocation": (P.LOCATIONS_WRITE,),
    "deleteShippingTariffs": (P.LOCATIONS_WRITE,),
    "resendNotification": (P.NOTIFICATIONS_WRITE,),
    "savePromotion": (P.PROMOTIONS_WRITE,),
    "endPromotion": (P.PROMOTIONS_WRITE,),
    "generateCoupons": (P.PROMOTIONS_WRITE,),
    "blockCoupons": (P.PROMOTIONS_WRITE,),
    "placeOrder": (P.ORDERS_PLACE,),
    "placeOrders": (P.ORDERS_PLACE,),
    "placeHold": (P.HOLDS_WRITE,),
    "releaseHold": (P.HOLDS_WRITE,),
    "cancelOrderLines": (P.ORDERS_CANCEL,),
    "reoptimizeRouting": (P.ROUTING_WRITE,),
    "solveShadowPrices": (P.ROUTING_WRITE,),
    "lockRouting": (P.FULFILLMENT_ROUTE,),
    "unlockRouting": (P.FULFILLMENT_ROUTE,),
    "invitePartner": (P.PARTNERS_WRITE,),
    "savePartners": (P.PARTNERS_WRITE,),
    "startOnboarding": (P.PARTNERS_WRITE,),
    "activatePartner": (P.PARTNERS_WRITE,),
    "suspendPartner": (P.PARTNERS_WRITE,),
    "endPartner": (P.PARTNERS_WRITE,),
    "issueRefund": (P.REFUNDS_WRITE,),
    "recallRefund": (P.REFUNDS_WRITE,),
    "approveRefund": (P.REFUNDS_APPROVE,),
    "retryRefund": (P.REFUNDS_WRITE,),
    "payRefundByTransfer": (P.REFUNDS_APPROVE,),
    "contestDispute": (P.PAYMENTS_WRITE,),
    "acceptDispute": (P.PAYMENTS_WRITE,),
    "saveGatewayAccount": (P.LEDGER_WRITE,),
    "importGatewayPayout": (P.LEDGER_WRITE,),
    "matchGatewayPayout": (P.LEDGER_WRITE,),
    "explainGatewayDifference": (P.LEDGER_WRITE,),
    "recordPayment": (P.PAYMENTS_WRITE,),
    "addPayment": (P.PAYMENTS_WRITE, P.ORDERS_CHANGE),
    "setPrices": (P.PRICES_WRITE,),
    "savePriceLists": (P.PRICES_WRITE,),
    "endPriceList": (P.PRICES_WRITE,),
    "withdrawPlannedPrices": (P.PRICES_WRITE,),
    "retryProcess": (P.PROCESSES_WRITE,),
    "cancelProcess": (P.PROCESSES_WRITE,),
    "completeUserTask": (P.CARE_WRITE, P.PROCESSES_WRITE),
    "deployProcessDefinition": (P.PROCESSES_WRITE,),
    "requestReturn": (P.RETURNS_REQUEST, P.RETURNS_WRITE),
    "approveReturn": (P.RETURNS_WRITE,),
    "declineReturn": (P.RETURNS_WRITE,),
    "setReturnLabel": (P.RETURNS_WRITE,),
    "markReturnInTransit": (P.RETURNS_WRITE,),
    "cancelReturn": (P.RETURNS_REQUEST, P.RETURNS_WRITE),
    "receiveReturn": (P.RETURNS_WRITE,),
    "inspectReturn": (P.RETURNS_WRITE,),
    "closeReturn": (P.RETURNS_WRITE,),
    "reviewRisk": (P.RISK_REVIEW,),
    "saveRiskRules": (P.RISK_WRITE,),
    "saveRoutingPolicy": (P.ROUTING_WRITE,),
    "withdrawRoutingPolicy": (P.ROUTING_WRITE,),
    "startRoutingSimulation": (P.ROUTING_WRITE,),
    "cancelRoutingSimulation": (P.ROUTING_WRITE,),
    "saveRiskListEntries": (P.RISK_WRITE,),
    "recordDelivery": (P.FULFILLMENT_WRITE,),
    "recordDeliveries": (P.FULFILLMENT_WRITE,),
    "markReadyForPickup": (P.FULFILLMENT_WRITE,),
    "handOverPickup": (P.FULFILLMENT_WRITE,),
    "cancelUncollectedPickup": (P.FULFILLMENT_WRITE,),
    "confirmService": (P.ORDERS_WRITE,),
    "pickFulfillmentOrder": (P.FULFILLMENT_WRITE,),
    "packFulfillmentOrder": (P.FULFILLMENT_WRITE,),
    "shipFulfillmentOrder": (P.FULFILLMENT_WRITE,),
    "shipFulfillmentOrders": (P.FULFILLMENT_WRITE,),
    "recallShipment": (P.FULFILLMENT_WRITE,),
    "setTaxRates": (P.TAX_WRITE,),
    "setTaxRegions": (P.TAX_WRITE,),
    "blockGiftCard": (P.PAYMENTS_WRITE,),
    "saveMandate": (P.ORDERS_PLACE,),
    "revokeMandate": (P.PAYMENTS_WRITE,),
    "checkVatId": (P.TAX_WRITE,),
    "saveWebhookEndpoint": (P.WEBHOOKS_WRITE,),
    "rotateWebhookSecret": (P.WEBHOOKS_WRITE,),
    "testWebhookEndpoint": (P.WEBHOOKS_WRITE,),
    "replayDeliveries": (P.WEBHOOKS_WRITE,),
    "replayWebhookRange": (P.WEBHOOKS_WRITE,),
}

NEEDS: Mapping[str, Needed] = {
    "FulfillmentOrder.pickupCode": (P.ORDERS_READ,),
    "Order.holds": (P.ORDERS_READ,),
    "Order.fulfillmentOrders": (P.FULFILLMENT_READ,),
    "Order.payments": (P.PAYMENTS_READ,),
    "Order.refunds": (P.PAYMENTS_READ,),
    "Order.invoices": (P.INVOICES_READ,),
    "Order.creditNotes": (P.INVOICES_READ,),
    "Order.returns": (P.RETURNS_READ,),
    "Order.routingDecisions": (P.ROUTING_READ,),
    "Order.routingLock": (P.ROUTING_READ,),
    "Return.placeExplanation": (P.ROUTING_READ,),
}
UNDER: Mapping[str, tuple[str, Needed]] = {
    "Order": ("orders(first: 1)", (P.ORDERS_READ,)),
    "Return": ("returns(first: 1)", (P.RETURNS_READ,)),
    "FulfillmentOrder": ("fulfillmentOrders(first: 1)", (P.FULFILLMENT_READ,)),
}
"""Where the guarded fields of an object are reached."""

EVERYBODY = {"version", "me", "changePassword"}
"""What is for everybody; `me` and `changePassword` are about the caller alone."""

NOTHING = UUID(int=7)
MOMENT = "2026-06-16T10:00:00Z"
MONEY = {"amount": "100", "currency": "EUR"}

# The table of a thing that `id` names, by field; `ids` of the same.
_SUBJECTS = {
    "updateUser": "user_account", "resetPassword": "user_account", "rotateApiClientSecret": "api_client",
    "revokeApiClient": "api_client", "assignCase": "care_case", "waitCase": "care_case", "finishCase": "care_case",
    "case": "care_case", "product": "product", "productVariant": "product_variant", "salesChannel": "channel_id",
    "customer": "customer_id", "fulfillmentOrder": "fulfillment_order", "invoice": "invoice",
    "stockLocation": "store_id", "order": "orders", "routingDecision": "routing_decision", "partner": "partner_id",
    "processInstance": "process_instance", "return": "return", "releaseReservation": "reservation",
    "receiveInbound": "inbound_stock", "closeInbound": "inbound_stock", "deleteShippingTariffs": "shipping_tariff",
    "resendNotification": "notification", "startOnboarding": "partner_id", "activatePartner": "partner_id",
    "suspendPartner": "partner_id", "endPartner": "partner_id", "recallRefund": "refund", "approveRefund": "refund",
    "payRefundByTransfer": "refund", "disputeEvidence": "dispute", "acceptDispute": "dispute",
    "explainGatewayDifference": "gateway_difference",
    "retryRefund": "refund", "retryProcess": "process_instance", "cancelProcess": "process_instance",
    "completeUserTask": "user_task", "approveReturn": "return", "declineReturn": "return", "setReturnLabel": "return",
    "markReturnInTransit": "return", "cancelReturn": "return", "receiveReturn": "return", "inspectReturn": "return",
    "closeReturn": "return", "rotateWebhookSecret": "webhook_endpoint", "testWebhookEndpoint": "webhook_endpoint",
    "replayDeliveries": "event_delivery", "routingRun": "routing_run",
}  # fmt: skip


def foreign_values(facts: Mapping[str, Any]) -> Callable[[Root], dict[str, Any]]:
    """For a root field: a value of each argument, naming things of `facts` (of nobody, where there is none)."""

    def named(fact: str) -> str:
        return str(facts.get(fact, NOTHING))

    def of(root: Root) -> dict[str, Any]:
        plain = {**_plain(facts, named), **_own(root.name, named)}
        if root.name in _SUBJECTS:
            plain["id"] = named(_SUBJECTS[root.name])
            if str(root.field.args.get("ids", "")):
                plain["ids"] = [plain["id"]]
        given = {name: plain[name] for name in root.field.args if name in plain}
        if {"id", "number"} <= given.keys() or {"id", "code"} <= given.keys():  # one of them is allowed
            given = {name: value if name == "id" else None for name, value in given.items()} | _beside(given)
        return given

    return of


def _beside(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in ("number", "code", "sku", "gtin")}


def _plain(facts: Mapping[str, Any], named: Callable[[str], str]) -> dict[str, Any]:
    """Values by the name of the argument."""
    pieces = [{"lineId": named("fulfillment_line"), "quantity": 1}]
    return {
        "first": 50, "after": None, "orderId": named("orders"), "streamId": named("orders"), "names": None,
        "fulfillmentOrderId": named("fulfillment_order"), "shipmentId": named("shipment"),
        "holdId": named("order_hold"),
        "paymentId": named("payment"), "invoiceId": named("invoice"), "returnId": named("return"),
        "customerId": named("customer_id"), "channelId": named("channel_id"), "variantId": named("variant_id"),
        "variantIds": [named("variant_id")],
        "endpointId": named("webhook_endpoint"), "locationId": named("store_id"), "toLocationId": None,
        "locationIds": [named("store_id")], "documentId": None, "ownerId": None, "number": None, "code": None,
        "sku": named("sku"), "gtin": None, "channel": named("channel"), "location": named("location"),
        "trackingNumber": None, "reference": "T1", "reason": "because", "text": "a question", "note": "a note",
        "outcome": "APPROVED", "accept": True, "agreed": True, "blocking": True, "anyway": False, "wait": False,
        "kind": None, "states": None, "carrier": None, "key": None, "job": None, "search": "", "active": None,
        "sort": None, "filter": None, "at": None, "quantity": 1, "delta": 1, "amount": MONEY, "shares": None,
        "items": [{"sku": named("sku"), "quantity": 1}], "destination": None, "lines": pieces, "parcels": None,
        "findings": None, "final": False, "sellable": True, "expectedOn": "2026-07-01", "expiresAt": MOMENT,
        "expiresIn": 600, "overlapHours": 1, "until": MOMENT, "since": "2026-06-01T10:00:00Z", "dueAt": None,
        "shippedAt": None, "deliveredAt": None, "recallable": False, "tracking": None, "allOrNothing": True,
        "buyer": None, "dryRun": False, "base64Encoded": False,
        "content": "a,b\n1,2\n", "xml": "<definitions/>", "all": False,
        "password": "correct horse battery", "current": "wrong", "new": "correct horse battery", "codes": ["A1"],
        "figures": [{"location": named("location"), "sku": named("sku"), "quantity": 1}], "id": str(NOTHING),
        "ids": None, "role": None, "country": "DE", "simulationId": None, "template": None, "failed": None,
        "failing": None, "stores": 5, "partly": True, "legalEntityId": named("legal_entity"), "on": None,
        "day": "2026-06-15", "pausedUntil": None, "instalments": None, "noticeId": named("dunning_notice"),
        "waived": True, "payoutId": named("gateway_payout"),
        "entryId": named("bank_entry"), "assignmentId": named("bank_assignment"), "aside": True,
        "transactionId": named("payment_transaction"), "executeOn": "2030-01-01", "iban": "DE02120300000000202051",
    }  # fmt: skip


def _own(name: str, named: Callable[[str], str]) -> dict[str, Any]:
    """What an argument is in this field only."""
    row = named("fulfillment_order")
    pieces = [{"lineId": named("fulfillment_line"), "quantity": 1}]
    of_order = [{"lineId": named("order_line"), "quantity": 1}]
    address = {"name": "G", "street": "S 1", "postalCode": "20459", "city": "Hamburg", "country": "DE"}
    order = {
        "channel": named("channel"), "externalId": "foreign",
        "lines": [{"sku": named("sku"), "quantity": 1, "unitPrice": "1"}],
        "billingAddress": address, "customer": {"name": "G"},
    }  # fmt: skip
    webhook = {"id": named("webhook_endpoint"), "name": "mine", "url": "https://a.example/x", "active": False}
    person = {"email": "a@b.example", "name": "N", "role": "ADMIN", "locationIds": [], "language": "en", "active": True}
    own: dict[str, dict[str, Any]] = {
        "rejectFulfillmentOrder": {"lines": [{**pieces[0], "reason": "DAMAGED"}]},
        "acceptFulfillmentOrders": {"inputs": [{"fulfillmentOrderId": row}]},
        "shipFulfillmentOrders": {"inputs": [{"fulfillmentOrderId": row}]},
        "recordDeliveries": {"inputs": [{"fulfillmentOrderId": row}]},
        "handOverPickup": {"code": "123456"},
        "savePromotion": {"input": {"code": "FOREIGN", "name": "F", "benefit": {"kind": "FREE_SHIPPING"}}},
        "endPromotion": {"code": "FOREIGN"},
        "generateCoupons": {"input": {"promotion": "FOREIGN"}},
        "blockCoupons": {"codes": None, "batchId": str(NOTHING)},
        "previewPromotions": {"basket": {"channel": named("channel"), "lines": [{"sku": named("sku")}]}},
        "cancelOrderLines": {"lines": of_order},
        "confirmService": {"lines": of_order},
        "excludePlace": {
            "input": {"locationId": named("store_id"), "reason": "because", "orderId": named("orders"), "minutes": 5}
        },
        "basketPromise": {"basket": {"channel": named("channel"), "items": [{"sku": named("sku"), "quantity": 1}]}},
        "returnPlaces": {"lines": of_order},
        "requestReturn": {"lines": [{"orderLineId": named("order_line"), "quantity": 1, "reason": "LATE"}]},
        "receiveReturn": {"lines": [{"lineId": named("return_line"), "quantity": 1}]},
        "inspectReturn": {
            "findings": [{"lineId": named("return_line"), "quantity": 1, "disposition": "RESTOCK", "refundable": True}]
        },
        "placeHold": {"kind": "MANUAL"},
        "placeOrder": {"input": order},
        "placeOrders": {"inputs": [order]},
        "issueRefund": {"input": {"orderId": named("orders"), "kind": "CORRECTION", "amount": MONEY, "reason": "sad"}},
        "addPayment": {"input": {"orderId": named("orders"), "kind": "CARD", "amount": MONEY, "gateway": ""}},
        "recordInvoicePayment": {"amount": "100"},
        "saveLedgerSettings": {"input": {"legalEntityId": named("legal_entity"), "chart": "SKR04"}},
        "setLedgerAccounts": {
            "inputs": [{"account": "BANK", "number": "1201", "name": "Bank", "validFrom": "2030-01-01"}]
        },
        "assignBankEntry": {"amount": "100"},
        "setPayoutAccount": {"name": "G"},
        "payRefundByTransfer": {"name": "G"},
        "contestDispute": {
            "input": {"disputeId": named("dispute"), "evidence": [{"name": "customer_name", "text": "G"}]}
        },
        "disputes": {"filter": {"orderId": named("orders")}},
        "saveGatewayAccount": {"input": {"gateway": "foreign", "legalEntityId": named("legal_entity")}},
        "importGatewayPayout": {
            "input": {
                "gateway": "foreign", "legalEntityId": named("legal_entity"), "reference": "P1", "amount": MONEY,
                "arrivesOn": "2026-06-15", "content": "reference,category,amount,fee,currency,occurred_at\n",
            }
        },
        "createLedgerExport": {"until": "2030-01-01", "since": None},
        "importFile": {"kind": "stock", "content": f"location,sku,quantity\n{named('location')},{named('sku')},1\n"},
        "saveWebhookEndpoint": {"input": webhook},
        "createUser": {"input": person},
        "updateUser": {"input": person},
        "createApiClient": {"input": {"name": "N", "kind": "INTEGRATION", "scopes": [], "channelIds": []}},
        "invitePartner": {"input": {"code": named("partner"), "name": "mine"}},
        "savePartners": {"inputs": [{"code": named("partner"), "name": "mine"}]},
        "saveCustomers": {"inputs": [{"channel": named("channel"), "externalId": "c0", "name": "mine"}]},
        "saveProducts": {"inputs": [{"code": "P", "name": "mine"}]},
        "paymentMethods": {"channel": named("channel")},
        "savePaymentMethods": {"channel": named("channel"), "methods": []},
        "paymentPolicies": {"channel": named("channel")},
        "savePaymentPolicy": {
            "channel": named("channel"), "purpose": "REFUND", "rule": "RATIO", "validFrom": "2030-01-01T00:00:00Z",
        },
        "saveSalesChannels": {"inputs": [{"code": named("channel"), "name": "mine"}]},
        "saveLegalEntities": {"inputs": [{"code": "L", "name": "mine"}]},
        "saveStockLocations": {"inputs": [{"code": named("location"), "name": "mine"}]},
        "saveShippingTariffs": {"inputs": [{"carrier": "DHL", "parcelCents": 1}]},
        "setPrices": {"inputs": [{"channel": named("channel"), "sku": named("sku"), "amount": "1"}]},
        "setTaxRates": {"inputs": [{"country": "DE", "rate": "1", "validFrom": "2030-01-01"}]},
        "checkVatId": {"number": "ATU13585627", "requester": "DE136695976"},
        "blockGiftCard": {"id": str(NOTHING), "blocked": True},
        "saveMandate": {
            "input": {
                "channel": "none", "reference": "M-1", "signedOn": "2026-01-01", "name": "Greta Fock",
                "iban": "DE89370400440532013000",
            }
        },
        "revokeMandate": {"id": str(NOTHING)},
        "giftCardBalance": {"code": "ABCD-EFGH-JKLM-NPQR"},
        "setTaxRegions": {"inputs": [{"country": "DE", "name": "Island", "validFrom": "2030-01-01"}]},
        "saveRiskRules": {"inputs": [{"code": "R"}]},
        "routingPolicyInForce": {"kind": "SHIP"},
        "saveRoutingPolicy": {"input": {"code": "R", "channel": named("channel")}},
        "startRoutingSimulation": {
            "input": {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "preset": "COST"}
        },
        "saveRiskListEntries": {"inputs": [{"kind": "EMAIL", "value": "a@b.example"}]},
        "fulfillmentOrders": {"filter": {"orderIds": [named("orders")]}},
        "orders": {"filter": {"numbers": [named("order_number")]}},
        "shipments": {"filter": {"orderIds": [named("orders")]}},
        "parcels": {"filter": {"trackingNumber": named("tracking")}},
        "customers": {"filter": {"channelId": named("channel_id")}},
        "stockLevels": {"filter": {"locations": [named("location")]}},
        "stockMovements": {"filter": {"orderId": named("orders")}},
        "reservations": {"filter": {"channelIds": [named("channel_id")]}},
        "inboundStock": {"filter": {"locations": [named("location")]}},
        "invoices": {"filter": {"orderId": named("orders")}},
        "payments": {"filter": {"orderId": named("orders")}},
        "refunds": {"filter": {"orderId": named("orders")}},
        "returns": {"filter": {"orderIds": [named("orders")]}},
        "partners": {"filter": {"codes": [named("partner")]}},
        "prices": {"filter": {"channelIds": [named("channel_id")]}},
        "priceLists": {"filter": {"channelIds": [named("channel_id")]}},
        "savePriceLists": {"inputs": [{"code": "FOREIGN", "channel": named("channel"), "nameEn": "F"}]},
        "endPriceList": {"id": named("price_list")},
        "withdrawPlannedPrices": {"ids": [named("price")]},
        "salesChannels": {"filter": {"codes": [named("channel")]}},
        "stockLocations": {"filter": {"codes": [named("location")]}},
        "eventDeliveries": {"filter": {"endpointId": named("webhook_endpoint")}},
    }  # fmt: skip
    return own.get(name, {})
