"""Fulfillment orders, shipments and parcels: the work at one place and the goods that left it.

Owns: `FulfillmentOrder`, `FulfillmentLine`, `Shipment`, `ShipmentLine`, `Parcel`, `IssuedCode`. What is accepted,
rejected or shipped in part is split off, so each fulfillment order has one true state. Partners see those of their
locations, stores theirs. Records FulfillmentOrdersCreated, FulfillmentAccepted,
FulfillmentPostponed, FulfillmentMessageWritten, FulfillmentRejected,
FulfillmentOrderShipped, FulfillmentReadyForPickup, FulfillmentPickedUp, FulfillmentDelivered, FulfillmentCanceled,
ShipmentRecalled, ParcelsVoided, FulfillmentEscalated, CancellationAsked, CancellationRefused,
CancellationWithdrawn, CodesIssued, ServiceConfirmed, ParcelReturned, ParcelLost, PromisePassed.
"""
