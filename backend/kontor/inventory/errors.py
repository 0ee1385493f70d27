"""Refusals of stock."""

from kontor.core.errors import Conflict, InvalidInput, NotFound, Unavailable


class StockShort(Conflict):
    """Less is free than is asked for."""

    default_code = "STOCK_SHORT"


class UnknownStockKey(InvalidInput):
    """The place or article of a stock figure is not known."""

    default_code = "UNKNOWN_STOCK_KEY"


class StaleFigure(Conflict):
    """A newer figure of the same level is known."""

    default_code = "STALE_FIGURE"


class InboundNotFound(NotFound):
    """There are no such expected goods, or they may not be seen."""

    default_code = "INBOUND_NOT_FOUND"


class InboundClosed(Conflict):
    """Nothing more is expected of these goods."""

    default_code = "INBOUND_CLOSED"


class ReservationNotFound(NotFound):
    """There is no such reservation, or it may not be seen."""

    default_code = "RESERVATION_NOT_FOUND"


class ReservationTaken(Conflict):
    """The reference was used for another reservation."""

    default_code = "RESERVATION_TAKEN"


class ReservationOver(Conflict):
    """Nothing is kept under the reference any more: it was used, given up, or its time is over."""

    default_code = "RESERVATION_OVER"


class ReservationElsewhere(InvalidInput):
    """What was reserved is not what is ordered: another place, or other articles."""

    default_code = "RESERVATION_ELSEWHERE"


class StockSystemAway(Unavailable):
    """The system that knows the stock of a place does not answer in time, or not sensibly."""

    default_code = "STOCK_SYSTEM_AWAY"


class StockMoved(Conflict):
    """The stock is not what whoever counted has seen."""

    default_code = "STOCK_MOVED"


class OfferWithdrawn(Conflict):
    """The partner of the place does not offer the article any more."""

    default_code = "OFFER_WITHDRAWN"
