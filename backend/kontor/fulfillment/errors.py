"""Refusals of fulfillment."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class FulfillmentOrderNotFound(NotFound):
    """There is no such fulfillment order, or it may not be seen."""

    default_code = "FULFILLMENT_ORDER_NOT_FOUND"


class ShipmentNotFound(NotFound):
    """There is no such shipment or parcel, or it may not be seen."""

    default_code = "SHIPMENT_NOT_FOUND"


class FulfillmentLineNotFound(NotFound):
    """The fulfillment order has no such line."""

    default_code = "FULFILLMENT_LINE_NOT_FOUND"


class InvalidQuantity(InvalidInput):
    """The quantity does not fit the line."""

    default_code = "INVALID_QUANTITY"


class ParcelNotFound(NotFound):
    """There is no such parcel, or it may not be seen."""

    default_code = "PARCEL_NOT_FOUND"


class WrongState(Conflict):
    """The fulfillment order is in a state from which this is not done."""

    default_code = "FULFILLMENT_ORDER_STATE"


class OrderHeld(Conflict):
    """The order has an open blocking hold: nothing of it moves."""

    default_code = "ORDER_HELD"


class WrongDeliveryType(Conflict):
    """Goods for collection are not shipped, goods for shipping are not handed over."""

    default_code = "WRONG_DELIVERY_TYPE"


class NotRecallable(Conflict):
    """The shipment cannot be taken back any more."""

    default_code = "NOT_RECALLABLE"


class AnswerFinal(Conflict):
    """The answer cannot be taken back any more: the time has passed, or something has followed from it."""

    default_code = "ANSWER_FINAL"


class WrongPickupCode(InvalidInput):
    """The code is not the customer's."""

    default_code = "WRONG_PICKUP_CODE"


class NoCancellationAsked(Conflict):
    """Nobody asked to stop this work."""

    default_code = "NO_CANCELLATION_ASKED"


class NoOtherPlace(Conflict):
    """No other place can serve the lines."""

    default_code = "NO_OTHER_PLACE"


class AskedTwice(Conflict):
    """A call names the same fulfillment order twice."""

    default_code = "NAMED_TWICE"


class TakenAway(WrongState):
    """The answer came too late: the work was taken away from the place and is routed again."""

    default_code = "TAKEN_AWAY"


class OrderInParts(InvalidInput):
    """The number is that of an order with several parts to send; each has a number of its own."""

    default_code = "ORDER_IN_PARTS"


class AlreadyShipped(Conflict):
    """The goods left before, in other parcels."""

    default_code = "ALREADY_SHIPPED"


class TrackingUsed(Conflict):
    """Another parcel has this number."""

    default_code = "TRACKING_USED"


class WrongTrackingNumber(InvalidInput):
    """The number of a parcel has a wrong check digit, or a spreadsheet cut it."""

    default_code = "TRACKING_WRONG"


class AskedToCancel(Conflict):
    """The customer wants to cancel; that is answered first."""

    default_code = "CANCELLATION_ASKED"
